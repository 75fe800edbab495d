"""Running heads, running feet and page numbers, told by place and repetition."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.readers.pages.layout import Page, Paragraph

# a running head stands in the margin above the text, in print hardly larger than it; a form's own title,
# which may stand at the same height of every page, is larger or lower
_HEAD = 58.0
_HEAD_SIZE = 1.3
_FOOT_SHARE = 0.10
_NUMBER_SHARE = 0.12
_NUMBER = re.compile(
    r"[\s\-—–―_~·.|第(（\[]*(?:page\s*)?(?:\d{1,4}|[ivxlIVXL]{1,7}|[一二三四五六七八九十百]{1,5})"
    r"(?:\s*(?:页|/|／|of|\|)?\s*[,，]?\s*(?:共|总)?\s*(?:\d{1,4})?\s*页?)?[\s\-—–―_~·.|)）\]]*",
    re.IGNORECASE,
)


def mark_furniture(pages: Sequence[Page]) -> None:
    """Set ``furniture`` on the paragraphs of the pages that are heads, feet or page numbers."""
    seen = Counter(key for page in pages for key in {_key(p) for p in page.paragraphs if _in_margin(p, page)})
    usual = _usual_size(pages)
    for page in pages:
        page.paragraphs = [
            replace(p, furniture=True)
            if _is_number(p, page)
            or (_in_margin(p, page) and seen[_key(p)] > 1 and p.size <= usual * _HEAD_SIZE)
            else p
            for p in page.paragraphs
        ]


def _key(paragraph: Paragraph) -> tuple[str, int]:
    return re.sub(r"\d+", "#", paragraph.text), round(paragraph.bbox[1] / 4.0)


def _in_margin(paragraph: Paragraph, page: Page) -> bool:
    return paragraph.bbox[3] <= _HEAD or paragraph.bbox[1] >= page.height * (1 - _FOOT_SHARE)


def _is_number(paragraph: Paragraph, page: Page) -> bool:
    above = paragraph.bbox[3] <= page.height * _NUMBER_SHARE
    below = paragraph.bbox[1] >= page.height * (1 - _NUMBER_SHARE)
    return (above or below) and len(paragraph.text) <= 16 and _NUMBER.fullmatch(paragraph.text) is not None


def _usual_size(pages: Sequence[Page]) -> float:
    """Return the usual print size of the tables, of the paragraphs where there is none."""
    sizes = sorted(table.size for page in pages for table in page.tables if table.size)
    sizes = sizes or sorted(paragraph.size for page in pages for paragraph in page.paragraphs)
    return sizes[len(sizes) // 2] if sizes else 0.0
