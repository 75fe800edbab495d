"""Run the examples of the rules: each drawn form must give its rows, each spelling must stand in for its label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from pipeline.errors import Fault
from pipeline.extractors import extract
from pipeline.matcher import match
from pipeline.model import Document, Form, Key, Yield
from pipeline.rulebook.examples import DATASETS, Assertion, Example, Examples, Expected
from pipeline.rulebook.index import Index
from pipeline.text.labels import notes

Found = tuple[tuple[Form, Yield], ...]
Column = tuple[int, str, int | None, str]
_LITERAL = ("exact", "alias")
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A cell of an example that is a label, and the columns (form, dataset, row, field) that quote it."""

    example: int
    key: Key
    size: int
    codes: tuple[Column, ...] = ()


def interpret_document(document: Document, index: Index) -> Found:
    """Return the forms of a document with what was extracted from each."""
    return tuple((form, extract(form, index)) for form in match(document, index))


class Bench:
    """The examples of a rulebook with what they give under it, ready to be run under changed rules."""

    def __init__(self, examples: Examples, index: Index) -> None:
        self.examples = examples.examples
        self.assertions = examples.assertions
        self.index = index
        self._chosen: dict[Assertion, Slot] = {}

    @cached_property
    def found(self) -> list[Found]:
        """Return what each example gives under the rules as they are."""
        return [interpret_document(example.document, self.index) for example in self.examples]

    @cached_property
    def slots(self) -> dict[tuple[str, bool, str], list[Slot]]:
        """Return for each label the cells that print it, the smallest example first.

        A vocabulary also has ``*`` for any code. A label without a bracket note goes first: the note may be
        the only place that names the unit.
        """
        found: dict[tuple[str, bool, str], list[Slot]] = {}
        for number, forms in enumerate(self.found):
            size = sum(len(grid.cells) for grid in self.examples[number].document.grids)
            for place, (form, yielded) in enumerate(forms):
                for what, key, codes in _printed(form, yielded, place, self.index):
                    noted = bool(notes(_text(form, key)))
                    slot = Slot(number, key, size + (10_000 if noted else 0), codes)
                    found.setdefault(what, []).append(slot)
        return {what: sorted(slots, key=lambda slot: slot.size) for what, slots in found.items()}

    def failures(self) -> list[Fault]:
        """Return everything that an example or an assertion has to say against the rules."""
        faults = [fault for number in range(len(self.examples)) for fault in self.check(number)]
        return faults + [fault for assertion in self.assertions for fault in self.affirm(assertion)]

    def check(self, number: int, index: Index | None = None) -> list[Fault]:
        """Return where an example gives other rows than its author says."""
        found = self.found[number] if index is None else _tolerant(self.examples[number].document, index)
        return list(_compare(self.examples[number], found))

    def affirm(self, assertion: Assertion, index: Index | None = None) -> list[Fault]:
        """Return a fault where a text, printed in place of a label of an example, is not known as that label.

        One example will do: the smallest in which the text passes under the rules as they are.
        """
        slot = self._chosen.get(assertion)
        if slot is None:
            what = (assertion.owner, assertion.of_words, assertion.target)
            slots = self.slots.get(what, [])
            if not slots and assertion.of_words:
                slots = self.slots.get((assertion.owner, True, "*"), [])
            if not slots:
                return [_note(assertion, "没有任何示例印有这个标签", "no example prints this label")]
            passing = (one for one in slots[:_TRIES] if self._swapped(assertion, one, self.index) is None)
            slot = self._chosen[assertion] = next(passing, slots[0])
        wrong = self._swapped(assertion, slot, index or self.index)
        name = self.examples[slot.example].name
        if wrong is None:
            return []
        return [_note(assertion, f"代入示例“{name}”：{wrong[0]}", f"in the example {name}: {wrong[1]}")]

    def notices(self, assertion: Assertion, index: Index) -> bool:
        """Say whether an assertion that holds in some example no longer does under other rules."""
        if self.affirm(assertion, index):
            return True
        what = (assertion.owner, assertion.of_words, assertion.target)
        return any(
            self._swapped(assertion, slot, self.index) is None
            and self._swapped(assertion, slot, index) is not None
            for slot in self.slots.get(what, [])[:_TRIES]
            if slot is not self._chosen.get(assertion)
        )

    def _swapped(self, assertion: Assertion, slot: Slot, index: Index) -> tuple[str, str] | None:
        before = self.found[slot.example]
        document = _with_text(self.examples[slot.example].document, slot.key, assertion.text)
        after = _tolerant(document, index)
        if assertion.of_words:
            word = index.word(assertion.owner, assertion.text)
            if word is None or word[0] != assertion.target:
                return f"词表给出 {word[0] if word else '无'}", f"the vocabulary gives {word and word[0]}"
            how: str | None = word[1].tier
        elif assertion.target == "titles":
            titles = {form.title_key: form.title_spelling for form, _ in after}
            spelling = titles.get(slot.key)
            if spelling is None:
                return "未识别为标题", "not known as a title"
            how = spelling.tier
        else:
            old, new = _claim(before, slot.key), _claim(after, slot.key)
            if new is None or old is None or new[:2] != old[:2]:
                return f"未识别（{new and new[0]}）", f"not known as such ({new and new[0]})"
            named = {form.headers[slot.key][1] for form, _ in after if slot.key in form.headers}
            section = assertion.target.partition(".")[0]
            if assertion.target.endswith(".starts") and named - {section}:
                return f"识别为 {'、'.join(named)}", f"known as {', '.join(named)}"
            how = new[2]
        if assertion.literal and how not in _LITERAL:
            return f"只凭 {how} 识别，规则中没有这个写法", f"known by {how} only, not as a spelling"
        wrong = _difference(before, after, slot, assertion.target if assertion.of_words else None)
        return (f"{wrong} 变了", f"{wrong} changed") if wrong else None


def _tolerant(document: Document, index: Index) -> Found:
    """Interpret under rules that lost something: what they can no longer work with gives no form."""
    try:
        return interpret_document(document, index)
    except (KeyError, IndexError, ValueError):
        return ()


def _printed(
    form: Form, out: Yield, place: int, index: Index
) -> Iterator[tuple[tuple[str, bool, str], Key, tuple[Column, ...]]]:
    """Yield every label that a form prints in a cell of its own: what it is, where it stands."""
    name = form.rule.name
    look = index.forms[name].look
    if form.title_key is not None:
        yield (name, False, "titles"), form.title_key, ()
    for hit in form.labels:
        if hit.inline is None:
            yield (name, False, f"{hit.section.name}.{hit.rule.field}"), hit.key, ()
            for section in look(hit.text).starts:
                yield (name, False, f"{section}.starts"), hit.key, ()
    heads = {key for table in form.tables for column in table.columns for key in column.header}
    yield from _tabled(form, index)
    for key, (_spelling, section) in form.headers.items():
        if key not in heads and section in index.forms[name].sections:
            yield (name, False, f"{section}.starts"), key, ()
    for key, claim in out.claims.items():
        if claim.role == "ignored" and look(_text(form, key)).ignored is not None:
            yield (name, False, "ignores"), key, ()
    yield from _words(form, out, place)


def _tabled(form: Form, index: Index) -> Iterator[tuple[tuple[str, bool, str], Key, tuple[Column, ...]]]:
    """Yield the heads of columns that stand in one cell, and the labels of totals."""
    name = form.rule.name
    look = index.forms[name].look
    for table in form.tables:
        for column in table.columns:
            if len(column.header) == 1:
                yield (name, False, f"{table.section.name}.{column.rule.field}"), column.header[0], ()
        for line in table.totals:
            for cell in form.lattices[line.grid].starting(line.row):
                if table.section.name in look(cell.text).totals:
                    key = form.lattices[line.grid].key(cell)
                    yield (name, False, f"{table.section.name}.totals"), key, ()


def _words(
    form: Form, out: Yield, place: int
) -> Iterator[tuple[tuple[str, bool, str], Key, tuple[Column, ...]]]:
    """Yield every cell that a vocabulary gave a code, with the columns that hold the code."""
    wanted = {
        (section.dataset, field): vocabulary
        for section in form.rule.sections
        for field, _source, vocabulary in section.codes
    } | {
        (section.dataset, section.rows.code_field): section.rows.vocabulary
        for section in form.rule.sections
        if section.rows is not None
    }
    cells: dict[tuple[str, Key, str], list[Column]] = {}
    for use in out.uses:
        vocabulary = wanted.get((use.dataset, use.field))
        if vocabulary is not None and use.row_index is not None:
            code = str(out.rows[use.dataset][use.row_index].get(use.field))
            column = (place, use.dataset, use.row_index, use.field)
            cells.setdefault((vocabulary, use.key, code), []).append(column)
    for (vocabulary, key, code), columns in cells.items():
        yield (vocabulary, True, code), key, tuple(columns)
        yield (vocabulary, True, "*"), key, tuple(columns)


def _text(form: Form, key: Key) -> str:
    lattice = form.lattices.get(key[0])
    cell = lattice.at(key[1], key[2]) if lattice is not None else None
    return cell.text if cell is not None else ""


def _with_text(document: Document, key: Key, text: str) -> Document:
    """Return a document with another text in one cell or paragraph."""
    grid, row, col = key
    if grid < 0:
        blocks = tuple(
            replace(block, text=text) if block.order == row else block for block in document.blocks
        )
        return replace(document, blocks=blocks)
    cells = tuple(
        cell._replace(text=text) if (cell.row, cell.col) == (row, col) else cell
        for cell in document.grids[grid].cells
    )
    grids = list(document.grids)
    grids[grid] = replace(grids[grid], cells=cells)
    return replace(document, grids=tuple(grids))


def _claim(found: Found, key: Key) -> tuple[str, str | None, str | None] | None:
    for _form, out in found:
        if key in out.claims:
            claim = out.claims[key]
            return claim.role, claim.field, claim.match
    return None


def _difference(before: Found, after: Found, slot: Slot, code: str | None) -> str | None:
    """Return the first column in which two results differ, those that quote the cell left out."""
    if [form.rule.name for form, _ in before] != [form.rule.name for form, _ in after]:
        return "form_type"
    quoted = {
        (place, use.dataset, use.row_index, use.field)
        for found in (before, after)
        for place, (_form, out) in enumerate(found)
        for use in out.uses
        if use.key == slot.key
    } - set(slot.codes)
    old, new = columns(before), columns(after)
    if code is not None:
        old |= dict.fromkeys(slot.codes, code)
    for column in sorted(old.keys() | new.keys(), key=str):
        if column not in quoted and old.get(column) != new.get(column):
            _place, dataset, row, field = column
            return f"{dataset}.{field}" if row is None else f"{dataset}[{row}].{field}"
    return None


def columns(found: Found) -> dict[Column, object]:
    """Return every value by (form, dataset, row, field)."""
    values: dict[Column, object] = {}
    for place, (_form, out) in enumerate(found):
        values.update({(place, "forms", None, name): value for name, value in out.forms.items()})
        for dataset, rows in out.rows.items():
            for number, row in enumerate(rows):
                values.update({(place, dataset, number, name): value for name, value in row.items()})
    return {column: value for column, value in values.items() if value is not None}


def _compare(example: Example, found: Found) -> Iterator[Fault]:
    """Yield a fault for each expected value that did not come, and for each number of rows that differs."""
    for form, _out in found:
        if form.rule.name != example.form:
            yield _differs(example.place, example, "form_type", example.form, form.rule.name)
    for dataset in DATASETS:
        if dataset not in example.rows:
            continue
        wanted = example.rows[dataset]
        got = _rows(found, dataset)
        if len(got) != len(wanted):
            yield _differs(example.place, example, f"{dataset}：行数 rows", len(wanted), len(got))
        for number, (expected, row) in enumerate(zip(wanted, got, strict=False)):
            for column, (value, place) in expected.items():
                if not _equal(value, row.get(column)):
                    yield _differs(place, example, f"{dataset}[{number}].{column}", value, row.get(column))


def _rows(found: Found, dataset: str) -> Sequence[dict[str, object]]:
    if dataset == "forms":
        return [{**out.forms, "form_type": form.rule.name, "form_index": form.index} for form, out in found]
    return [row for _form, out in found for row in out.rows.get(dataset, ())]


def _equal(expected: Expected, got: object) -> bool:
    if isinstance(expected, Decimal):
        return isinstance(got, int | float | Decimal) and Decimal(str(got)) == expected
    return got == expected


def _differs(place: Fault, example: Example, what: str, expected: object, got: object) -> Fault:
    shown = tuple("空 null" if value is None else value for value in (expected, got))
    message = (
        f"示例“{example.name}” {what}：应为 {shown[0]}，得到 {shown[1]} | expected {shown[0]}, got {shown[1]}"
    )
    return replace(place, message=message)


def _note(assertion: Assertion, zh: str, en: str) -> Fault:
    message = f"“{assertion.text}” 应为 {assertion.owner} {assertion.target}，{zh} | must be that; {en}"
    return replace(assertion.place, message=message)
