"""Measure the HTML reader against a plain lxml.html reader with the same result, in alternating rounds.

    python tests/benchmarks/bench_html.py [FOLDER] [--rounds 15]

Without a folder it writes five forms of 45 rows the way LibreOffice saves a document as HTML (indented tags, nested
<font>, a style on every cell). Both sides get the bytes and give grids and blocks; the pages on which they
differ are named, and left out of the ratio. The reference is tests/readers/html_reference.py.
"""

import argparse
import importlib.util
import random
import statistics
import time
from pathlib import Path

from pipeline.model import Source
from pipeline.readers import html, htmlfast, htmlwalk
from pipeline.readers.htmlgrids import assemble

WORDS = [
    "项目名称",
    "年初预算数",
    "全年执行数",
    "≥98%",
    "100.00",
    "—",
    "数量指标",
    "完成道路硬化3.5公里",
    "无",
    "10",
]


def page(seed: int) -> bytes:
    """Return one form of 45 rows, 9 columns and merged level cells as an office program saves it."""
    rng = random.Random(seed)
    rows = []
    for row in range(45):
        cells, col = "", 0
        while col < 9:
            span = min(rng.choice([1, 1, 1, 2, 3]), 9 - col) if row % 5 else 1
            attributes = f'colspan="{span}" ' if span > 1 else ""
            attributes += (
                f'width="{rng.choice([43, 71, 103])}" style="border: 1px solid #000000; padding: 0in 0.04in"'
            )
            cells += (
                f'\t\t\t<td {attributes}><p align="center" style="orphans: 0; widows: 0; page-break-after: auto">\n\t\t\t\t'
                f'<font color="#000000"><font face="宋体, serif"><font size="2" style="font-size: 9pt">{rng.choice(WORDS)}'
                "</font></font></font></p>\n\t\t\t</td>\n"
            )
            col += span
        rows.append(f'\t\t<tr valign="top">\n{cells}\t\t</tr>\n')
    head = '<html>\n<head>\n\t<meta http-equiv="content-type" content="text/html; charset=utf-8"/>\n\t<title></title>\n'
    head += "\t<style>\n\t\tp { line-height: 115% }\n\t</style>\n</head>\n<body>\n<p>项目支出绩效自评表</p>\n"
    return (
        head + f'<table width="732" cellpadding="4">\n{"".join(rows)}</table>\n</body>\n</html>\n'
    ).encode()


def reference(data: bytes) -> object:
    """Return what the lxml.html reader sees."""
    path = Path(__file__).parents[1] / "readers" / "html_reference.py"
    if not hasattr(reference, "module"):
        spec = importlib.util.spec_from_file_location("html_reference", path)
        reference.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(reference.module)
    return reference.module.read(data.decode("utf-8"))


def plain(found: object) -> object:
    """Return grids and blocks in the reference's shape."""
    grids, blocks = found
    cells = [(grid.index, [tuple(cell)[:5] for cell in grid.cells]) for grid in grids]
    return cells, [(block.text, block.before_grid) for block in blocks]


def own(data: bytes) -> object:
    """Return what the product sees, from bytes to a Document."""
    document = html.read(Source("0" * 64, ("a.html",), len(data), "text/html", data))
    return document.grids, document.blocks


def tree(data: bytes) -> object:
    """Return what the product's slow way sees: the tree of the HTML standard, for irregular pages."""
    return assemble([htmlwalk.walk(data.decode("utf-8"))])[:2]


def seconds(function: object, data: bytes) -> float:
    """Return the CPU time of one call, which other programs on the machine disturb less than the clock's."""
    started = time.process_time()
    function(data)
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.htm*")) if options.folder else []
    pages = {path.name: path.read_bytes() for path in files} or {f"made {n}": page(n) for n in range(5)}
    same = {}
    for name, data in pages.items():
        if plain(own(data)) == reference(data):
            same[name] = data
        else:
            print(f"{name}: differs from the reference, not measured")
    times = {function: [] for function in (reference, own, tree)}
    for _ in range(options.rounds):
        for function, found in times.items():
            found.append(sum(seconds(function, data) for data in same.values()))
    fast = sum(htmlfast.walk(data.decode("utf-8")) is not None for data in same.values())
    size = sum(len(data) for data in same.values())
    print(
        f"{len(same)} pages, {size / 1024:.0f} KiB, {fast} of them regular; milliseconds for all, best and median:"
    )
    for function, found in times.items():
        print(f"  {function.__name__:9}  {min(found) * 1e3:8.2f}  {statistics.median(found) * 1e3:8.2f}")
    ratios = [theirs / ours for theirs, ours in zip(times[reference], times[own], strict=True)]
    print(f"lxml.html / own: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
