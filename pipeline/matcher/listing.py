"""Lists of projects, many forms in one table: a row per project with its indicators as text, or a tree of rows."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.matcher.amounts import is_amount
from pipeline.matcher.items import Item, Stretch
from pipeline.matcher.walk import Walk
from pipeline.model import Block, Cell, Column, Hit, Lattice, Line, Pair, Section, Table
from pipeline.rulebook.index import FormIndex, Index, Named
from pipeline.text.labels import notes

#: 【产出指标-数量指标】 opens the indicators of a kind in running text.
_KIND = re.compile(r"【[^】\n]{2,12}[-—－][^】\n]{2,16}】")
_AIM = re.compile(r"【(?:[^】]{0,4}目标)】[:：]?\s*(?P<value>[^【]+)")


class _Head(NamedTuple):
    """The head of a list: its row, the columns of name and amount, what else the form type needs of it."""

    line: Line
    name: int
    named: Named
    money: int
    amount: Named
    text: int
    target: Named


def listed(stretch: Stretch, lattices: Sequence[Lattice], index: Index) -> Iterator[tuple[Stretch, Walk]]:
    """Yield each project of a list as a stretch with what was found in it; nothing where the stretch holds no list."""
    rules = [stretch.title.rule.name] if stretch.title is not None else list(index.forms)
    for name in rules:
        labels = index.forms[name]
        if not any(section.rows is not None and section.rows.default for section in labels.rule.sections):
            continue
        for at, item in enumerate(stretch.items):
            head = _head(item, lattices[item.grid], labels) if isinstance(item, Line) else None
            if head is None or isinstance(item, Block):
                continue
            rows = [one for one in stretch.items[at + 1 :] if isinstance(one, Line) and one.grid == item.grid]
            yield from _projects(stretch, stretch.items[:at], rows, head, lattices[item.grid], labels, index)
            return


def _head(line: Line, lattice: Lattice, labels: FormIndex) -> _Head | None:
    """Return the head that a row is: it names projects, their amount and their targets, and holds no figure."""
    cells = lattice.printed(line.row)
    if not 3 <= len(cells) <= 8:
        return None
    name = money = text = None
    for cell in cells:
        look = labels.look(cell.text)
        records = next((one for one in look.columns.values() if one.section.kind == "records"), None)
        matrix = next((one for one in look.columns.values() if one.section.kind == "matrix"), None)
        if records is not None and records.rule.names and name is None:
            name = (cell.col, records)
        elif look.fields is not None and _names_project(cell.text, look.fields):
            name = (cell.col, look.fields)
        elif matrix is not None and matrix.section.rows is not None and money is None:
            money = (cell.col, matrix)
        elif (records is not None and records.rule.field == "target_text") or (
            look.fields is not None and look.fields.rule.field.startswith("goal_")
        ):
            text = (cell.col, records or look.fields)
        elif records is not None:
            return None
    if name is None or money is None or text is None or text[1] is None:
        return None
    return _Head(line, *name, *money, text[0], text[1])


def _names_project(text: str, named: Named) -> bool:
    """Say whether a head is over names of projects: 单位名称（项目类别/支出项目） is, below its units."""
    field = named.rule.field
    return field == "project_name" or (
        field == "implementing_unit" and any("项目" in part for part in notes(text))
    )


def _projects(
    stretch: Stretch,
    above: Sequence[Item],
    rows: Sequence[Line],
    head: _Head,
    lattice: Lattice,
    labels: FormIndex,
    index: Index,
) -> Iterator[tuple[Stretch, Walk]]:
    tree = head.target.section.kind == "records"
    groups = _trees(rows, head, lattice) if tree else _texts(rows, head, lattice)
    heading = [((-1, item.order, 0), item.text) for item in above if isinstance(item, Block)]
    records = next((one for one in labels.rule.sections if one.kind == "records"), None)
    for number, (start, lines) in enumerate(groups):
        if records is None:
            return
        walk = Walk(labels, index, heading=list(heading))
        _money(walk, start, head, lattice)
        name = lattice.at(start.row, head.name)
        if name is not None:
            walk.hits.append(_name(labels, head, lattice, name))
        if not tree and (cell := lattice.at(start.row, head.text)) is not None:
            aim = _AIM.search(cell.text)
            if aim is not None:
                named = head.target
                key = lattice.key(cell)
                walk.hits.append(
                    Hit(
                        key,
                        cell.text,
                        named.section,
                        named.rule,
                        named.spelling,
                        named.how,
                        inline=aim["value"].strip(),
                    )
                )
        walk.tables.append(_table(records, lines, head, "tree" if tree else "text"))
        items = (*(above if number == 0 else ()), *((head.line,) if number == 0 else ()), *(start, *lines))
        yield Stretch(stretch.title, tuple(dict.fromkeys(items))), walk


def _texts(rows: Sequence[Line], head: _Head, lattice: Lattice) -> Iterator[tuple[Line, list[Line]]]:
    """Yield the rows whose text lists indicators, each a project of its own."""
    for line in rows:
        cell = lattice.at(line.row, head.text)
        if cell is not None and cell.row == line.row and _KIND.search(cell.text):
            yield line, [line]


def _trees(rows: Sequence[Line], head: _Head, lattice: Lattice) -> Iterator[tuple[Line, list[Line]]]:
    """Yield each row with an amount and no target, with the rows down to the next such."""
    start: Line | None = None
    lines: list[Line] = []
    for line in rows:
        amount, target = lattice.at(line.row, head.money), lattice.at(line.row, head.text)
        bare = target is None or not target.text.strip()
        if amount is not None and is_amount(amount.text) and bare:
            if start is not None and lines:
                yield start, lines
            start, lines = line, []
        elif start is not None:
            lines.append(line)
    if start is not None and lines:
        yield start, lines


def _money(walk: Walk, line: Line, head: _Head, lattice: Lattice) -> None:
    """Take the project's amount as a sum under its head."""
    label, value = lattice.at(head.line.row, head.money), lattice.at(line.row, head.money)
    if label is None or value is None:
        return
    horizon = dict(head.amount.section.constants).get("horizon")
    pair = Pair(
        lattice.key(label),
        label.text,
        lattice.key(value),
        None,
        horizon,
        head.amount.rule.field,
        head.amount.spelling,
        True,
    )
    walk.tables.append(Table(head.amount.section, (), (), pairs=(pair,)))


def _name(labels: FormIndex, head: _Head, lattice: Lattice, cell: Cell) -> Hit:
    """Return the hit that gives the project's name, as the label of that field does where the head is a level's."""
    for section in labels.rule.sections:
        rule = section.label("project_name") if section.kind == "fields" else None
        if rule is not None:
            spelling, how = head.named.spelling, head.named.how
            return Hit(lattice.key(cell), cell.text, section, rule, spelling, how, inline=cell.text.strip())
    raise LookupError("project_name")


def _table(records: Section, lines: Sequence[Line], head: _Head, outline: str) -> Table:
    """Return the table of a project's indicators: the deepest level and the target, or the text of both."""
    names = [rule for rule in records.labels if rule.names]
    target = records.label("target_text")
    columns = [
        Column(rule, head.named.spelling, head.named.how, start, start + 1, (), "")
        for rule, start in ((names[-1] if names else None, head.name), (target, head.text))
        if rule is not None
    ]
    horizon = dict(records.constants).get("horizon")
    return Table(records, tuple(columns), tuple(lines), horizon=horizon, outline=outline)
