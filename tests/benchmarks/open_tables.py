"""Precision and recall on forms whose tables have horizontal rules only or none.

    python -m tests.benchmarks.open_tables [--set development|held_out] [--count 40] [--rules none,horizontal,all] [--show 3]

Layouts are drawn at random as in random_layouts, and set at random: print sizes, leading, margins of cells,
widths of columns, text set left, to the middle or right, cells set to the top or the middle of their rows. The
reader was tuned on the development set; the sizes of the held-out set occur in it nowhere and its layouts come
from other seeds.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.accuracy import Count, counted
from tests.benchmarks.open_paper import DEVELOPMENT, HELD_OUT, Misfit, Style, open_pdf, style
from tests.benchmarks.random_layouts import layout
from tests.synthetic import DATASETS, FOLDER, Forms, differences, read

sys.path.insert(0, str(FOLDER))
import make
from compose import compose
from layout import Layout
from sheet import Sheet
from truth import truth

SETS = {"development": (DEVELOPMENT, 100), "held_out": (HELD_OUT, 900)}


def drawn(name: str, rules: str, count: int) -> Iterator[tuple[Layout, Style, list[Sheet], Forms, bytes]]:
    """Yield so many random forms of a set with their truth; the same ones each time."""
    choices, seed = SETS[name]
    rng = random.Random(seed)
    made = 0
    while made < count:
        one = layout(rng, f"{name}_{made}")
        said = make.contents(rng.randrange(1000), one)
        look = style(random.Random(rng.randrange(1 << 30)), rules, choices)
        try:
            sheets = [compose(content, one) for content in said]
            data = open_pdf(sheets, look)
        except (ValueError, Misfit):
            continue
        made += 1
        yield one, look, sheets, json.loads(json.dumps([truth(content, one) for content in said])), data


def main() -> None:
    """Print the shares by kind of rules, and what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", default="development", choices=sorted(SETS))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--rules", default="none,horizontal")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    for rules in options.rules.split(","):
        total, equal, shown = Count(), 0, 0
        with tempfile.TemporaryDirectory() as folder:
            for number, (_, look, _, true, data) in enumerate(drawn(options.set, rules, options.count)):
                path = (options.keep or Path(folder)) / f"{rules}_{number}.pdf"
                path.write_bytes(data)
                seen = read(path)
                own = Count()
                for dataset in DATASETS:
                    own = own.plus(counted(true, seen, dataset))
                total = total.plus(own)
                wrong = differences(true, seen)
                equal += not wrong
                if wrong and shown < options.show:
                    shown += 1
                    print(f"\n{path.name} {own.precision:.3f} {own.recall:.3f} {look}")
                    print(Counter((w.dataset, w.column) for w in wrong).most_common(6))
                    print(*[one for one in wrong if one.found is not None][:6], sep="\n    ")
        print(
            f"{options.set} {rules}: {options.count} files, {equal} equal, {total.true} fields,"
            f" precision {total.precision:.4f} recall {total.recall:.4f}"
        )


if __name__ == "__main__":
    main()
