"""Degrade rendered forms as scanners and cameras do, read them, and count what became of their values.

    python -m tests.benchmarks.scans [--forms PDF...] [--levels NAME...] [--write] [--raw FILE]

The truth is the same form read from its text layer. A page costs about 10 s of one core. ``--write`` puts the
tables into docs/accuracy-scans.md; ``--raw`` keeps each cell's text, truth and confidence for choosing thresholds.
"""

import argparse
import hashlib
import io
import json
import time
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.errors import SourceError
from pipeline.extractors import extract
from pipeline.matcher import match
from pipeline.model import Document, Source
from pipeline.readers import read
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook

ROOT = Path(__file__).parents[2]
SEED = ROOT / "fixtures/project_self_evaluation/changji_2020/source"
FORMS = (SEED / "form_1.pdf", SEED / "form_2.pdf")
DOCUMENT = ROOT / "docs/accuracy-scans.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True)
class Level:
    """How bad a picture is: skew in degrees, blur and noise as sigmas, grey range, JPEG quality (0: PNG)."""

    dpi: int
    skew: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    low: int = 0
    high: int = 255
    jpeg: int = 0
    seal: bool = False
    shade: float = 0.0


LEVELS = {
    "clean 200": Level(200),
    "scan 300": Level(300, -0.6, 0.6, 6, 40, 235, 85),
    "scan 200": Level(200, 1.0, 0.6, 8, 40, 235, 75),
    "scan 150": Level(150, -1.0, 0.6, 8, 40, 235, 75),
    "seal 200": Level(200, 0.7, 0.5, 6, 30, 240, 80, seal=True),
    "shade 200": Level(200, -1.5, 0.8, 8, 50, 220, 70, shade=0.45),
    "poor 200": Level(200, 2.0, 0.9, 16, 70, 215, 45),
    "poor 150": Level(150, 2.0, 1.0, 14, 70, 215, 45),
}


def rendered(form: Path, level: Level) -> list[Image.Image]:
    """Return the pages of a form as pictures of this level."""
    from pypdfium2 import PdfDocument

    pdf = PdfDocument(form.read_bytes())
    pages = [page.render(scale=level.dpi / 72, rev_byteorder=True).to_pil().convert("RGB") for page in pdf]
    pdf.close()
    rng = np.random.default_rng(int(hashlib.sha256(f"{form.name}{level}".encode()).hexdigest()[:8], 16))
    return [degraded(page, level, rng) for page in pages]


def degraded(page: Image.Image, level: Level, rng: np.random.Generator) -> Image.Image:
    if level.seal:
        page = stamped(page, level.dpi)
    page = page.rotate(level.skew, Image.Resampling.BICUBIC, fillcolor="white")
    if level.blur:
        page = page.filter(ImageFilter.GaussianBlur(level.blur * level.dpi / 200))
    pixels = np.asarray(page, dtype=np.float32) / 255 * (level.high - level.low) + level.low
    if level.shade:
        height, width = pixels.shape[:2]
        across, down = np.linspace(0, 1, width)[None, :], np.linspace(0, 1, height)[:, None]
        pixels *= (1 - level.shade * across * down)[:, :, None]
    if level.noise:
        pixels += rng.normal(0, level.noise, pixels.shape[:2])[:, :, None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def stamped(page: Image.Image, dpi: int) -> Image.Image:
    """Return the page with a round red seal, 42 mm wide, over the middle of its upper half."""
    seal = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(seal)
    x, y, radius = page.width * 0.62, page.height * 0.30, dpi * 42 / 25.4 / 2
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=(225, 30, 40), width=dpi // 22)
    points = []
    for i in range(10):
        reach = radius * (0.38 if i % 2 == 0 else 0.15)
        angle = np.pi * (i / 5 - 0.5)
        points.append((x + reach * np.cos(angle), y + reach * np.sin(angle)))
    draw.polygon(points, fill=(225, 30, 40))
    for i in range(12):
        angle = np.pi * (0.75 + i * 1.5 / 11)
        at = x + radius * 0.75 * np.cos(angle), y + radius * 0.75 * np.sin(angle)
        side = dpi / 14
        draw.rectangle(
            (at[0] - side, at[1] - side, at[0] + side, at[1] + side), outline=(225, 30, 40), width=3
        )
        draw.line((at[0] - side, at[1], at[0] + side, at[1]), fill=(225, 30, 40), width=3)
    mixed = np.asarray(page, np.float32) * np.asarray(seal, np.float32) / 255
    return Image.fromarray(mixed.astype(np.uint8))


def saved(pages: list[Image.Image], level: Level) -> Source:
    """Return pictures as the file that a scanner would write: one page JPEG or PNG, several a TIFF."""
    out = io.BytesIO()
    options: dict[str, Any] = {"dpi": (level.dpi, level.dpi)}
    kind, media_type = ("JPEG", "image/jpeg") if level.jpeg else ("PNG", "image/png")
    if len(pages) > 1:
        kind, media_type = "TIFF", "image/tiff"
        options |= {"save_all": True, "append_images": pages[1:]}
        options["compression"] = "jpeg" if level.jpeg else "tiff_deflate"
    if level.jpeg:
        options["quality"] = level.jpeg
    pages[0].save(out, kind, **options)
    data = out.getvalue()
    return Source(hashlib.sha256(data).hexdigest(), ("a",), len(data), media_type, data)


@dataclass
class Score:
    """What became of one level's characters, cells and typed values."""

    characters: int = 0
    errors: int = 0
    cells: int = 0
    found: int = 0
    values: int = 0
    right: int = 0
    missing: int = 0
    wrong: int = 0
    cpu: float = 0.0
    raw: list[Any] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)


def folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def distance(one: str, other: str) -> int:
    """Return the edit distance."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def typed(document: Document | None, index: Index) -> dict[tuple[object, ...], object]:
    """Return every typed value of a document's forms: (form, dataset, column, its first cell) -> number.

    By cell and not by row number: a row too many would count every value below it as wrong.
    """
    found: dict[tuple[object, ...], object] = {}
    for number, form in enumerate(match(document, index) if document else ()):
        out = extract(form, index)
        rows = [("forms", 0, out.forms)]
        rows += [(name, i, row) for name, own in out.rows.items() for i, row in enumerate(own)]
        cells = {(use.dataset, use.row_index or 0, use.field): use.key for use in reversed(out.uses)}
        for name, i, row in rows:
            for column, value in row.items():
                if isinstance(value, int | float | Decimal):
                    found[number, name, column, cells.get((name, i, column), i)] = value
    return found


def judge(score: Score, truth: Document, document: Document | None, index: Index) -> None:
    """Add one form to the score of its level."""
    where = {cell[:4]: cell for grid in (document.grids if document else ()) for cell in grid.cells}
    for grid in truth.grids:
        for cell in grid.cells:
            score.cells += 1
            other = where.get(cell[:4])
            score.found += other is not None
            want, got = folded(cell.text), folded(other.text if other else "")
            score.characters += len(want)
            score.errors += distance(want, got)
            score.raw.append((want, got, other.confidence if other else None, other is not None))
    wanted, read_ = typed(truth, index), typed(document, index)
    score.values += len(wanted)
    for key in wanted.keys() | read_.keys():
        if key not in read_:
            score.missing += 1
        elif wanted.get(key) == read_[key]:
            score.right += 1
        else:
            score.wrong += 1
            score.misses.append(f"{key}: {wanted.get(key)} read as {read_[key]}")


def measure(forms: list[Path], levels: list[str], index: Index) -> dict[str, Score]:
    """Return the score of each level over all forms."""
    scores = {name: Score() for name in levels}
    for form in forms:
        data = form.read_bytes()
        source = Source(hashlib.sha256(data).hexdigest(), ("a.pdf",), len(data), "application/pdf", data)
        truth = read(source)
        for name in levels:
            begun = time.process_time()
            try:
                document: Document | None = read(saved(rendered(form, LEVELS[name]), LEVELS[name]))
            except SourceError as error:
                document = None
                print(form.name, name, error)
            scores[name].cpu += time.process_time() - begun
            judge(scores[name], truth, document, index)
            print(form.name, line(name, scores[name], 1), flush=True)
            for miss in scores[name].misses:
                print("   wrong:", miss)
    return scores


def line(name: str, score: Score, forms: int) -> str:
    def share(part: int, whole: int) -> str:
        return f"{int(part * 10000 / max(whole, 1)) / 100:.2f} %"

    right = max(score.characters - score.errors, 0)
    return (
        f"| {name} | {share(right, score.characters)} | {score.found} of {score.cells} "
        f"| {score.right} of {score.values} ({share(score.right, score.values)}) | {score.missing} | {score.wrong} "
        f"| {score.cpu / forms:.1f} |"
    )


def main() -> None:
    """Measure, print, and write the document if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forms", nargs="+", type=Path, default=list(FORMS))
    parser.add_argument("--levels", nargs="+", choices=list(LEVELS), default=list(LEVELS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--raw", type=Path)
    given = parser.parse_args()
    scores = measure(given.forms, given.levels, Index(load_rulebook()))
    head = "| level | characters | cells | typed values right | missing | wrong | CPU s a page |\n|---|---|---|---|---|---|---|"
    table = "\n".join([head, *(line(name, score, len(given.forms)) for name, score in scores.items())])
    print(table)
    if given.raw:
        given.raw.write_text(
            json.dumps({name: score.raw for name, score in scores.items()}, ensure_ascii=False)
        )
    if given.write:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
