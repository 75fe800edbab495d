"""Matrix sections: a row's label crossed with a column's label gives one value of one row."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.extractors.typed import Sink, unit_in
from pipeline.model import Cell, Claim, Column, Form, Key, Lattice, Line, Pair, Section, Table, Use, Yield
from pipeline.rulebook.index import Index
from pipeline.text.labels import fold, fold_keep, notes
from pipeline.text.values import clean

_STATED = re.compile(r"单位:(?P<unit>[百千]?[万亿]?元)$")
#: The code of a sum whose label names its column and no source.
_WHOLE = "total"


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Add one row per line whose label is known or which holds a value; amounts take the printed unit."""
    for table in form.tables:
        if table.section.name == section.name:
            _table(form, table, out, index)


def _table(form: Form, table: Table, out: Yield, index: Index) -> None:
    general = _general_unit(form, table, out)
    heads = [_Head.of(column) for column in table.columns]
    merged = _Merged()
    for pair in table.pairs:
        _pair(form, table, pair, merged, general, out, index)
    for line in table.lines:
        lattice = form.lattices[line.grid]
        _row(form, table, lattice, line, heads, general, out, index)


class _Head(NamedTuple):
    """A column with what its head says of the values below it."""

    column: Column
    unit: str | None
    percent: bool
    claim: Claim

    @classmethod
    def of(cls, column: Column) -> "_Head":
        """Return a column with the unit and the sign of percent in its head."""
        percent = any("%" in part for part in notes(column.text))
        claim = Claim("value", None, column.how, column.spelling.place)
        return cls(column, unit_in(column.text) or column.rule.unit, percent, claim)


def _pair(
    form: Form, table: Table, pair: Pair, merged: "_Merged", general: str | None, out: Yield, index: Index
) -> None:
    """Add an amount to the row of its label: a new one, or that of the label's other amounts."""
    section = table.section
    if section.rows is None:
        return
    found = index.word(section.rows.vocabulary, pair.text)
    field = pair.field or section.rows.default
    spelling = found[1] if found is not None else pair.named
    if field is None or spelling is None:
        return
    rows = out.rows.setdefault(section.dataset, [])
    number = merged.place(pair, found[0] if found is not None else "", field, rows)
    label_rule = section.rows
    if number == len(rows):
        rows.append(dict(section.constants))
        if "horizon" in rows[number]:
            rows[number]["horizon"] = pair.horizon
    row = rows[number]
    sink = Sink(out, index, row, form.lattices, section.dataset, number)
    if row.get(label_rule.code_field) is None:
        row[label_rule.code_field] = found[0] if found is not None else _WHOLE
        sink.use(label_rule.code_field, (pair.label,), spelling.place)
    if found is not None:
        sink.put(label_rule.label_field, pair.text, (pair.label,), spelling.place)
    lattice = form.lattices[pair.label[0]]
    text, keys = pair.inline or "", (pair.label,)
    if pair.value is not None:
        cell = lattice.at(pair.value[1], pair.value[2])
        text, keys = (cell.text if cell is not None else ""), (pair.value,)
        out.claims.setdefault(pair.value, Claim("value", None, spelling.tier, spelling.place))
    own = unit_in(pair.text)
    if own is not None and pair.whole:
        merged.units[field] = own
    if own is not None and out.forms.get("amount_unit") is None:
        out.forms["amount_unit"] = own
        out.uses.append(Use("forms", None, "amount_unit", pair.label, spelling.place))
    unit = own or merged.units.get(field) or general
    sink.put(field, text, keys, (pair.named or spelling).place, unit)
    role = "value" if pair.inline is not None else "label"
    claimed = label_rule.label_field if found is not None else field
    out.claims[pair.label] = Claim(role, claimed, spelling.tier, spelling.place)


class _Merged:
    """Which row an amount without header belongs to: several columns of one source make one row."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str | None], int] = {}
        self.units: dict[str, str] = {}

    def place(self, pair: Pair, code: str, field: str, rows: list[dict[str, object]]) -> int:
        """Return the number of the row: the next one, or one of the same source that lacks the field."""
        if not pair.field:
            return len(rows)
        name = _WHOLE if pair.whole else f"{code} {fold(pair.text)}"
        key = (name, pair.horizon)
        known = self.rows.get(key)
        if known is None or rows[known].get(field) is not None:
            self.rows[key] = len(rows)
            return len(rows)
        return known


def _row(
    form: Form,
    table: Table,
    lattice: Lattice,
    line: Line,
    heads: list[_Head],
    general: str | None,
    out: Yield,
    index: Index,
) -> None:
    section = table.section
    rows = out.rows.setdefault(section.dataset, [])
    row: dict[str, object] = dict(section.constants)
    sink = Sink(out, index, row, form.lattices, section.dataset, len(rows))
    uses, problems = len(out.uses), len(out.problems)
    name = _name(form, table, lattice, line, index)
    found = index.word(section.rows.vocabulary, name.text) if name is not None and section.rows else None
    if name is not None and section.rows is not None:
        sink.put(section.rows.label_field, name.text, (lattice.key(name),), section.place)
        if found is not None:
            row[section.rows.code_field] = found[0]
            sink.use(section.rows.code_field, (lattice.key(name),), found[1].place)
    unit = (unit_in(name.text) if name is not None else None) or general
    claimed: list[tuple[Key, Claim]] = []
    values = 0
    for head in heads:
        column = head.column
        field = column.rule.field
        for cell in lattice.covering(line.row, column.start, column.end):
            if cell.row != line.row or cell is name or table.is_taken(cell, column):
                continue
            if not cell.text.strip():
                continue
            key = lattice.key(cell)
            before = row.get(field)
            sink.put(field, cell.text, (key,), column.spelling.place, head.unit or unit, head.percent)
            claimed.append((key, head.claim))
            values += row.get(field) is not before
    if found is None and not values:
        del out.uses[uses:], out.problems[problems:]
        return
    rows.append(row)
    if name is not None:
        labelled = section.rows.label_field if section.rows is not None else None
        match, place = (found[1].tier, found[1].place) if found is not None else (None, section.place)
        out.claims[lattice.key(name)] = Claim("label", labelled, match, place)
    out.claims.update(claimed)


def _name(form: Form, table: Table, lattice: Lattice, line: Line, index: Index) -> Cell | None:
    """Return the cell that names the row: left of the first value column, the one that the vocabulary knows."""
    first = table.columns[0].start
    cells = [
        cell
        for cell in lattice.covering(line.row, 0, first)
        if cell.row == line.row and cell.text.strip() and lattice.key(cell) not in form.headers
    ]
    if table.section.rows is not None:
        for cell in reversed(cells):
            if index.word(table.section.rows.vocabulary, cell.text) is not None:
                return cell
    named = [cell for cell in cells if any(char.isalpha() for char in cell.text)]
    return named[-1] if named else None


def _general_unit(form: Form, table: Table, out: Yield) -> str | None:
    """Return the unit printed for the whole table: in its name, in its name column's head, above the form."""
    for key in form.headers:
        lattice = form.lattices.get(key[0])
        cell = lattice.at(key[1], key[2]) if lattice else None
        if cell is None or form.headers[key][1] != table.section.name:
            continue
        unit = unit_in(cell.text)
        if unit is not None:
            if out.forms.get("amount_unit") != unit:
                out.forms["amount_unit"] = unit
                out.uses = [use for use in out.uses if use.field != "amount_unit"]
                out.uses.append(Use("forms", None, "amount_unit", key, form.headers[key][0].place))
            return unit
    for key, text in _beside_heads(form, table):
        stated = _STATED.search(fold_keep(text))
        unit = unit_in(text) or (stated["unit"] if stated else None)
        if unit is not None:
            out.claims.setdefault(key, Claim("header", None, None, table.section.place))
            if out.forms.get("amount_unit") is None:
                out.forms["amount_unit"] = unit
                out.uses.append(Use("forms", None, "amount_unit", key, table.section.place))
            return unit
    for column in table.columns:
        unit = unit_in(column.text)
        if unit is not None and out.forms.get("amount_unit") is None and column.header:
            out.forms["amount_unit"] = unit
            out.uses.append(Use("forms", None, "amount_unit", column.header[0], column.spelling.place))
    printed = out.forms.get("amount_unit")
    return clean(str(printed)) if printed is not None else None


def _beside_heads(form: Form, table: Table) -> Iterator[tuple[Key, str]]:
    """Yield the cells left of the columns in the rows of their heads: what stands over the rows' names."""
    if not table.columns or not table.columns[0].header:
        return
    lattice = form.lattices[table.columns[0].header[0][0]]
    for row in sorted({key[1] for column in table.columns for key in column.header}):
        for cell in lattice.covering(row, 0, table.columns[0].start):
            yield lattice.key(cell), cell.text
