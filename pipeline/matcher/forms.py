"""Documents to forms: cut at titles, choose the form type, walk the rows into sections."""

import re
from collections.abc import Iterable, Sequence

from pipeline.matcher import pairs, scope
from pipeline.matcher.above import heading, leading
from pipeline.matcher.headers import Header, find_header
from pipeline.matcher.items import (
    FEWEST_HEADS,
    Item,
    Stretch,
    Title,
    cut,
    label_rows,
    may_show,
    reading_order,
    split_repeats,
)
from pipeline.matcher.listing import listed
from pipeline.matcher.walk import Walk
from pipeline.model import (
    Block,
    Cell,
    Document,
    Form,
    Hit,
    Lattice,
    Line,
    Scope,
)
from pipeline.rulebook.index import FormIndex, Index, Look, Named
from pipeline.text.labels import fold

#: A title alone is no form: so many labels must stand below it.
FEWEST_LABELS = 3
_PAGE_NUMBER = 4
_ASIDE = 40
#: A row of so many cells, each under a column of the open table, is a record whatever its first cell says.
_FULL_RECORD = 5
_SIGNED = 120
_GAP = re.compile(r"[\s\u3000]+(?=[^\s：:]{2,14}[：:])")


def match(document: Document, index: Index) -> tuple[Form, ...]:
    """Return the forms of a document in reading order; none where no rule recognises one.

    A form is a title that a rule claims with at least FEWEST_LABELS labels below it, or, without a title,
    a stretch that shows the evidence which a rule asks for.
    """
    lattices = [Lattice(grid) for grid in document.grids]
    forms: list[Form] = []
    before: tuple[Item, ...] = ()
    context: tuple[Item, ...] = ()
    for stretch in cut(reading_order(document, lattices), lattices, index):
        here = _within(index, stretch, lattices, before or context)
        projects = list(listed(stretch, lattices, here))
        for part, project in projects:
            forms.append(_form(len(forms), part, project, lattices, before))
        for place, part in enumerate(_parts(stretch, lattices, here) if not projects else ()):
            if place and stretch.title is not None:
                before = leading(stretch)
            walk = _best_walk(part, lattices, _within(index, part, lattices, before or context))
            if walk is not None:
                if not forms:
                    context = before
                forms.append(_form(len(forms), part, walk, lattices, before or context))
                before = ()
            else:
                before = part.items
    return tuple(forms)


def _within(index: Index, stretch: Stretch, lattices: Sequence[Lattice], before: tuple[Item, ...]) -> Index:
    """Return the index with the spellings that count for the year and the region that a stretch prints."""
    if not index.is_scoped:
        return index
    fitting: dict[str, frozenset[Scope]] = {}
    for name in [stretch.title.rule.name] if stretch.title is not None else index.forms:
        if index.forms[name].scopes:
            walk = _walk(stretch, lattices, index.forms[name], index)
            title = stretch.title.text if stretch.title is not None else None
            fitting[name] = scope.fitting(walk, heading(stretch, walk, lattices, before), title, lattices)
    return index.within(fitting)


def _parts(stretch: Stretch, lattices: Sequence[Lattice], index: Index) -> Iterable[Stretch]:
    if (
        stretch.title is None
        and max(map(len, label_rows(stretch, lattices, index)), default=0) < FEWEST_HEADS
    ):
        return [stretch]
    rules = [stretch.title.rule] if stretch.title else [labels.rule for labels in index.forms.values()]
    for rule in rules:
        parts = list(split_repeats(stretch, lattices, index.forms[rule.name]))
        if len(parts) > 1:
            return [Stretch(part.title or stretch.title, part.items) for part in parts]
    return [stretch]


def _best_walk(stretch: Stretch, lattices: Sequence[Lattice], index: Index) -> Walk | None:
    if stretch.title is not None:
        walk = _walk(stretch, lattices, index.forms[stretch.title.rule.name], index)
        return walk if walk.weight >= FEWEST_LABELS and walk.tables else None
    best: Walk | None = None
    tied = False
    rows = label_rows(stretch, lattices, index)
    for labels in index.forms.values():
        if not labels.rule.evidence or not may_show(rows, labels):
            continue
        walk = _walk(stretch, lattices, labels, index)
        if not any(set(wanted) <= walk.found for wanted in labels.rule.evidence):
            continue
        if best is None or walk.weight > best.weight:
            best, tied = walk, False
        elif walk.weight == best.weight:
            tied = True
    return None if tied else best


def _walk(stretch: Stretch, lattices: Sequence[Lattice], labels: FormIndex, index: Index) -> Walk:
    walk = Walk(labels, index)
    skip: Line | None = None
    for item in stretch.items:
        if isinstance(item, Block):
            _signed(walk, item)
            if not walk.hits and not walk.tables and walk.open is None:
                walk.heading.append(((-1, item.order, 0), item.text))
            elif len(item.text) <= _ASIDE:
                walk.asides.append(((-1, item.order, 0), item.text))
            walk.interrupted = walk.interrupted or not _is_furniture(item)
            continue
        if skip is not None and item.grid == skip.grid and item.row <= skip.row:
            continue
        depth = _line(walk, item, lattices[item.grid])
        walk.interrupted = False
        walk.width = lattices[item.grid].width
        skip = Line(item.grid, item.row + depth - 1) if depth > 1 else None
    pairs.told_apart(walk)
    walk.finish()
    return walk


def _line(walk: Walk, line: Line, lattice: Lattice) -> int:
    """Take one row into the walk; return how many rows it used up."""
    full = lattice.printed(line.row)
    if not full:
        if walk.open is not None:
            walk.lines.append(line)
        return 1
    looks = [walk.labels.look(cell.text) for cell in full]
    if sum([bool(look.columns or look.ignored) for look in looks]) > 1:
        header = find_header(lattice, line.row, walk.labels, walk.index)
        if header is not None:
            return _header(walk, header, line, lattice)
    if walk.open is not None:
        if _is_total(walk.open, full, looks):
            walk.totals.append(line)
            return 1
        here = line.grid == walk.grid or _goes_on_in(walk, lattice)
        if here and not walk.totals and not _leaves(walk.open, full, looks):
            walk.lines.append(line)
            walk.grid = line.grid
            return 1
        walk.close()
    _fields(walk, full, looks, lattice)
    return 1


def _header(walk: Walk, header: Header, line: Line, lattice: Lattice) -> int:
    repeated = (
        walk.open is not None
        and [c.rule.field for c in walk.open.columns] == [c.rule.field for c in header.columns]
        # 中期绩效指标 above, 年度绩效指标 below: the same columns, another table
        and (header.horizons == walk.open.horizons or not any(header.horizons))
    )
    for column in header.columns:
        for key in column.header:
            walk.headers[key] = (column.spelling, column.rule.field)
    for key in header.title:
        cell = lattice.at(key[1], key[2])
        spelling = walk.labels.look(cell.text if cell else "").starts.get(header.section.name)
        if spelling is not None:
            walk.headers[key] = (spelling, header.section.name)
    if repeated and walk.open is not None and line.grid == walk.grid:
        return header.depth
    if repeated and walk.open is not None and not walk.totals:
        kept_lines, kept_totals = walk.lines, walk.totals
        if _intervals(walk.open) == _intervals(header):
            walk.lines, walk.totals, walk.grid = kept_lines, kept_totals, line.grid
            return header.depth
    walk.close()
    walk.open, walk.grid = header, line.grid
    _beside(walk, header, line, lattice)
    return header.depth


def _beside(walk: Walk, header: Header, line: Line, lattice: Lattice) -> None:
    """Mark the block names that stand in the header's rows but over no column."""
    for row in range(line.row, line.row + header.depth):
        for cell in lattice.starting(row):
            key = lattice.key(cell)
            if key in walk.headers or not cell.text.strip():
                continue
            starts = walk.labels.look(cell.text).starts
            spelling = starts.get(header.section.name) or next(iter(starts.values()), None)
            if spelling is not None:
                walk.headers[key] = (spelling, header.section.name)
    for row in range(line.row, line.row + header.depth):
        covering = lattice.at(row, 0)
        if covering is not None and covering.text.strip() and lattice.key(covering) not in walk.headers:
            spelling = walk.labels.look(covering.text).starts.get(header.section.name)
            if spelling is not None:
                walk.headers[lattice.key(covering)] = (spelling, header.section.name)


def _intervals(header: Header) -> list[tuple[int, int]]:
    return [(column.start, column.end) for column in header.columns]


def _goes_on_in(walk: Walk, lattice: Lattice) -> bool:
    """Say whether a table may go on in another grid: one with as many columns, and no text between the two."""
    return lattice.width == walk.width and not walk.interrupted


def _is_furniture(block: Block) -> bool:
    """Say whether a block is the margin of a page: its number, head or foot, which parts no table."""
    return block.locator.endswith("margin") or len(fold(block.text)) <= _PAGE_NUMBER


def _is_total(header: Header, full: Sequence[Cell], looks: list[Look]) -> bool:
    """Say whether a row is the section's total: its first text is a total's label, not a record's name cell."""
    return bool(header.section.totals) and header.section.name in looks[0].totals and len(full) <= 4


def _leaves(header: Header, full: Sequence[Cell], looks: list[Look]) -> bool:
    """Say whether a row lies behind the end of the open table."""
    first, look = full[0], looks[0]
    left = first.col <= header.columns[0].start
    other_start = [name for name in look.starts if name != header.section.name]
    if header.section.kind == "records" and left and look.fields is None:
        starts = {column.start for column in header.columns}
        if len(full) >= _FULL_RECORD and all(cell.col in starts for cell in full):
            return False  # an indicator that is called after the money block: 预算执行情况
    if header.section.kind == "matrix":
        own = header.section.name
        return bool(other_start) or any(one.fields and own not in one.columns for one in looks)
    if left and (look.fields or other_start):
        return not any(
            column.rule.names and column.start <= first.col < column.end for column in header.columns[1:]
        )
    return False


def _fields(walk: Walk, full: Sequence[Cell], looks: list[Look], lattice: Lattice) -> None:
    """Take a row outside the tables: labels of fields sections, block names, pairs, or heading text."""
    any_label = pairs.crossed(walk, full, lattice)
    any_label = pairs.beside_amounts(walk, full, looks, lattice) or any_label
    block = pairs.block(walk, full, looks, lattice)
    for cell, look in zip(full, looks, strict=True):
        key = lattice.key(cell)
        if block is not None and (
            pairs.take(walk, block, cell, lattice) or pairs.sentence(walk, block, cell, lattice)
        ):
            any_label = True
        elif look.fields is not None:
            named = look.fields
            walk.hits.append(Hit(key, cell.text, named.section, named.rule, named.spelling, named.how))
            any_label = True
        elif look.starts:
            name, spelling = next(iter(look.starts.items()))
            walk.headers[key] = (spelling, name)
            any_label = True
        elif (inline := _inline(cell.text, walk.labels)) is not None:
            named, value = inline
            walk.hits.append(
                Hit(key, cell.text, named.section, named.rule, named.spelling, named.how, inline=value)
            )
            any_label = True
        elif ("：" in cell.text or ":" in cell.text) and not _is_value(walk, cell, lattice):
            walk.heading.append((key, cell.text))
    if not any_label and not walk.tables and len(full) in (2, 4):
        named_loosely = walk.labels.loose(None, full[0].text)
        if named_loosely is not None:
            rule, spelling = named_loosely.rule, named_loosely.spelling
            key = lattice.key(full[0])
            walk.hits.append(Hit(key, full[0].text, named_loosely.section, rule, spelling, named_loosely.how))
            any_label = True
    if not any_label and not walk.hits and not walk.tables:
        known = {key for key, _text in walk.heading}
        walk.heading.extend((lattice.key(cell), cell.text) for cell in full if lattice.key(cell) not in known)


def _is_value(walk: Walk, cell: Cell, lattice: Lattice) -> bool:
    """Say whether a cell stands right of a label that has no value of its own."""
    left = lattice.at(cell.row, cell.col - 1)
    if left is None:
        return False
    key = lattice.key(left)
    return any(hit.key == key and hit.inline is None for hit in walk.hits)


def _signed(walk: Walk, block: Block) -> None:
    """Take the labels of a paragraph that have a value behind their colon, parted by blanks.

    What stands behind a label that no rule knows is that one's: 填表人：张三 联系电话：….
    """
    if len(block.text) > _SIGNED or not ("：" in block.text or ":" in block.text):
        return
    for piece in _GAP.split(block.text):
        found = _inline(piece, walk.labels)
        if found is None and piece.rstrip()[-1:] not in "：:":
            return
        if found is not None:
            named, value = found
            if "：" in value or ":" in value:
                return
            key = (-1, block.order, 0)
            walk.signed.append(
                Hit(key, block.text, named.section, named.rule, named.spelling, named.how, inline=value)
            )


def _inline(text: str, labels: FormIndex) -> tuple[Named, str] | None:
    """Return what a label before a colon stands for and the value behind it, both in one cell."""
    at = min((place for mark in "：:" if (place := text.find(mark)) > 0), default=0)
    if not at or not text[at + 1 :].strip():
        return None
    named = labels.look(text[:at]).fields
    return (named, text[at + 1 :]) if named is not None else None


def _form(
    number: int, stretch: Stretch, walk: Walk, lattices: Sequence[Lattice], before: tuple[Item, ...]
) -> Form:
    title: Title | None = stretch.title
    blocks = tuple(item for item in stretch.items if isinstance(item, Block))
    lines = tuple(item for item in stretch.items if isinstance(item, Line))
    return Form(
        index=number,
        rule=walk.labels.rule,
        title=title.text if title else None,
        title_spelling=title.spelling if title else None,
        title_key=title.key if title else None,
        blocks=blocks,
        lines=lines,
        labels=(*walk.hits, *walk.signed),
        headers=walk.headers,
        tables=tuple(walk.tables),
        lattices={line.grid: lattices[line.grid] for line in lines},
        heading=tuple(heading(stretch, walk, lattices, before)),
        asides=tuple(walk.asides),
        scopes=walk.labels.fitting,
    )
