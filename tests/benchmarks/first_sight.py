"""How much of a region's forms is right at first sight, into docs/accuracy.md.

    python -m tests.benchmarks.first_sight [--check] [--layout NAME]

For each region of the catalogue every spelling is dropped from the rules that only layouts of that region print:
titles, names of blocks, labels of fields and columns, totals, words of vocabularies, patterns among them. A spelling
counts as printed by a layout where a lookup of the layout's page under all rules matched it. What no layout of the
catalogue prints stays. Headings (year, unit of the amounts) are searched, not looked up; theirs stay too.

Then the region's layouts are rendered, read and run under what is left. A field is one column of one row of the truth;
it is right where the same value comes out, and wrong is every value that the truth does not have: another one, or one
where it has none. Then the labels that the ledger under all rules matches and now calls unmatched are looked for among
what ``guibiao labels`` proposes for the region's pages. Names of rows (fund sources) are words of vocabularies, which
``labels`` does not propose: they are counted by themselves.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.model import FormRule, Rulebook, Section, Spelling, Vocabulary
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret
from pipeline.run.labels import Cluster, suggest
from pipeline.text.labels import fold
from tests.benchmarks.accuracy import paired
from tests.catalogue import LAYOUTS, Rendered, Template, document, found, render
from tests.synthetic import DATASETS, PROVENANCE

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "accuracy.md"
BEGIN, END = "<!-- first sight: begin -->", "<!-- first sight: end -->"
SEEDS = (1, 2)

Mark = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """What one region's layouts gave: fields of the truth, right ones, wrong values; labels left over and proposed."""

    layouts: int = 0
    dropped: int = 0
    fields: int = 0
    before: int = 0
    right: int = 0
    wrong_before: int = 0
    wrong: int = 0
    left: int = 0
    first: int = 0
    among: int = 0
    names: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def touched(page: Rendered, rulebook: Rulebook) -> frozenset[Mark]:
    """Return (place, text) of the spellings that a page's texts match."""
    index = Index(rulebook)
    interpret(document(page), index, "a.html", 0)
    return index.touched()


def without(rulebook: Rulebook, dropped: frozenset[Mark]) -> Rulebook:
    """Return a rulebook less the spellings (place, text)."""

    def kept(spellings: Iterable[Spelling]) -> tuple[Spelling, ...]:
        return tuple(one for one in spellings if (one.place, one.text) not in dropped)

    def section(one: Section) -> Section:
        if one.kind == "heading":
            return one
        return replace(
            one,
            starts=kept(one.starts),
            labels=tuple(replace(label, spellings=kept(label.spellings)) for label in one.labels),
            totals=tuple(replace(total, spellings=kept(total.spellings)) for total in one.totals),
        )

    def form(rule: FormRule) -> FormRule:
        return replace(
            rule,
            titles=kept(rule.titles),
            ignores=kept(rule.ignores),
            sections=tuple(map(section, rule.sections)),
        )

    def vocabulary(one: Vocabulary) -> Vocabulary:
        return replace(
            one, entries=tuple(replace(entry, spellings=kept(entry.spellings)) for entry in one.entries)
        )

    return replace(
        rulebook,
        forms=tuple(map(form, rulebook.forms)),
        vocabularies={name: vocabulary(one) for name, one in rulebook.vocabularies.items()},
    )


def compared(page: Rendered, index: Index) -> tuple[int, int, int]:
    """Return (fields of the truth, those that come out equal, values that the truth does not have)."""
    seen = found(page, index)
    true = page.forms
    fields = right = wrong = 0
    for at in range(max(len(true), len(seen))):
        for dataset in DATASETS:
            left = true[at][dataset] if at < len(true) else []
            other = seen[at][dataset] if at < len(seen) else []
            for one, given in paired(left, other):
                full = {name for name, value in one.items() if value is not None}
                have = {name for name, value in given.items() if value is not None} - PROVENANCE
                equal = sum(one[name] == given[name] for name in full & have)
                fields, right, wrong = fields + len(full), right + equal, wrong + len(have) - equal
    return fields, right, wrong


def proposals(pages: list[Rendered], index: Index) -> tuple[list[Cluster], dict[int, list[dict[str, Any]]]]:
    """Return what ``labels`` proposes for pages, and the ledger of each."""
    cells: list[dict[str, Any]] = []
    types: dict[str, str] = {}
    ledgers: dict[int, list[dict[str, Any]]] = {}
    for number, page in enumerate(pages):
        rows = interpret(document(page), index, "a.html", 0).rows
        ledgers[number] = list(rows.get("cells", []))
        cells += [cell for cell in ledgers[number] if cell["form_id"] is not None]
        types.update({str(form["form_id"]): str(form["form_type"]) for form in rows.get("forms", [])})
    return suggest(cells, types, {}, index), ledgers


def unmatched(cells: list[dict[str, Any]]) -> set[str]:
    """Return the folded texts that a ledger calls unmatched."""
    return {fold(str(cell["text"])) for cell in cells if cell["role"] == "unmatched"}


def judged(pages: list[Rendered], whole: Index, index: Index, tally: Tally) -> None:
    """Count the labels that the dropping left unmatched and those that are proposed for what they are."""
    clusters, ledgers = proposals(pages, index)
    _clusters, before = proposals(pages, whole)
    known: dict[str, Cluster] = {}
    for cluster in clusters:
        for text in cluster.texts:
            known.setdefault(fold(text), cluster)
    seen: set[tuple[str, str, str, str]] = set()
    for number, page in enumerate(pages):
        lost = unmatched(ledgers[number]) - unmatched(before[number])
        form_type = str(page.layout.form_type)
        for label in page.labels:
            key = fold(label.text)
            if key not in lost or (form_type, key, label.dataset, label.field) in seen:
                continue
            seen.add((form_type, key, label.dataset, label.field))
            if label.field == "fund_source_label":
                tally.names += 1
                continue
            tally.left += 1
            targets = []
            for guess in known[key].guesses if key in known else ():
                section, _, name = guess.target.partition(".")
                targets.append((index.forms[known[key].form].sections[section].dataset, name))
            right = (label.dataset, label.field)
            tally.first += targets[:1] == [right]
            tally.among += right in targets
            if targets[:1] != [right]:
                tally.missed.append(f"{page.layout.name}: {key} = {'.'.join(right)}, not {targets}")


def measured(layouts: tuple[Template, ...] = LAYOUTS) -> dict[str, Tally]:
    """Return region -> what its layouts gave under the rules less its own spellings."""
    rulebook = load_rulebook()
    whole = Index(rulebook)
    pages = {layout.name: [render(layout, seed) for seed in SEEDS] for layout in layouts}
    printed: dict[str, set[Mark]] = {}
    for layout in layouts:
        for page in pages[layout.name]:
            printed.setdefault(layout.region, set()).update(touched(page, rulebook))
    tallies: dict[str, Tally] = {}
    for region in sorted(printed):
        others = set().union(*(marks for name, marks in printed.items() if name != region))
        dropped = frozenset(printed[region] - others)
        index = Index(without(rulebook, dropped))
        own = [layout for layout in layouts if layout.region == region]
        tally = tallies[region] = Tally(layouts=len(own), dropped=len(dropped))
        for layout in own:
            for page in pages[layout.name]:
                fields, before, wrong_before = compared(page, whole)
                _fields, right, wrong = compared(page, index)
                tally.fields, tally.before = tally.fields + fields, tally.before + before
                tally.right, tally.wrong = tally.right + right, tally.wrong + wrong
                tally.wrong_before += wrong_before
        judged([page for layout in own for page in pages[layout.name]], whole, index, tally)
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| region | layouts | fields | spellings dropped | right, all rules | right at first sight | wrong, all rules"
        " | wrong at first sight | labels lost | proposed at rank 1 | among three | names of rows lost |",
        "|---" * 12 + "|",
    ]
    total = Tally()
    for name, one in tallies.items():
        lines.append(_line(name, one))
        total.add(one)
    return "\n".join([*lines, _line("**all**", total)])


def _line(name: str, one: Tally) -> str:
    return (
        f"| {name} | {one.layouts} | {one.fields} | {one.dropped} | {_share(one.before, one.fields)} | "
        f"{_share(one.right, one.fields)} | {one.wrong_before} | {one.wrong} | {one.left} | "
        f"{_share(one.first, one.left)} | {_share(one.among, one.left)} | {one.names} |"
    )


def _share(part: int, whole: int) -> str:
    """Return a share rounded down, so that 1.000 means every one."""
    return f"{int(part / whole * 1000) / 1000:.3f}" if whole else "-"


def main() -> int:
    """Rewrite the table; with --check only say whether it still holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="exit 1 where the document is not what is measured"
    )
    parser.add_argument(
        "--missed", action="store_true", help="print the labels that are not proposed at rank 1"
    )
    options = parser.parse_args()
    tallies = measured()
    new = table(tallies)
    old = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = old.partition(BEGIN)
    document_now = f"{before}{BEGIN}\n{new}\n{END}{rest.partition(END)[2]}"
    if options.missed:
        print("\n".join(text for one in tallies.values() for text in one.missed))
    print(new)
    if options.check:
        return int(document_now != old)
    if BEGIN in old:
        DOCUMENT.write_text(document_now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
