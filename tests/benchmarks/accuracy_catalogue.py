"""Precision and recall by form type, region and layout on the catalogue's layouts, into docs/accuracy.md.

    python -m tests.benchmarks.accuracy_catalogue [--check]

Each layout is drawn from SEEDS that no test uses; fields are counted as in ``accuracy``.
"""

import argparse
import sys
from collections.abc import Callable, Iterable

from tests.benchmarks.accuracy import DOCUMENT, Count, counted
from tests.catalogue import LAYOUTS, NEGATIVES, Template, found, render
from tests.synthetic import DATASETS

SEEDS = range(100, 110)
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"


def measure(layout: Template) -> Count:
    """Return the counts of a layout over all seeds."""
    total = Count()
    for seed in SEEDS:
        page = render(layout, seed)
        seen = found(page)
        for dataset in DATASETS:
            total = total.plus(counted(list(page.forms), seen, dataset))
    return total


def _line(name: str, counts: Iterable[Count]) -> str:
    total = Count()
    for count in counts:
        total = total.plus(count)
    shares = [total.precision, total.recall, 2 * total.equal / max(1, total.true + total.found)]
    told = " | ".join(f"{int(share * 10000) / 10000:.4f}" for share in shares)
    return f"| {name} | {total.forms} | {total.rows} | {total.true} | {told} |"


def tables() -> str:
    """Return the tables as Markdown."""
    counts = {layout: measure(layout) for layout in LAYOUTS}
    spurious = sum(len(found(render(layout, seed))) for layout in NEGATIVES for seed in SEEDS)
    pages = len(NEGATIVES) * len(SEEDS)
    told = f"{len(LAYOUTS)} layouts, {len(SEEDS)} pages each; {pages} pages without a form: "
    lines = [f"{told}{spurious} spurious forms."]
    groups: tuple[tuple[str, Callable[[Template], str]], ...] = (
        ("form type", lambda one: str(one.form_type)),
        ("region", lambda one: one.region),
        (
            "layout (catalogue, region, year)",
            lambda one: f"{one.name} ({one.catalogue}, {one.region}, {one.year})",
        ),
    )
    for title, key in groups:
        lines += ["", f"| {title} | forms | rows | fields | precision | recall | F1 |", "|---" * 7 + "|"]
        names = list(dict.fromkeys(key(one) for one in sorted(LAYOUTS, key=key)))
        lines += [_line(name, [count for one, count in counts.items() if key(one) == name]) for name in names]
    lines.append(_line("all", counts.values()))
    return "\n".join(lines)


def main() -> int:
    """Rewrite the tables; with --check only say whether they still hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="exit 1 where the document is not what is measured"
    )
    options = parser.parse_args()
    old = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = old.partition(BEGIN)
    new = f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"
    if options.check:
        return int(new != old)
    DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
