"""The year and the region that a form prints, for the spellings that count for some years or regions only."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.matcher.walk import Walk
from pipeline.model import FormRule, Hit, Key, Lattice, Scope
from pipeline.text.labels import fold_keep
from pipeline.text.values import parse_year

#: Fields whose value is the name of a body or of a place.
_BODIES = frozenset({"implementing_unit", "supervising_department", "region"})
#: Running text mentions other regions; a title or a name is shorter.
_LONGEST = 60
_BEFORE = r"(?:^|[0-9年度期:()\[\]<>《》〔〕、,./\-省市区州县盟旗])"
_STREET = r"(?![东西南北中]?(?:路|街|大街|大道|胡同|巷))"


def fitting(
    walk: Walk, heading: Sequence[tuple[Key, str]], title: str | None, lattices: Sequence[Lattice]
) -> frozenset[Scope]:
    """Return the scopes of a form type that a form lies within by what it prints; none where it prints neither."""
    scopes = walk.labels.scopes
    texts = [text for _key, text in heading]
    if title is not None:
        texts.insert(0, title)
    year = _year(walk.labels.rule, _values(walk, {"fiscal_year"}, lattices), texts, walk)
    bodies = list(_values(walk, _BODIES, lattices))
    bodies += [text for text in texts if len(text) <= _LONGEST]
    names = {name for scope in scopes for name in scope.regions}
    printed = frozenset(name for name in names if _prints(name, bodies))
    return frozenset(scope for scope in scopes if scope.fits(year, printed))


def _year(rule: FormRule, values: Iterable[str], texts: Sequence[str], walk: Walk) -> int | None:
    """Return the year as it will stand in the form's row: a label's value first, then what the heading says."""
    for value in values:
        if (year := parse_year(value)) is not None:
            return year
    for section in rule.sections:
        label = section.label("fiscal_year") if section.kind == "heading" else None
        if label is None or label.value == "headers":
            continue
        asides = [text for _key, text in walk.asides] if label.value == "anywhere" else []
        for text in (*texts, *asides):
            kept = fold_keep(text)
            for spelling in label.spellings:
                found = spelling.pattern.search(kept) if spelling.pattern is not None else None
                if found is not None and (year := parse_year(found["value"])) is not None:
                    return year
    return None


def _values(walk: Walk, fields: frozenset[str] | set[str], lattices: Sequence[Lattice]) -> Iterator[str]:
    """Yield the texts behind the labels of some fields: in the same cell, else right of it, else below it."""
    for hit in (*walk.hits, *walk.signed):
        if hit.rule.field in fields:
            text = hit.inline if hit.inline is not None else _beside(hit, lattices)
            if text is not None and text.strip():
                yield text


def _beside(hit: Hit, lattices: Sequence[Lattice]) -> str | None:
    grid, row, col = hit.key
    if grid < 0:
        return None
    lattice = lattices[grid]
    cell = lattice.at(row, col)
    if cell is None:
        return None
    below = lattice.at(cell.row + cell.row_span, cell.col)
    value = below if hit.rule.value == "below" else lattice.right(cell)
    return value.text if value is not None else None


def _prints(name: str, texts: Iterable[str]) -> bool:
    """Say whether a text names a region: where a name may begin, and no street (北京路, 南京东路)."""
    pattern = re.compile(_BEFORE + re.escape(name) + _STREET)
    return any(pattern.search(fold_keep(text)) for text in texts)
