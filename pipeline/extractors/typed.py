"""Printed texts to typed values by the column that they go to; a text that is no value is a Problem."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from pipeline.model import Key, Lattice, Problem, Use, Yield
from pipeline.rulebook.index import Index
from pipeline.text.labels import notes
from pipeline.text.values import (
    NotAValue,
    clean,
    parse_amount,
    parse_number,
    parse_quantity,
    parse_rate,
    parse_score,
    parse_year,
)

# the least confidence of a cell whose number is taken, by measurement (tests/benchmarks/scans.py)
SURE = 0.90
# a named tuple's own constructor takes twice as long, and there are several uses for each cell
_new = tuple.__new__
_UNIT = re.compile(r"[十百千拾佰仟]?[万亿萬億]?元")
_FOREIGN = re.compile(r"[万亿萬億]?(?:美|欧|港|日|韩|英|加|澳|台)元")
_SHORT = 40
_SCORES = frozenset({"weight", "score", "reviewed_score", "total_weight", "total_score"})
_QUANTITIES = {"target_text": "target", "actual_text": "actual"}
_NAMES = {
    "project_leader": "contact_phone",
    "supervising_department": "supervising_department_code",
    "implementing_unit": "implementing_unit_code",
    "project_name": "project_code",
}
# 219001-棠溪镇, [105]教育部, (433)供销社
_CODED = re.compile(r"^[\[(（【]?(?P<code>[0-9A-Za-z]{3,})[\])）】]?[-—_－ ]*(?P<name>[㐀-鿿].+)$", re.DOTALL)
# 张立新13800000000, 张立新（0730-8880000）: a person's name with the number behind it
_CALLED = re.compile(
    r"(?P<name>[㐀-鿿·]{2,15})[\s:：,，、/(（]*(?P<phone>(?:0\d{2,3}[-—－ ]?)?\d{7,8}|1\d{10})[)）]?"
)
_FRAMED = re.compile(r"^(?:[\[(（【][0-9A-Za-z]{3,}[\])）】]|[0-9A-Za-z]{3,}[-—_－])")
_LONG_CODE = re.compile(r"^[\[(（【]?(?=[0-9A-Za-z]*[0-9])[0-9A-Za-z]{6,}")
_YEAR_LIKE = re.compile(r"^(?:19|20)\d\d(?:[-—－][12]?\d?|年)")


@lru_cache(maxsize=1 << 12)
def unit_in(text: str) -> str | None:
    """Return the money unit in a label's bracket notes: ``项目资金（万元）`` gives ``万元``.

    The unit of another currency is returned as printed and is nobody's factor; two units at once are none.
    """
    for part in notes(text):
        if foreign := _FOREIGN.search(part):
            return foreign.group()
        found = set(_UNIT.findall(part))
        if found:
            return found.pop() if len(found) == 1 else None
    return None


class Sink:
    """Put typed values into one row and note the cell of each; ``number`` is the row's place in its dataset."""

    def __init__(
        self,
        out: Yield,
        index: Index,
        row: dict[str, object],
        lattices: Mapping[int, Lattice],
        dataset: str = "forms",
        number: int | None = None,
    ) -> None:
        self.out = out
        self.row = row
        self.lattices = lattices
        self.dataset = dataset
        self.number = number
        self.types = index.types
        self.recognised = any([lattice.recognised for lattice in lattices.values()])

    def put(
        self,
        field: str,
        text: str,
        keys: tuple[Key, ...],
        rule: str,
        unit: str | None = None,
        percent: bool = False,
    ) -> None:
        """Type a printed text and store it with its lineage; null tokens and blanks store nothing.

        ``rule`` is the place of the rule that sends it to ``field``. A number that was recognised less surely
        than SURE is not stored: it is a Problem like one that is no number.
        """
        row = self.row
        if row.get(field) is not None:
            return
        dataset, number, uses = self.dataset, self.number, self.out.uses
        kind = self.types.get((dataset, field), "string")
        try:
            values = (_typed_once if len(text) <= _SHORT else _typed)(kind, field, text, unit, percent)
            if self.recognised:
                self._refuse_doubtful(values, keys)
        except NotAValue as err:
            printed = clean(text) or text
            for key in keys[:1]:
                self.out.problems.append(Problem(dataset, number, field, key, printed, str(err)))
            if field not in _QUANTITIES:
                return
            values = ((field, printed),)
        else:
            if len(values) == 1 and field in _QUANTITIES:
                self._say_several(field, text, keys)
        for name, value in values:
            if name == field or row.get(name) is None:
                row[name] = value
                for key in keys:
                    uses.append(_new(Use, (dataset, number, name, key, rule)))

    def _say_several(self, field: str, text: str, keys: tuple[Key, ...]) -> None:
        """Note a target or a result of more than one value, which is text: the check ``values`` says so."""
        printed = clean(text) or text
        if _kind_once(printed) == "several":
            message = "several values in one cell; kept as text"
            for key in keys[:1]:
                self.out.problems.append(
                    Problem(self.dataset, self.number, field, key, printed, message, "several")
                )

    def _refuse_doubtful(self, values: tuple[tuple[str, object], ...], keys: tuple[Key, ...]) -> None:
        """Raise NotAValue for numbers from a cell whose text was recognised with too little confidence."""
        for grid, row, col in keys:
            cell = self.lattices[grid].at(row, col) if grid in self.lattices else None
            sure = cell.confidence if cell is not None else None
            if sure is not None and sure < SURE and any(_is_number(value) for _name, value in values):
                raise NotAValue(f"recognised with confidence {sure:.2f}, under {SURE:.2f}: not taken")

    def use(self, name: str, keys: tuple[Key, ...], rule: str) -> None:
        """Note which cells a value came from."""
        for key in keys:
            self.out.uses.append(_new(Use, (self.dataset, self.number, name, key, rule)))


def _typed(
    kind: str, field: str, text: str, unit: str | None, percent: bool
) -> tuple[tuple[str, object], ...]:
    """Return (column, value) of what a cell prints, none for a blank or a null token; NotAValue."""
    printed = clean(text)
    if printed is None:
        return ()
    values = _typed_text(kind, field, printed, unit, percent).items()
    return tuple([(name, value) for name, value in values if value is not None])


# the same few texts stand in most cells
_typed_once = lru_cache(maxsize=1 << 15)(_typed)


def _typed_text(kind: str, field: str, text: str, unit: str | None, percent: bool) -> dict[str, object]:
    """Return column -> value of a printed text, cleaned; None where there is none."""
    if kind.startswith("decimal"):
        return {field: parse_amount(text, unit)}
    if field in _SCORES:
        return {field: _number(parse_score(text))}
    if field.endswith("_rate"):
        return {field: _number(parse_rate(text, percent=percent))}
    if kind == "double":
        return {field: _number(parse_number(text))}
    if field == "fiscal_year":
        return {field: parse_year(text)}
    if field in _QUANTITIES:
        return _quantity(field, _QUANTITIES[field], text)
    if field in _NAMES:
        return _named(field, _NAMES[field], text)
    return {field: text}


def columns_of(kind: str, field: str, text: str, unit: str | None, percent: bool) -> dict[str, object]:
    """Return column -> value of a text by the column that it goes to; NotAValue where it is no value of it."""
    return _typed_text(kind, field, text, unit, percent)


def derived(field: str) -> tuple[str, ...]:
    """Return the other columns that a column's text fills: ``target_value`` of ``target_text``, a name's code."""
    if field in _QUANTITIES:
        return tuple(f"{_QUANTITIES[field]}_{part}" for part in ("comparator", "value", "upper", "unit"))
    return (_NAMES[field],) if field in _NAMES else ()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal)


@lru_cache(maxsize=1 << 15)
def _kind_once(text: str) -> str:
    return parse_quantity(text).kind


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _quantity(field: str, prefix: str, text: str) -> dict[str, object]:
    quantity = parse_quantity(text)
    return {
        field: text,
        f"{prefix}_comparator": quantity.comparator,
        f"{prefix}_value": _number(quantity.value),
        f"{prefix}_upper": _number(quantity.upper),
        f"{prefix}_unit": quantity.unit,
    }


def _named(field: str, code_field: str, text: str) -> dict[str, object]:
    """Split a name from the code printed before it; a project's name only from a long or framed code."""
    if field == "project_leader":
        person = _CALLED.fullmatch(text)
        return {field: person["name"], code_field: person["phone"]} if person else {field: text}
    found = _CODED.match(text)
    if found is None or _YEAR_LIKE.match(text):
        return {field: text}
    sure = _FRAMED.match(text) is not None
    if field == "project_name":
        sure = sure and _LONG_CODE.match(text) is not None
    elif not sure:
        sure = found["code"].isdigit()
    if not sure:
        return {field: text}
    return {field: found["name"], code_field: found["code"]}
