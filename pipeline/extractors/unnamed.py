"""A column of signs whose head no rule knows: ≥, ≤ and = say themselves what they are."""

from dataclasses import replace

from pipeline.model import Column, Form, Lattice, Spelling, Table
from pipeline.text.values import clean, parse_comparator

#: So many signs, and nothing else, make a column of signs.
_FEWEST = 2
_WORDS = frozenset({"定性", "定量"})
#: Any of these columns may hold signs; what else stands there says its own name.
_MARKED = ("sign", "nature", "direction")


def with_signs(form: Form, table: Table) -> Table:
    """Return the table with the one column of comparison signs that its header leaves unnamed, else as it is.

    Without it ``≥ | 95%`` would give a target of 95% without its sign: another one than is printed.
    """
    fields = {column.rule.field for column in table.columns}
    rule = table.section.label("sign")
    spare = [name for name in _MARKED if name not in fields]
    named = [column.start for column in table.columns if column.rule.field in _MARKED]
    if rule is None or "target_text" not in fields or not spare:
        return table
    if any(_signs(form, table, place) for place in named):
        return table
    rule = replace(rule, field=spare[0])
    free = [place for place in _free(table) if _signs(form, table, place)]
    if len(free) != 1:
        return table
    place = free[0]
    spelling = rule.spellings[0] if rule.spellings else Spelling("", "", "loose", rule.place)
    column = Column(rule, replace(spelling, tier="loose"), "loose", place, place + 1, (), "")
    return replace(table, columns=tuple(sorted((*table.columns, column), key=lambda one: one.start)))


def _free(table: Table) -> list[int]:
    """Return the places between the first column and the last that belong to none."""
    taken = {place for column in table.columns for place in range(column.start, column.end)}
    return [place for place in range(min(taken), max(taken)) if place not in taken]


def _signs(form: Form, table: Table, place: int) -> bool:
    """Say whether all that is printed in a place are signs, two at least."""
    found = 0
    lattice: Lattice | None
    for line in table.lines:
        lattice = form.lattices.get(line.grid)
        cell = lattice.at(line.row, place) if lattice is not None else None
        if cell is None or cell.col != place or (printed := clean(cell.text)) is None:
            continue
        if parse_comparator(printed) is not None:
            found += 1
        elif printed not in _WORDS:
            return False
    return found >= _FEWEST
