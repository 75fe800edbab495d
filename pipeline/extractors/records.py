"""Records sections: header rows, then one record per row, levels filled down, totals at the end."""

from dataclasses import dataclass, field

from pipeline.extractors import outline
from pipeline.extractors.torn import Torn, torn_names
from pipeline.extractors.typed import Sink
from pipeline.extractors.unnamed import with_signs
from pipeline.model import Cell, Claim, Column, Form, Key, Lattice, Line, Section, Table, TotalRule, Yield
from pipeline.rulebook.index import Index
from pipeline.text.values import NotAValue, clean, parse_number

_SAME = frozenset({"〃", "同上", "″", '"', "”", "''"})
_SIGNS = frozenset("≥≤≧≦＞＜>=<＝=═⩾⩽~～")
_ALL_SIGNS = "".join(sorted(_SIGNS))
_NATURE = {"定性": "nature", "定量": "nature", "正向": "direction", "反向": "direction", "逆向": "direction"}
_MARKED = ("sign", "direction", "nature")
_TICKS = frozenset("√✓✔☑■●")


class _Columns:
    """What every record of a table asks of its columns, found out once for the table.

    ``by_field`` is the last column of each field, ``names`` those that name the record, ``marked`` the fields
    in _MARKED, ``values`` the columns of all other fields but the unit; ``end`` is where the last ends;
    ``apart`` says that no two of them share a place.
    """

    def __init__(self, table: Table) -> None:
        columns = table.columns
        self.by_field = {column.rule.field: column for column in columns}
        self.claims = {name: _value_claim(column) for name, column in self.by_field.items()}
        self.names = [column for column in columns if column.rule.names]
        self.named = {column.rule.field for column in self.names}
        self.deepest = self.names[-1].rule.field if self.names else ""
        self.marked = [name for name in _MARKED if name in self.by_field]
        own = self.named.union(_MARKED, ("target_unit",))
        self.values = [column for column in columns if column.rule.field not in own]
        self.end = max(column.end for column in columns)
        places = [place for column in columns for place in range(column.start, column.end)]
        self.apart = len(places) == len(set(places))


@dataclass(slots=True)
class _Carry:
    """The level names that go on downwards: field -> (text, cell); ``torn`` are those cut by a page break."""

    torn: Torn
    columns: _Columns
    values: dict[str, tuple[str, Key]] = field(default_factory=dict)


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Add one row per record; a line that names nothing and holds nothing is ``ignored: placeholder``."""
    for table in form.tables:
        if table.section.name != section.name:
            continue
        if table.outline:
            outline.read(form, table, out, index)
            continue
        table = with_signs(form, table)
        if table.lines:
            carry = _Carry(torn_names(form, table, index), _Columns(table))
            for line in table.lines:
                _record(form, table, line, carry, out, index)
        for line in table.totals:
            _total(form, table, line, out, index)


def _record(form: Form, table: Table, line: Line, carry: _Carry, out: Yield, index: Index) -> None:
    lattice = form.lattices[line.grid]
    columns = carry.columns
    cells = _align(table, columns, lattice, line)
    if cells is None:
        return
    texts, keys = _printed(line.grid, cells)
    levels = _levels(columns, lattice, cells, carry)
    name_text, name_key = levels.get(columns.deepest, ("", (line.grid, line.row, 0)))
    if (
        (clean(name_text) is None or name_key[:2] != (line.grid, line.row))
        # nothing but names, and no name of its own
        and all([clean(text) is None for name, text in texts.items() if name not in columns.named])
    ):
        _ignore(columns, keys, out)
        return
    if table.recipient is not None and clean(texts[table.recipient.rule.field]) is None:
        return
    rows = out.rows.setdefault(table.section.dataset, [])
    row: dict[str, object] = dict(table.section.constants)
    if "horizon" in row:
        row["horizon"] = table.horizon
    sink = Sink(out, index, row, form.lattices, table.section.dataset, len(rows))
    for column in columns.names:
        name = column.rule.field
        if name in levels:
            text, key = levels[name]
            used = carry.torn[key][1] if key in carry.torn else (key,)
            sink.put(name, text, used, columns.by_field[name].spelling.place)
            out.claims[key] = columns.claims[name]
    if (to := table.recipient) is not None:
        sink.put("recipient", to.recipient, to.header[-1:], to.spelling.place)
    _values(table, columns, cells, texts, keys, sink)
    _codes(table, row, levels, sink, index)
    rows.append(row)
    for name, found in keys.items():
        for key in found:
            out.claims.setdefault(key, columns.claims[name])


def _value_claim(column: Column) -> Claim:
    return Claim("value", None, column.how, column.spelling.place)


def _printed(grid: int, cells: dict[str, list[Cell]]) -> tuple[dict[str, str], dict[str, tuple[Key, ...]]]:
    """Return field -> text and field -> cells of the fields' cells; several cells of one are joined."""
    texts: dict[str, str] = {}
    keys: dict[str, tuple[Key, ...]] = {}
    for name, found in cells.items():
        if len(found) == 1:
            cell = found[0]
            texts[name], keys[name] = cell.text, ((grid, cell.row, cell.col),)
        else:
            texts[name] = _joined(found)
            keys[name] = tuple([(grid, cell.row, cell.col) for cell in found])
    return texts, keys


def _joined(cells: list[Cell]) -> str:
    if len(cells) == 1:
        return cells[0].text
    return "".join([cell.text.strip() for cell in cells])


def _align(table: Table, columns: _Columns, lattice: Lattice, line: Line) -> dict[str, list[Cell]] | None:
    """Return field -> the cells with text of a row that lie in its column; None where the row is no record."""
    printed = lattice.printed(line.row)
    if not printed:
        return None
    starting = lattice.starting(line.row)
    end = columns.end
    shift = 0
    gap = len(starting)
    if not lattice.spans and len(starting) < end:
        if len(printed) < 2:
            return None
        gap, shift = _gap(table, starting, end - len(starting))
    if not lattice.spans:
        return _placed_cells(table, columns, starting, gap, shift)
    if _is_note(table, columns, printed):
        return None
    found: dict[str, list[Cell]] = {name: [] for name in columns.by_field}
    row = line.row
    for column in table.columns:
        fill = column.rule.fill
        first = column.start if columns.apart else lattice.width
        for cell in lattice.covering(row, column.start, column.end):
            if not (fill or cell.row == row) or not cell.text.strip():
                continue
            if cell.col >= first or not table.is_taken(cell, column):
                found[column.rule.field].append(cell)
    return found


def _placed_cells(
    table: Table, columns: _Columns, starting: tuple[Cell, ...], gap: int, shift: int
) -> dict[str, list[Cell]]:
    """Return field -> cells of a row without spans that lost ``shift`` cells at ``gap``."""
    found: dict[str, list[Cell]] = {name: [] for name in columns.by_field}
    for column in table.columns:
        for place in range(column.start, column.end):
            at = place if place < gap else place - shift
            if 0 <= at < len(starting) and not gap <= place < gap + shift and starting[at].text.strip():
                found[column.rule.field].append(starting[at])
    return found


def _gap(table: Table, starting: tuple[Cell, ...], missing: int) -> tuple[int, int]:
    """Return where a short row of a medium without spans lost its merged cells: at the end, or where types fit."""
    numeric = [column.start for column in table.columns if column.rule.field in ("weight", "score")]
    for gap in range(len(starting), 0, -1):
        fits = True
        for place in numeric:
            at = place if place < gap else place - missing
            if gap <= place < gap + missing or at >= len(starting):
                continue
            fits = fits and _numeric(starting[at].text)
        if fits:
            return gap, missing
    return len(starting), missing


def _numeric(text: str) -> bool:
    printed = clean(text)
    if printed is None:
        return True
    try:
        parse_number(printed.removesuffix("分"))
    except NotAValue:
        return False
    return True


def _is_note(table: Table, columns: _Columns, printed: tuple[Cell, ...]) -> bool:
    """Say whether a row is one text across all name columns: a remark, no record."""
    if len(printed) != 1 or not columns.names:
        return False
    cell = printed[0]
    wide = cell.col <= columns.names[0].start and cell.col + cell.col_span >= table.columns[-1].end
    return wide and len(table.columns) > 1


def _levels(
    columns: _Columns, lattice: Lattice, cells: dict[str, list[Cell]], carry: _Carry
) -> dict[str, tuple[str, Key]]:
    """Return field -> (text, cell) of the name columns, empty ones filled from above, ditto marks resolved."""
    found: dict[str, tuple[str, Key]] = {}
    for place, column in enumerate(columns.names):
        name = column.rule.field
        full = cells[name]
        carried = carry.values.get(name)
        if full and full[0].text.strip() not in _SAME:
            text, key = _joined(full), lattice.key(full[0])
            text = carry.torn[key][0] if key in carry.torn else text
            if carried is None or (carried[1] != key and carried[0].strip() != text.strip()):
                for lower in columns.names[place + 1 :]:
                    carry.values.pop(lower.rule.field, None)
            carry.values[name] = found[name] = (text, key)
        elif carried is not None and (column.rule.fill or full):
            found[name] = carried
    return found


def _ignore(columns: _Columns, keys: dict[str, tuple[Key, ...]], out: Yield) -> None:
    """Account for a line that is no row: its cells, and level names that no later row uses."""
    for name, found in keys.items():
        for key in found:
            place = columns.by_field[name].spelling.place
            out.claims.setdefault(key, Claim("ignored", None, None, place, "placeholder"))


def _values(
    table: Table,
    columns: _Columns,
    cells: dict[str, list[Cell]],
    texts: dict[str, str],
    keys: dict[str, tuple[Key, ...]],
    sink: Sink,
) -> None:
    """Put every column that is no level; sign, number and unit in three cells are joined."""
    sign = ""
    sign_keys: tuple[Key, ...] = ()
    for name in columns.marked:
        printed = clean(texts[name]) or ""
        if not printed:
            continue
        if all(char in _SIGNS for char in printed):
            sign, sign_keys = printed, keys[name]
        else:
            goes_to = _NATURE.get(printed, name)
            if goes_to != "sign":
                sink.put(goes_to, printed, keys[name], columns.by_field[name].spelling.place)
    unit = clean(texts.get("target_unit", "")) or ""
    for column in columns.values:
        name = column.rule.field
        text, used = texts[name], keys[name]
        if not used:
            continue
        if column.rule.several:
            text, used = _several(table, name, cells[name], used)
        elif name.endswith("_text") and (bare := clean(text)) is not None:
            text, joined = _with_sign_and_unit(sign if name == "target_text" else "", bare, unit)
            used += sign_keys if joined[0] else ()
            used += keys["target_unit"] if joined[1] and "target_unit" in keys else ()
        sink.put(name, text, used, column.spelling.place)


def _several(
    table: Table, name: str, cells: list[Cell], keys: tuple[Key, ...]
) -> tuple[str, tuple[Key, ...]]:
    """Return the text of a field that several columns give: their texts, a tick as its column's label."""
    parts: list[str] = []
    used: list[Key] = []
    for cell, key in zip(cells, keys, strict=True):
        printed = clean(cell.text)
        if printed is None:
            continue
        column = next(
            (one for one in table.columns if one.rule.field == name and one.start <= cell.col < one.end), None
        )
        tick = all(char in _TICKS for char in printed)
        parts.append(column.lowest if tick and column is not None else printed)
        used.append(key)
    return "；".join(parts), tuple(used)


def _with_sign_and_unit(sign: str, text: str, unit: str) -> tuple[str, tuple[bool, bool]]:
    """Return number with the sign before and the unit behind it, and which of the two were joined."""
    bare = text.lstrip(_ALL_SIGNS)
    if not bare[:1].isdigit():
        return text, (False, False)
    with_sign = bool(sign) and text == bare
    with_unit = bool(unit) and not text.endswith(unit) and bare[-1:].isdigit()
    return (sign if with_sign else "") + text + (unit if with_unit else ""), (with_sign, with_unit)


def _codes(
    table: Table,
    row: dict[str, object],
    levels: dict[str, tuple[str, Key]],
    sink: Sink,
    index: Index,
) -> None:
    for name, source, vocabulary in table.section.codes:
        if source not in levels or row.get(source) is None:
            continue
        found = index.word(vocabulary, levels[source][0])
        if found is not None:
            row[name] = found[0]
            sink.use(name, (levels[source][1],), found[1].place)


def _total(form: Form, table: Table, line: Line, out: Yield, index: Index) -> None:
    """Read a total row: the stated sums go to the form, as printed."""
    lattice = form.lattices[line.grid]
    look = index.forms[form.rule.name].look
    starting = lattice.starting(line.row)
    label = next((cell for cell in starting if table.section.name in look(cell.text).totals), None)
    if label is None:
        return
    rule, spelling = look(label.text).totals[table.section.name]
    out.claims[lattice.key(label)] = Claim("label", _first_value(rule), spelling.tier, spelling.place)
    sink = Sink(out, index, out.forms, form.lattices)
    for column_field, form_field in rule.values:
        cell = _total_cell(table, lattice, line, label, column_field)
        if cell is None or not cell.text.strip() or lattice.key(cell) in out.claims:
            continue
        sink.put(form_field, cell.text, (lattice.key(cell),), spelling.place)
        out.claims[lattice.key(cell)] = Claim("value", None, spelling.tier, spelling.place)


def _first_value(rule: TotalRule) -> str | None:
    return rule.values[-1][1] if rule.values else None


def _total_cell(table: Table, lattice: Lattice, line: Line, label: Cell, column_field: str) -> Cell | None:
    """Return the total row's cell under a column."""
    column = next((column for column in table.columns if column.rule.field == column_field), None)
    if column is None:
        return None
    if not lattice.spans:
        return _placed(table, lattice.starting(line.row), label).get(column.start)
    for cell in lattice.covering(line.row, column.start, column.end):
        if cell is not label and cell.row == line.row:
            return cell
    return None


def _placed(table: Table, starting: tuple[Cell, ...], label: Cell) -> dict[int, Cell]:
    """Return column -> cell of a total row that lost its merged cells.

    The label takes up the missing cells; where the row's end is cut off as well, the numbers show it: they
    stand under the columns that the total states, and nowhere else.
    """
    wanted = {name for rule in table.section.totals for name, _field in rule.values}
    places = {column.start for column in table.columns if column.rule.field in wanted}
    behind = [cell for cell in starting if cell.col > label.col]
    missing = max(0, max(column.end for column in table.columns) - len(starting))
    for cut in range(missing + 1):
        placed = {cell.col + missing - cut: cell for cell in behind}
        full = [(place, cell) for place, cell in placed.items() if clean(cell.text) is not None]
        if all((place in places) == _numeric(cell.text) for place, cell in full):
            return placed
    return {}
