"""Headers and footers of a sheet: titles stand there as often as page numbers do."""

import re
from functools import lru_cache

_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f+-]{5,6}|[0-9]+|&|[^LCR])', re.DOTALL)
_PART = re.compile(r"&[LCR]")
_COUNTED = re.compile(r"&[PNpn]")


@lru_cache(maxsize=64)
def margin_texts(code: str) -> tuple[str, ...]:
    """Return the left, middle and right text of a header or footer, without font codes.

    A part that counts pages is left out, as are the fields for date, file and sheet name; ``&&`` is ``&``.
    """
    if not _PART.match(code):
        code = "&C" + code
    texts = []
    for part in _PART.split(code.replace("&&", "\0"))[1:]:
        if _COUNTED.search(part):
            continue
        text = _CODE.sub("", part).replace("\0", "&").strip()
        if text:
            texts.append(text)
    return tuple(texts)
