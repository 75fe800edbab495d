"""Amounts of a matrix that has no header row: beside, below or behind the labels that name them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.matcher.amounts import is_amount, is_number
from pipeline.matcher.walk import Sum, Walk
from pipeline.model import Cell, Lattice, Pair, Section
from pipeline.rulebook.index import Look
from pipeline.text.values import clean

# 一、财政拨款：6923.36万元（其中：上级财政资金：120万元）: a source and its amount in running text
_PIECE = re.compile(
    r"(?P<label>[^\s，。；;,、：:()（）\d]{2,14})[：:]?\s*(?P<amount>\d[\d,]*(?:\.\d+)?\s*[百千]?[万亿]?元?)(?![\d%])"
)
_NOT_AMOUNTS = frozenset({"weight", "score", "reason"})
_DEEPEST = 12


def beside_amounts(walk: Walk, full: Sequence[Cell], looks: Sequence[Look], lattice: Lattice) -> bool:
    """Take the labels of a row that name a column and have an amount right of them; say whether there were any."""
    found = False
    for cell, look in zip(full, looks, strict=True):
        beside = lattice.right(cell)
        if beside is None or not is_amount(beside.text) or lattice.key(cell) in walk.headers:
            continue
        for name, named in look.columns.items():
            section = walk.labels.sections[name]
            if section.rows is None or named.rule.field in _NOT_AMOUNTS:
                continue
            known = walk.index.word(section.rows.vocabulary, cell.text) is not None
            if known and section.rows.default:
                continue  # an own row of the usual column: 预算数 beside 其中：财政资金
            key, field = lattice.key(cell), named.rule.field
            walk.sums.append(Sum(name, field, *key))
            _add(
                walk,
                section,
                Pair(key, cell.text, lattice.key(beside), None, None, field, named.spelling, True),
            )
            found = True
    return found


def take(walk: Walk, section: Section, cell: Cell, lattice: Lattice) -> bool:
    """Take a row's label with the value right of it or behind its colon; say whether the cell was one."""
    if section.rows is None or any(
        lattice.key(cell) in (pair.label, pair.value) for pair in walk.pairs.get(section.name, ())
    ):
        return section.rows is not None
    vocabulary = section.rows.vocabulary
    text, inline = cell.text, None
    if walk.index.word(vocabulary, text) is None:
        at = min((place for mark in "：:" if (place := text.rfind(mark)) > 0), default=0)
        text, inline = text[:at], text[at + 1 :]
        if not text or not inline.strip() or walk.index.word(vocabulary, text) is None:
            return False
    field = _field(walk, section, cell, lattice)
    if field is None:
        return False
    beside = lattice.right(cell)
    value = beside if inline is None else None
    if inline is None and beside is None:
        return False
    if value is not None and value.text.strip() and walk.index.word(vocabulary, value.text) is not None:
        value = None
    if value is not None and not field and is_number(value.text):
        behind = lattice.right(value)
        if behind is not None and any(char.isdigit() for char in behind.text) and is_number(behind.text):
            return False  # several amounts and no header: which is which nobody says
    key = lattice.key(value) if value is not None else None
    _add(walk, section, Pair(lattice.key(cell), text, key, inline, None, field))
    return True


def _field(walk: Walk, section: Section, cell: Cell, lattice: Lattice) -> str | None:
    """Return the column that a label left of it or above it names, empty for the usual one, None where nobody says."""
    sums = [one for one in walk.sums if one.section == section.name and one.grid == lattice.index]
    beside = [one for one in sums if one.row == cell.row and one.col < cell.col]
    if beside:
        return beside[-1].field
    above = [one for one in sums if one.row < cell.row]
    if above:
        row = above[-1].row
        over = [one for one in above if one.row == row and one.col == cell.col]
        if over:
            return over[-1].field
        if any(one.row == row for one in above) and sum(one.row == row for one in above) > 1:
            return None  # under a label that names no column of ours
    return "" if section.rows is not None and section.rows.default else None


def _add(walk: Walk, section: Section, pair: Pair) -> None:
    """Add a pair with the horizon that its label says, or else that of the label above it."""
    pairs = walk.pairs.setdefault(section.name, [])
    word = walk.index.word("horizons", pair.text)
    horizon = word[0] if word else None
    if horizon is None:
        same = [one for one in pairs if one.label[2] == pair.label[2]]
        horizon = same[-1].horizon if same else dict(section.constants).get("horizon")
    pairs.append(replace(pair, horizon=horizon))


def told_apart(walk: Walk) -> None:
    """Make the left of two equal sources on a row the whole term's where only the right one says 当年."""
    for name, pairs in walk.pairs.items():
        rows = walk.labels.sections[name].rows
        if rows is None:
            continue
        words = [walk.index.word(rows.vocabulary, pair.text) for pair in pairs]
        says = [walk.index.word("horizons", pair.text) for pair in pairs]
        longer: set[tuple[int, int]] = set()
        for at, pair in enumerate(pairs):
            for other in range(len(pairs)):
                same = pairs[other].label[:2] == pair.label[:2] and pairs[other].field == pair.field
                if not same or at == other or says[at] is not None or not words[at] or not words[other]:
                    continue
                if words[at][0] == words[other][0] and (said := says[other]) and said[0] == "annual":  # type: ignore[index]
                    longer.add((pair.label[0], pair.label[2]))
        walk.pairs[name] = [
            replace(pair, horizon="mid_term")
            if said is None and (pair.label[0], pair.label[2]) in longer
            else pair
            for pair, said in zip(pairs, says, strict=True)
        ]


def sentence(walk: Walk, section: Section, cell: Cell, lattice: Lattice) -> bool:
    """Take the sources of a cell that lists them with their amounts in running text; say whether it does."""
    if section.rows is None or not section.rows.default:
        return False
    found = [
        piece
        for piece in _PIECE.finditer(cell.text)
        if walk.index.word(section.rows.vocabulary, piece["label"]) is not None
    ]
    if len(found) < 2:
        return False
    for piece in found:
        _add(walk, section, Pair(lattice.key(cell), piece["label"], None, piece["amount"], None))
    return True


def crossed(walk: Walk, full: Sequence[Cell], lattice: Lattice) -> bool:
    """Take sources that head columns of their own, each row below a column of ours; say whether there were any."""
    for section in walk.labels.rule.sections:
        if section.rows is None:
            continue
        heads = _heads(walk, section, full, lattice)
        if len(heads) < 2:
            continue
        found: list[list[Pair]] = [[] for _ in heads]
        rows = range(full[0].row + 1, min(lattice.height, full[0].row + _DEEPEST))
        for row in rows:
            if not _row(walk, section, heads, row, lattice, found):
                break
        if any(found):
            for pairs in found:
                for pair in pairs:
                    _add(walk, section, pair)
            _rates(walk, section, full, heads, lattice)
            return True
    return False


def _heads(walk: Walk, section: Section, full: Sequence[Cell], lattice: Lattice) -> list[Cell]:
    """Return the sources that stand side by side on a row."""
    if section.rows is None:
        return []
    known = [cell for cell in full if walk.index.word(section.rows.vocabulary, cell.text) is not None]
    return [
        cell
        for cell in known
        if any(
            other is not cell and cell.col in (other.col + other.col_span, other.col - cell.col_span)
            for other in known
        )
    ]


def _row(
    walk: Walk,
    section: Section,
    heads: Sequence[Cell],
    row: int,
    lattice: Lattice,
    found: list[list[Pair]],
) -> bool:
    """Take the amounts of one row under the heads; say whether rows go on."""
    values = [lattice.at(row, head.col) for head in heads]
    own = [
        cell
        if cell is not None
        and cell.row == row
        and (cell.col, cell.col_span) == (head.col, head.col_span)
        and (is_amount(cell.text) or clean(cell.text) is None)
        else None
        for cell, head in zip(values, heads, strict=True)
    ]
    if not all(cell is not None for cell in own):
        return False
    left = next(
        (
            cell
            for col in range(heads[0].col - 1, -1, -1)
            if (cell := lattice.at(row, col)) is not None and cell.row == row
            if cell.text.strip() and not is_amount(cell.text)
        ),
        None,
    )
    field = _crossed_field(walk, section, left, row, heads[0].row)
    if field is None:
        return True
    if field and left is not None:
        named = walk.labels.look(left.text).columns[section.name]
        walk.headers[lattice.key(left)] = (named.spelling, field)
    for pairs, head, cell in zip(found, heads, own, strict=True):
        key = lattice.key(cell) if cell is not None else None
        pairs.append(Pair(lattice.key(head), head.text, key, None, None, field))
    return True


def _crossed_field(walk: Walk, section: Section, left: Cell | None, row: int, top: int) -> str | None:
    """Return the column that the rows' label names; the usual one for a sum or right below; None for any other."""
    usual = "" if section.rows is not None and section.rows.default else None
    if left is None or section.rows is None:
        return usual if row == top + 1 else None
    named = walk.labels.look(left.text).columns.get(section.name)
    if named is not None and left.row == row:
        return named.rule.field
    if left.row == row and walk.index.word(section.rows.vocabulary, left.text) is not None:
        return usual
    return None


def _rates(walk: Walk, section: Section, full: Sequence[Cell], heads: list[Cell], lattice: Lattice) -> None:
    """Give the total what stands under a further column on the row of the sources: its rate."""
    if section.rows is None:
        return
    total = next(
        (
            head
            for head in heads
            if (word := walk.index.word(section.rows.vocabulary, head.text)) and word[0] == "total"
        ),
        None,
    )
    for cell in full if total is not None else ():
        named = walk.labels.look(cell.text).columns.get(section.name)
        below = lattice.at(cell.row + cell.row_span, cell.col)
        if named is None or cell in heads or below is None or not is_amount(below.text) or total is None:
            continue
        walk.headers[lattice.key(cell)] = (named.spelling, named.rule.field)
        _add(
            walk,
            section,
            Pair(lattice.key(total), total.text, lattice.key(below), None, None, named.rule.field),
        )


def block(walk: Walk, full: Sequence[Cell], looks: Sequence[Look], lattice: Lattice) -> Section | None:
    """Return the matrix section in whose block a row lies, where its rows may do without a header."""
    row = full[0].row
    for cell in lattice.covering(row, 0, lattice.width):
        for name in walk.labels.look(cell.text).starts if cell.text.strip() else ():
            section = walk.labels.sections[name]
            if section.rows is not None and (section.rows.default or _summed(walk, section, row, lattice)):
                walk.block = name
                return section
    leftmost = lattice.at(row, 0)
    goes_on = leftmost is None or not leftmost.text.strip() or full[0].col > 0
    if walk.block is not None and not lattice.spans and goes_on:
        return walk.labels.sections[walk.block]
    walk.block = None
    return _pairs_alone(walk, full, lattice)


def _summed(walk: Walk, section: Section, row: int, lattice: Lattice) -> bool:
    """Say whether labels beside amounts, on this row or just above, say to which column amounts go."""
    return any(
        one.section == section.name and one.grid == lattice.index and row - _DEEPEST < one.row <= row
        for one in walk.sums
    )


def _pairs_alone(walk: Walk, full: Sequence[Cell], lattice: Lattice) -> Section | None:
    """Return the matrix section of which a row outside any block holds two labels or more, each with a number.

    Where labels beside amounts stand above or on the row, one label with its number is enough.
    """
    for section in walk.labels.rule.sections:
        if section.rows is None:
            continue
        summed = _summed(walk, section, full[0].row, lattice)
        if not section.rows.default and not summed:
            continue
        words = [cell for cell in full if walk.index.word(section.rows.vocabulary, cell.text) is not None]
        beside = [lattice.right(cell) for cell in words]
        if len(words) > (0 if summed else 1) and all(
            cell is not None and is_number(cell.text) for cell in beside
        ):
            return section
    return None
