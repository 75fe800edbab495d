"""Compare the grids of the .doc reader with LibreOffice's conversion of the same files.

    python tests/benchmarks/compare_doc_libreoffice.py FOLDER... [--work DIR] [--verbose]

Every .doc, .dot and .wps below the folders is converted to .docx in batches of at most 150 files (one command
line of LibreOffice silently converts no more than 247) and the outputs are counted. The .docx are read here
with a plain walk over the XML, not with the project's own reader. One line is printed for every table that
differs, with the class of the difference, and a summary. The conversions are kept in --work and used again.

Three figures come out: tables equal to the last column; equal where LibreOffice's columns of at most 20 twips (0.35
mm, edges of two rows that miss one another) are not counted as columns; and, of the tables that differ, who is right by the
bytes, as ``doc_differences.tsv`` beside this file has it. What it does not name is ``unjudged``. Documents that the reader
itself gives to LibreOffice (Word 6/95, Works) are counted and not compared: both sides would be LibreOffice.
"""

import argparse
import difflib
import hashlib
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers import doc
from pipeline.readers.msdoc.layout import TOLERANCE
from pipeline.readers.symbols import glyph

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BATCH = 150
SAME, NARROW = "equal", "equal but for columns of at most 20 twips"
VERDICTS = Path(__file__).with_name("doc_differences.tsv")
Place = tuple[int, int, int, int, str]


def convert(files: list[Path], out: Path, profile: Path, target: str = "docx") -> dict[Path, Path]:
    """Return document -> conversion of the files that LibreOffice accepts, named by their digests."""
    out.mkdir(parents=True, exist_ok=True)
    names = {path: hashlib.sha256(path.read_bytes()).hexdigest()[:20] for path in files}
    todo = {}
    for path, name in names.items():
        if not (out / f"{name}.{target}").exists() and not (out / f"{name}.refused").exists():
            todo[name] = out / f"{name}.doc"
            todo[name].write_bytes(path.read_bytes())
    waiting = list(todo.items())
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        command = [
            "soffice",
            f"-env:UserInstallation={profile.resolve().as_uri()}",
            "--headless",
            "--convert-to",
        ]
        command += [target, "--outdir", str(out), *(str(path) for _, path in batch)]
        subprocess.run(command, capture_output=True, timeout=1200, check=False)
        made = [name for name, _ in batch if (out / f"{name}.{target}").exists()]
        print(f"# LibreOffice: {len(made)} of {len(batch)} converted", file=sys.stderr)
        for name, path in batch:
            path.unlink()
            if name not in made:
                (out / f"{name}.refused").touch()
    return {p: out / f"{n}.{target}" for p, n in names.items() if (out / f"{n}.{target}").exists()}


def norm(text: str) -> str:
    """Return text without white space; LibreOffice's no-break hyphen is a hyphen, its soft hyphen nothing."""
    return re.sub(r"\s+", "", text).replace("\u2011", "-").replace("\u00ad", "")


def paragraph_text(paragraph: etree._Element, hidden: frozenset[str]) -> str:
    """Return the visible text of a w:p, text boxes in it left out."""
    parts: list[str] = []
    for run in paragraph.iter(f"{W}r"):
        owner = next(run.iterancestors(f"{W}p"), None)
        if owner is not paragraph or next(run.iterancestors(f"{W}del"), None) is not None:
            continue
        vanish = run.find(f"{W}rPr/{W}vanish")
        styles = {
            node.get(f"{W}val", "") for node in (*paragraph.iter(f"{W}pStyle"), *run.iter(f"{W}rStyle"))
        }
        if styles & hidden if vanish is None else vanish.get(f"{W}val") not in ("false", "0"):
            continue
        for node in run:
            if node.tag == f"{W}t":
                parts.append(with_glyphs(node.text or "", run))
            elif node.tag == f"{W}fldChar":
                parts.append(check_box(node))
            elif node.tag == f"{W}sym":
                parts.append(glyph(node.get(f"{W}font", ""), int(node.get(f"{W}char", "0"), 16)))
            elif node.tag == f"{W}noBreakHyphen":
                parts.append("-")
            elif node.tag in (f"{W}br", f"{W}tab", f"{W}cr"):
                parts.append("\n")
    return "".join(parts)


def with_glyphs(text: str, run: etree._Element) -> str:
    """Return text with private-use characters as the run's symbol font shows them."""
    fonts = run.find(f"{W}rPr/{W}rFonts")
    names = list(dict.fromkeys(str(name) for name in fonts.attrib.values())) if fonts is not None else []
    for char in set(re.findall("[\uf000-\uf0ff]", text)):
        shown = [glyph(name, ord(char)) for name in names]
        text = text.replace(char, next((one for one in shown if one != char), char))
    return text


def check_box(mark: etree._Element) -> str:
    """Return the tick box that a form field shows."""
    box = mark.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return ""
    state = box.find(f"{W}checked")
    if state is None:
        state = box.find(f"{W}default")
    off = state is None or state.get(f"{W}val") in ("0", "false")
    return "□" if off else "☑"


def own(element: etree._Element, tag: str, stop: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield descendants with a tag that do not lie within a nearer ``stop`` element or a fallback."""
    for child in element:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in stop and child.tag != FALLBACK:
            yield from own(child, tag, stop)


def docx_table(table: etree._Element, hidden: frozenset[str]) -> list[Place]:
    """Return the cells of a w:tbl as (row, column, row span, column span, text)."""
    cells: list[list[int | str]] = []
    open_cells: dict[int, list[int | str]] = {}
    for number, row in enumerate(own(table, f"{W}tr", (f"{W}tbl",))):
        column = 0
        before = row.find(f"{W}trPr/{W}gridBefore")
        if before is not None:
            column = int(before.get(f"{W}val", "0"))
        for cell in own(row, f"{W}tc", (f"{W}tbl",)):
            span_node, merge = cell.find(f"{W}tcPr/{W}gridSpan"), cell.find(f"{W}tcPr/{W}vMerge")
            span = int(span_node.get(f"{W}val", "1")) if span_node is not None else 1
            text = "\n".join(
                paragraph_text(p, hidden) for p in own(cell, f"{W}p", (f"{W}tbl", f"{W}txbxContent"))
            )
            if merge is not None and merge.get(f"{W}val") != "restart" and column in open_cells:
                above = open_cells[column]
                above[2] = number - int(above[0]) + 1
                above[4] = f"{above[4]}\n{text}"
            else:
                open_cells[column] = [number, column, 1, span, text]
                cells.append(open_cells[column])
            column += span
    return [(int(c[0]), int(c[1]), int(c[2]), int(c[3]), norm(str(c[4]))) for c in cells]


def without_narrow(table: etree._Element, cells: list[Place]) -> list[Place]:
    """Return a table's cells with the columns joined whose edges lie at most TOLERANCE twips apart."""
    number, opened, edge = [0], 0, 0
    for column in own(table, f"{W}gridCol", (f"{W}tbl",)):
        edge += int(column.get(f"{W}w", "0"))
        apart = edge - opened > TOLERANCE
        number.append(number[-1] + apart)
        opened = edge if apart else opened
    found = []
    for row, first, rows, columns, text in cells:
        if first + columns >= len(number):
            return cells
        found.append((row, number[first], rows, number[first + columns] - number[first], text))
    return found


def docx_grids(path: Path) -> tuple[list[list[Place]], list[list[Place]], list[str]]:
    """Return all tables of the body in reading order, the same without narrow columns, and the other paragraphs."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("word/document.xml"), etree.XMLParser(huge_tree=True))
        styles = etree.fromstring(archive.read("word/styles.xml"), etree.XMLParser(huge_tree=True))
    hidden = frozenset(
        style.get(f"{W}styleId", "")
        for style in styles.iter(f"{W}style")
        if style.find(f"{W}rPr/{W}vanish") is not None
    )
    body = root.find(f"{W}body")
    if body is None:
        return [], [], []
    for fallback in list(body.iter(FALLBACK)):
        parent = fallback.getparent()
        if parent is not None:
            parent.remove(fallback)
    elements = list(body.iter(f"{W}tbl"))
    tables = [docx_table(table, hidden) for table in elements]
    joined = [without_narrow(*one) for one in zip(elements, tables, strict=True)]
    lines = [
        norm(paragraph_text(p, hidden))
        for p in body.iter(f"{W}p")
        if next(p.iterancestors(f"{W}tbl"), None) is None
    ]
    return tables, joined, [line for line in lines if line]


def own_grids(document: Document) -> tuple[list[list[Place]], list[str]]:
    """Return the reader's grids and main-text paragraphs in the same shape."""
    tables = [
        [(c.row, c.col, c.row_span, c.col_span, norm(c.text)) for c in grid.cells] for grid in document.grids
    ]
    names = ("footnotes", "endnotes")
    lines = [norm(b.text) for b in document.blocks if not b.locator.split(" ")[1].startswith(names)]
    return tables, [line for line in lines if line]


def classify(ours: list[Place], theirs: list[Place]) -> str:
    """Return ``equal`` or the class of the difference between two readings of one table."""
    if sorted(ours) == sorted(theirs):
        return SAME
    full_ours, full_theirs = [c for c in ours if c[4]], [c for c in theirs if c[4]]
    if sorted(full_ours) == sorted(full_theirs):
        return "empty cells only"
    if [c[:4] for c in sorted(ours)] == [c[:4] for c in sorted(theirs)]:
        return "text"
    if [(c[0], c[4]) for c in full_ours] == [(c[0], c[4]) for c in full_theirs]:
        if [c[3] for c in full_ours] == [c[3] for c in full_theirs] and [c[1] for c in full_ours] == [
            c[1] for c in full_theirs
        ]:
            return "row spans"
        return "columns"
    if Counter(c[4] for c in full_ours) == Counter(c[4] for c in full_theirs):
        return "rows and columns"
    return "text and place"


def pair(ours: list[list[Place]], theirs: list[list[Place]]) -> Iterator[tuple[int, int]]:
    """Yield index pairs of tables that belong together, -1 where one side has none."""
    if len(ours) == len(theirs):
        yield from ((k, k) for k in range(len(ours)))
        return
    keys = [["".join(c[4] for c in table)[:60] for table in side] for side in (ours, theirs)]
    for tag, a, b, c, d in difflib.SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(range(a, b), range(c, d), strict=True)
        else:
            yield from ((k, -1) for k in range(a, b))
            yield from ((-1, k) for k in range(c, d))


def verdicts() -> dict[tuple[str, str], str]:
    """Return (first digits of the sha256, table) -> who is right; a table only of LibreOffice is in brackets."""
    rows = [line.split("\t") for line in VERDICTS.read_text(encoding="utf-8").splitlines()[1:]]
    return {(row[0], row[1]): row[2] for row in rows}


def compare(path: Path, converted: Path, counts: Counter[str], verbose: bool) -> None:
    """Print the differences of one file and count them."""
    try:
        data = path.read_bytes()
        media = "application/msword"
        source = Source(hashlib.sha256(data).hexdigest(), (path.name,), len(data), media, data)
        document = doc.read(source)
    except SourceError as error:
        counts[f"file: refused ({error.code})"] += 1
        print(f"{path.name} | - | refused: {error.code} {error.place} {error.detail}")
        return
    if not document.reader.startswith("doc/"):
        counts["file: given to LibreOffice by the reader, not compared"] += 1
        return
    counts["file: compared"] += 1
    ours, our_lines = own_grids(document)
    theirs, joined, their_lines = docx_grids(converted)
    judged = verdicts()
    for mine, other in pair(ours, theirs):
        kind = (
            "only ours"
            if other < 0
            else "only LibreOffice"
            if mine < 0
            else classify(ours[mine], theirs[other])
        )
        if mine >= 0 and other >= 0 and kind != SAME and classify(ours[mine], joined[other]) == SAME:
            kind = NARROW
        counts[f"table: {kind}"] += 1
        if kind == SAME:
            continue
        number = str(mine + 1) if mine >= 0 else f"({other + 1})"
        right = judged.get((source.document_id[:8], number), "unjudged")
        if kind != NARROW:
            counts[f"right by the bytes: {right}"] += 1
        print(f"{path.name} | {number} | {kind} | {right if kind != NARROW else '-'}")
        if verbose:
            left = Counter(ours[mine]) if mine >= 0 else Counter()
            right = Counter(theirs[other]) if other >= 0 else Counter()
            for sign, rest in (("  ours ", left - right), ("  LO   ", right - left)):
                for place in sorted(rest)[:6]:
                    print(sign, place[:4], place[4][:80])
    same = our_lines == their_lines or "".join(our_lines) == "".join(their_lines)
    counts["paragraphs: equal" if same else "paragraphs: differ"] += 1
    if not same:
        print(f"{path.name} | paragraphs | differ")
        if verbose:
            print(
                *[
                    f"  {line[:110]}"
                    for line in difflib.unified_diff(our_lines, their_lines, "ours", "LO", n=0)
                ][2:14],
                sep="\n",
            )


def main() -> None:
    """Convert, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, default=Path("/tmp/compare_doc_libreoffice"))
    parser.add_argument("--verbose", action="store_true", help="show the cells that differ")
    options = parser.parse_args()
    suffixes = {".doc", ".dot", ".wps"}
    files = sorted(p for folder in options.folders for p in folder.rglob("*") if p.suffix.lower() in suffixes)
    converted = convert(files, options.work / "docx", options.work / "profile")
    counts: Counter[str] = Counter({"file: given": len(files), "file: LibreOffice made": len(converted)})
    print("file | table | difference | right by the bytes")
    for path, target in converted.items():
        compare(path, target, counts, options.verbose)
    print()
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    tables = sum(n for name, n in counts.items() if name.startswith("table:"))
    for what, total in (
        ("tables of either side", tables),
        ("tables of LibreOffice", tables - counts["table: only ours"]),
    ):
        if total:
            same, near = counts[f"table: {SAME}"], counts[f"table: {NARROW}"]
            print(
                f"{total} {what}: {same} ({same / total:.2%}) equal, "
                f"{same + near} ({(same + near) / total:.2%}) with columns of at most 20 twips left out"
            )


if __name__ == "__main__":
    main()
