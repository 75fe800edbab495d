"""Header rows of matrix and records sections: possibly stacked, possibly with a name column left of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import is_
from typing import NamedTuple

from pipeline.matcher.amounts import is_amount
from pipeline.model import Cell, Column, Grid, Key, Lattice, Section
from pipeline.rulebook.index import FormIndex, Index, Named

_DEEPEST = 3
#: Among so many columns that a rule spells, an unknown one may be taken for the label that it is most like.
_SURE_FOR_LOOSE = 3


@dataclass(frozen=True, slots=True)
class Header:
    """A header found in a grid: its section, its columns, how many rows it takes, cells that name the block.

    Where the same columns come twice (mid-term and annual side by side), ``horizons`` has one entry per half.
    """

    section: Section
    columns: tuple[Column, ...]
    depth: int
    strength: int
    title: tuple[Key, ...] = ()
    horizons: tuple[str | None, ...] = (None,)

    def half(self, number: int) -> tuple[Column, ...]:
        """Return the columns of one half, those that serve both (``half`` -1) included."""
        return tuple(column for column in self.columns if column.half in (-1, number))


class _Leaf(NamedTuple):
    """One grid column range of a header with the cells stacked over it, top first."""

    start: int
    end: int
    cells: tuple[Cell, ...]


class _Grouped(Lattice):
    """A grid without spans whose top header row holds one cell for several heads below it.

    The row below shows how many: it is blank under a head of its own and full under a group's name.
    """

    def __init__(self, grid: Grid, top: int, places: tuple[int, ...]) -> None:
        super().__init__(grid)
        self._top, self._places = top, places

    @classmethod
    def over(cls, lattice: Lattice, top: int) -> "_Grouped | None":
        """Return the grid with the top row's cells over their heads; None where the two rows do not fit so."""
        upper, lower = lattice.starting(top), lattice.starting(top + 1)
        if lattice.spans or not 0 < len(upper) < len(lower):
            return None
        places: list[int] = []
        for at, cell in enumerate(lower):
            goes_on = at > 0 and cell.text.strip() and lower[at - 1].text.strip()
            places.append(places[-1] if goes_on else len(set(places)))
        fits = len(set(places)) == len(upper) and places[-1] == len(upper) - 1
        return cls(lattice.grid, top, tuple(places)) if fits else None

    def at(self, row: int, col: int) -> Cell | None:
        """Return the cell that covers a position."""
        if row == self._top:
            return super().at(row, self._places[col]) if col < len(self._places) else None
        return super().at(row, col)


def find_header(lattice: Lattice, row: int, labels: FormIndex, index: Index) -> Header | None:
    """Return the header that begins on a row, the strongest section's; None where there is none."""
    best: Header | None = None
    if _pairs(lattice, row, labels):
        return None
    present: dict[str, int] = {}
    others = 0
    for cell in lattice.printed(row):
        look = labels.look(cell.text)
        others += look.ignored is not None
        for name in look.columns:
            present[name] = present.get(name, 0) + 1
    for name, count in present.items():
        section = labels.sections[name]
        if count < 2 and not (others and section.kind == "matrix"):
            continue
        header = _header(lattice, row, section, labels)
        if header is not None and (best is None or header.strength > best.strength):
            best = header
    return _with_horizons(best, lattice, row, labels, index) if best is not None else None


def _pairs(lattice: Lattice, row: int, labels: FormIndex) -> bool:
    """Say whether a row is made of fields with their values: each head on it is a field's label beside a value."""
    found = False
    if _sums(lattice, row, labels):
        return True
    for cell in lattice.printed(row):
        look = labels.look(cell.text)
        if not look.columns:
            continue
        value = lattice.right(cell)
        if look.fields is None or value is None or not value.text.strip():
            return False
        beside = labels.look(value.text)
        if beside.columns or beside.starts or beside.fields is not None:
            return False
        found = True
    return found


def _sums(lattice: Lattice, row: int, labels: FormIndex) -> bool:
    """Say whether each head of a money table on a row has an amount right of it: pairs, no header."""
    beside = [
        lattice.right(cell)
        for cell in lattice.printed(row)
        if any(labels.sections[name].kind == "matrix" for name in labels.look(cell.text).columns)
    ]
    return bool(beside) and all(cell is not None and is_amount(cell.text) for cell in beside)


def _header(lattice: Lattice, row: int, section: Section, labels: FormIndex) -> Header | None:
    best: Header | None = None
    lattice = _Grouped.over(lattice, row) or lattice
    least = _least_depth(lattice, row, section, labels)
    for depth in range(least, _DEEPEST + 1):
        if row + depth > lattice.height:
            break
        if depth > least and not _goes_on(lattice, row, row + depth - 1, section, labels):
            break
        header = _read(lattice, row, depth, section, labels)
        if header is not None and (best is None or header.strength >= best.strength):
            best = header
    return best


def _least_depth(lattice: Lattice, row: int, section: Section, labels: FormIndex) -> int:
    """Return how many rows a header takes at least: what two of its cells or more span."""
    spans = sorted(
        cell.row_span for cell in lattice.printed(row) if section.name in labels.look(cell.text).columns
    )
    return min(spans[-2], _DEEPEST) if len(spans) > 1 else 1


def _goes_on(lattice: Lattice, top: int, row: int, section: Section, labels: FormIndex) -> bool:
    """Say whether a row below a header's top belongs to it: every text on it is a column, alone or stacked."""
    full = lattice.printed(row)
    if not full:
        return any(cell.row_span > 1 and cell.row >= top for cell in lattice.covering(row, 0, lattice.width))
    for cell in full:
        if section.name in labels.look(cell.text).columns:
            continue
        above = _stack([lattice.at(one, cell.col) for one in range(top, row + 1)])
        if section.name not in labels.look("".join(part.text for part in above)).columns:
            return False
    return True


def _stack(cells: Sequence[Cell | None]) -> tuple[Cell, ...]:
    """Return the distinct cells with text, top first."""
    found: list[Cell] = []
    for cell in cells:
        if cell is not None and cell.text.strip() and cell not in found:
            found.append(cell)
    return tuple(found)


def _leaves(lattice: Lattice, row: int, depth: int) -> Iterator[_Leaf]:
    start = 0
    at, rows, width = lattice.at, range(row, row + depth), lattice.width
    seen: list[Cell | None] = [at(one, 0) for one in rows]
    stack = _stack(seen)
    for col in range(1, width):
        here = [at(one, col) for one in rows]
        if all(map(is_, here, seen)):
            continue
        new = _stack(here)
        if here[-1] is not seen[-1] or new != stack:
            if stack:
                yield _Leaf(start, col, stack)
            start, stack = col, new
        seen = here
    if stack:
        yield _Leaf(start, max(width, 1), stack)


def _read(lattice: Lattice, row: int, depth: int, section: Section, labels: FormIndex) -> Header | None:
    """Return the header of so many rows; a text that also names the block is a column only where no other is."""
    resolved = [
        (leaf, _opens(leaf, section, labels), *_resolve(leaf, section, labels))
        for leaf in _leaves(lattice, row, depth)
    ]
    sure = {named.rule.field for _leaf, opens, named, _text in resolved if named is not None and not opens}
    named_already = any(rule.names and rule.field in sure for rule in section.labels)
    columns: list[Column] = []
    title: list[Key] = []
    for leaf, opens, named, text in resolved:
        keys = tuple(map(lattice.key, leaf.cells))
        if opens and (named is None or named.rule.field in sure or (named.rule.names and named_already)):
            title.extend(keys)
            continue
        if named is None and len(sure) >= _SURE_FOR_LOOSE:
            named = _loosely(leaf, section, labels, sure)
        if named is not None:
            low = leaf.cells[-1].text
            columns.append(
                Column(named.rule, named.spelling, named.how, leaf.start, leaf.end, keys, text, lowest=low)
            )
    columns = _levelled(columns, section)
    unnamed = _unnamed_recipients(lattice, columns, [one[0] for one in resolved if one[2] is None], section)
    if unnamed and _hold_figures(lattice, row + depth, unnamed):
        columns = unnamed
    else:
        columns = _recipients(columns, section, labels) or _halves(columns)
    ignored = any(labels.look(leaf.cells[-1].text).ignored is not None for leaf, _, _, _ in resolved)
    if not _enough(section, columns, ignored):
        return None
    return Header(section, tuple(columns), depth, len(columns), tuple(title))


def _levelled(columns: list[Column], section: Section) -> list[Column]:
    """Give name columns with the same meaning the levels that are free: 指标 | 指标内容 are two levels."""
    names = [rule.field for rule in section.labels if rule.names]
    own: list[int] = []
    for place, column in enumerate(columns):
        if column.rule.names:
            own.append(place)
        elif own:
            break
    fields = [columns[place].rule.field for place in own]
    for at, place in enumerate(own):
        field = columns[place].rule.field
        free = [name for name in names[: names.index(field)] if name not in fields]
        rule = section.label(free[0]) if free else None
        if field in fields[at + 1 :] and rule is not None:
            fields[at] = free[0]
            columns[place] = columns[place]._replace(rule=rule)
    return columns


def _recipients(columns: list[Column], section: Section, labels: FormIndex) -> list[Column] | None:
    """Return the columns numbered by recipient where one head stands over a column for each of them, else None."""
    if section.kind != "records":
        return None
    heads = [column.header[0] for column in columns if len(column.header) > 1]
    shared = {key for key in heads if heads.count(key) > 1}
    own = [
        column
        for column in columns
        if column.header[0] in shared
        and column.rule.field == "target_text"
        and not labels.look(column.lowest).columns
    ]
    if len(own) < 2:
        return None
    rest = [column._replace(half=-1) for column in _once([one for one in columns if one not in own])]
    named = [column._replace(half=place, recipient=column.lowest) for place, column in enumerate(own)]
    return sorted(rest + named, key=lambda column: column.start)


def _unnamed_recipients(
    lattice: Lattice, columns: list[Column], unknown: list[_Leaf], section: Section
) -> list[Column] | None:
    """Return the columns with a target for each name that heads a column of its own, where none is called a target."""
    rule = section.label("target_text")
    if section.kind != "records" or rule is None or len(columns) < _SURE_FOR_LOOSE:
        return None
    if any(column.rule.field.endswith("_text") for column in columns):
        return None
    last = max((column.end for column in columns if column.rule.names), default=0)
    own = [leaf for leaf in unknown if last and leaf.start >= last]
    if len(own) < 2 or own[-1].end - own[0].start != sum(leaf.end - leaf.start for leaf in own):
        return None
    rest = [column._replace(half=-1) for column in _once(columns)]
    named = [
        Column(
            rule, rule.spellings[0], "loose", leaf.start, leaf.end, tuple(map(lattice.key, leaf.cells)),
            leaf.cells[-1].text, half=place,
            lowest=leaf.cells[-1].text, recipient=leaf.cells[-1].text,
        )
        for place, leaf in enumerate(own)
    ]  # fmt: skip
    return sorted(rest + named, key=lambda column: column.start)


def _hold_figures(lattice: Lattice, row: int, columns: list[Column]) -> bool:
    """Say whether the columns of the recipients hold figures or nothing in the rows below their heads."""
    texts = [
        cell.text
        for column in columns
        if column.recipient
        for at in range(row, min(row + 6, lattice.height))
        for cell in lattice.covering(at, column.start, column.end)
        if cell.row == at and cell.text.strip()
    ]
    return bool(texts) and all(any(char.isdigit() for char in text) and len(text) < 20 for text in texts)


def _loosely(leaf: _Leaf, section: Section, labels: FormIndex, sure: set[str]) -> Named | None:
    """Return the column that an unknown header is most like, where no sure column has that field."""
    for text in dict.fromkeys(("".join(cell.text for cell in leaf.cells), leaf.cells[-1].text)):
        named = labels.loose(section.name, text)
        if named is not None and named.rule.field not in sure:
            return named
    return None


def _halves(columns: list[Column]) -> list[Column]:
    """Number the halves of a header whose columns come twice; drop a column that merely repeats another."""
    first: dict[str, int] = {}
    again: list[int] = []
    for place, column in enumerate(columns):
        name = column.rule.field
        if name in first and not column.rule.several:
            again.append(place)
        first.setdefault(name, place)
    telling = [
        place for place in again if columns[place].rule.names or columns[place].rule.field == "target_text"
    ]
    cut = telling[0] if telling and len(again) > 1 else 0
    if not cut:
        return _once(columns)
    begin = first[columns[cut].rule.field]
    shared = [column._replace(half=-1) for column in columns[:begin]]
    left = _once(columns[begin:cut])
    right = [column._replace(half=1) for column in _once(columns[cut:])]
    return shared + left + right


def _once(columns: list[Column]) -> list[Column]:
    kept: list[Column] = []
    known: set[str] = set()
    for column in columns:
        name = column.rule.field
        if column.rule.several or name not in known:
            known.add(name)
            kept.append(column)
    return kept


def _with_horizons(header: Header, lattice: Lattice, row: int, labels: FormIndex, index: Index) -> Header:
    """Say which half is which by the labels in and above its header, or by the block's name."""
    if header.section.kind != "records":
        return header
    halves = sorted({column.half for column in header.columns if column.half >= 0}) or [0]
    if any(column.recipient for column in header.columns):
        return replace(header, horizons=(None,) * len(halves))
    found: list[str | None] = []
    for half in halves:
        own = [column for column in header.columns if column.half == half]
        texts = [column.text for column in own]
        if len(halves) > 1:
            left, right = own[0].start, own[-1].end
            for above in range(row - 1, max(-1, row - 4), -1):
                for cell in lattice.covering(above, left, right):
                    inside = cell.col + cell.col_span <= right if half == halves[0] else cell.col >= left
                    texts += [cell.text] if inside and labels.look(cell.text).names_section else []
        else:
            names = (lattice.at(key[1], key[2]) for key in header.title)
            texts = [cell.text for cell in names if cell is not None] + texts
        words = [word[0] for text in texts if len(text) < 40 and (word := index.word("horizons", text))]
        found.append(words[0] if words else None)
    return replace(header, horizons=tuple(found))


def _resolve(leaf: _Leaf, section: Section, labels: FormIndex) -> tuple[Named | None, str]:
    """Return what a stack of header cells names: all joined, or the lowest alone, or the top alone."""
    texts = [cell.text for cell in leaf.cells]
    joined = "".join(texts)
    for text in (joined, texts[-1], texts[0]) if len(texts) > 1 else texts:
        named = labels.look(text).columns.get(section.name)
        if named is not None:
            return named, joined
    return None, joined


def _opens(leaf: _Leaf, section: Section, labels: FormIndex) -> bool:
    """Say whether the block's name is all that names a column: one above other heads is only their group."""
    return section.name in labels.look(leaf.cells[-1].text).starts


def _enough(section: Section, columns: list[Column], ignored: bool) -> bool:
    """Say whether so many columns make a header: two, and of records one that names the record.

    Beside a column that a rule ignores, one column of a matrix is enough.
    """
    if len(columns) < (1 if ignored and section.kind == "matrix" else 2):
        return False
    if section.kind == "records":
        return any(column.rule.names for column in columns)
    return any(column.rule.field not in ("weight", "score", "reason", "note") for column in columns)
