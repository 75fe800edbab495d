"""Matrix sections: a row's label crossed with a column's label gives one value of one row."""

from collections.abc import Iterator

from pipeline.extractors.typed import Sink, Target, unit_in
from pipeline.model import Cell, Claim, Column, Form, Key, Lattice, Line, Pair, Section, Table, Use, Yield
from pipeline.rulebook.index import Index
from pipeline.text.labels import notes
from pipeline.text.values import clean


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Add one row per line whose label is known or which holds a value; amounts take the printed unit."""
    for table in form.tables:
        if table.section.name == section.name:
            _table(form, table, out, index)


def _table(form: Form, table: Table, out: Yield, index: Index) -> None:
    general = _general_unit(form, table, out)
    for pair in table.pairs:
        _pair(form, table, pair, general, out, index)
    for line in table.lines:
        lattice = form.lattices[line.grid]
        _row(form, table, lattice, line, general, out, index)


def _pair(form: Form, table: Table, pair: Pair, general: str | None, out: Yield, index: Index) -> None:
    """Add the row of a label with its one value beside it."""
    section = table.section
    found = index.word(section.rows.vocabulary, pair.text) if section.rows else None
    if section.rows is None or section.rows.default is None or found is None:
        return
    rows = out.rows.setdefault(section.dataset, [])
    number = len(rows)
    row: dict[str, object] = dict(section.constants)
    if "horizon" in row:
        row["horizon"] = pair.horizon
    sink = Sink(out, index, row, form.lattices)
    code, spelling = found
    sink.put(
        Target(section.dataset, number, section.rows.label_field, spelling.place), pair.text, (pair.label,)
    )
    row[section.rows.code_field] = code
    target = Target(section.dataset, number, section.rows.default, spelling.place)
    sink.use(target, section.rows.code_field, (pair.label,))
    lattice = form.lattices[pair.label[0]]
    text, keys = pair.inline or "", (pair.label,)
    if pair.value is not None:
        cell = lattice.at(pair.value[1], pair.value[2])
        text, keys = (cell.text if cell is not None else ""), (pair.value,)
        out.claims.setdefault(pair.value, Claim("value", None, spelling.tier, spelling.place))
    sink.put(target, text, keys, unit=unit_in(pair.text) or general)
    role = "value" if pair.inline is not None else "label"
    out.claims[pair.label] = Claim(role, section.rows.label_field, spelling.tier, spelling.place)
    rows.append(row)


def _row(
    form: Form, table: Table, lattice: Lattice, line: Line, general: str | None, out: Yield, index: Index
) -> None:
    section = table.section
    rows = out.rows.setdefault(section.dataset, [])
    row: dict[str, object] = dict(section.constants)
    sink = Sink(out, index, row, form.lattices)
    number = len(rows)
    uses, problems = len(out.uses), len(out.problems)
    name = _name(form, table, lattice, line, index)
    named = False
    if name is not None and section.rows is not None:
        target = Target(section.dataset, number, section.rows.label_field, section.place)
        sink.put(target, name.text, (lattice.key(name),))
        found = index.word(section.rows.vocabulary, name.text)
        if found is not None:
            named = True
            row[section.rows.code_field] = found[0]
            sink.use(target, section.rows.code_field, (lattice.key(name),), found[1].place)
    claimed: list[tuple[Cell, Column]] = []
    values = 0
    for column in table.columns:
        for cell in lattice.covering(line.row, column.start, column.end):
            if cell.row != line.row or cell is name or table.is_taken(cell, column):
                continue
            if not cell.text.strip():
                continue
            target = Target(section.dataset, number, column.rule.field, column.spelling.place)
            before = row.get(column.rule.field)
            sink.put(
                target,
                cell.text,
                (lattice.key(cell),),
                unit=unit_in(column.text) or column.rule.unit or (name and unit_in(name.text)) or general,
                percent=any("%" in part for part in notes(column.text)),
            )
            claimed.append((cell, column))
            values += row.get(column.rule.field) is not before
    if not named and not values:
        del out.uses[uses:], out.problems[problems:]
        return
    rows.append(row)
    if name is not None:
        place = section.place
        found = index.word(section.rows.vocabulary, name.text) if section.rows else None
        claim = Claim("label", section.rows.label_field if section.rows else None, None, place)
        if found is not None:
            claim = Claim(
                "label", section.rows.label_field if section.rows else None, found[1].tier, found[1].place
            )
        out.claims[lattice.key(name)] = claim
    for cell, column in claimed:
        out.claims[lattice.key(cell)] = Claim("value", None, column.how, column.spelling.place)


def _name(form: Form, table: Table, lattice: Lattice, line: Line, index: Index) -> Cell | None:
    """Return the cell that names the row: left of the first value column, the one that the vocabulary knows."""
    first = table.columns[0].start
    cells = [
        cell
        for cell in lattice.covering(line.row, 0, first)
        if cell.text.strip() and cell.row == line.row and lattice.key(cell) not in form.headers
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
        unit = unit_in(text)
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
