"""The new text of a correction to values, by the column, and into a copy of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pipeline.extractors.typed import columns_of, derived
from pipeline.model import Columns
from pipeline.rulebook.index import Index
from pipeline.run.correction_lines import FILE, Correction
from pipeline.run.correction_places import Refused, Target, View, rows_by_place
from pipeline.run.one import Extraction, Row
from pipeline.text.values import NotAValue, clean

_UNITS = ("元", "千元", "万元", "十万元", "百万元", "千万元", "亿元")
_CODED = ("level1", "level2", "fund_source_label")


class Values:
    """Old texts proved, new texts typed, and the corrected copy of one extraction."""

    def __init__(self, view: View, index: Index) -> None:
        self.view = view
        self.index = index
        self.kinds = {(one.dataset, one.name): one.type for one in index.rulebook.fields}
        self.order = {(one.dataset, one.name): at for at, one in enumerate(index.rulebook.fields)}
        old = view.extraction
        self.rows = {name: [dict(row) for row in rows] for name, rows in old.rows.items()}
        self.problems = list(old.problems)
        self.row_of = rows_by_place(self.rows)

    def result(self) -> Extraction:
        """Return the corrected extraction."""
        columns: dict[str, Columns] = {}
        for name, old in self.view.extraction.columns.items():
            columns[name] = {column: [row[column] for row in self.rows[name]] for column in old}
        lists = {name: rows for name, rows in self.rows.items() if name not in columns}
        return Extraction(self.view.extraction.document_id, lists, self.problems, columns)

    # -- the old value ---------------------------------------------------------------------------------

    def prove(self, one: Correction, target: Target) -> None:
        """Raise Refused where the value is not the old one of the line, as printed or as stored."""
        stored = (self.view.row(target) or {}).get(target.field)
        old = clean(one.old)
        texts = self._printed(target)
        if stored is None and target.place not in self.view.problems:
            agrees = old is None
        else:
            agrees = old is not None and (
                old in {clean(text) for text in texts} or self._is(target, one.old, stored)
            )
        if not agrees:
            now = self.printed(target) or "（空 empty）"
            raise Refused("stale", f"原值不符：现为 {now} | the value is not the old one: it is {now}")

    def _is(self, target: Target, text: str, stored: object) -> bool:
        if stored is None:
            return False
        if clean(text) == clean(_written(stored)):
            return True
        return any(value == stored for value in self._readings(target, text))

    def _readings(self, target: Target, text: str) -> Iterator[object]:
        """Yield what a text may be as a value of a column: an amount in each unit that the form proves."""
        printed = clean(text)
        if printed is None:
            return
        kind = self.kinds[target.dataset, target.field]
        unit = self._unit(target) if kind.startswith("decimal") else None
        for percent in (False, True):
            try:
                yield columns_of(kind, target.field, printed, unit, percent)[target.field]
            except NotAValue:
                continue

    def _printed(self, target: Target) -> list[str]:
        """Return the texts that may be called the printed value: of each cell, and joined."""
        if target.place in self.view.problems:
            return [str(self.view.problems[target.place]["text"])]
        texts = [self.view.text(name) for name in self.view.cells_of(target.place)]
        return [*(texts if len(texts) == 1 else ()), "".join(texts), "\n".join(texts)]

    def printed(self, target: Target) -> str:
        """Return what the document prints for a value, empty where it prints none."""
        stored = (self.view.row(target) or {}).get(target.field)
        for text in self._printed(target):
            printed = clean(text)
            if printed is not None and (
                stored is None or any(one == stored for one in self._readings(target, text))
            ):
                return printed
        return "" if stored is None else clean(_written(stored)) or ""

    # -- the new value ---------------------------------------------------------------------------------

    def typed(self, one: Correction, target: Target) -> dict[str, object]:
        """Return column -> new value, None for the columns that have none any more; Refused where it is no value."""
        kind, name = self.kinds[target.dataset, target.field], target.field
        text = clean(one.new)
        columns: dict[str, object] = dict.fromkeys((name, *self._derived(target)))
        if text is None:
            return columns
        try:
            if kind.startswith("decimal"):
                columns |= columns_of(kind, name, text, self._unit(target), False)
            elif name.endswith("_rate"):
                columns |= {name: self._rate(target, text)}
            else:
                columns |= columns_of(kind, name, text, None, False)
        except NotAValue as err:
            cure = (
                "；请写明单位，如 13.5万元 | write the unit, as in 13.5万元"
                if kind.startswith("decimal")
                else ""
            )
            raise Refused("error", f"新值 {text} 不能作为 {name}: {err}{cure}") from err
        for code, _source, vocabulary in self._codes(target):
            found = self.index.word(vocabulary, text)
            columns[code] = found[0] if found is not None else None
        return columns

    def _derived(self, target: Target) -> tuple[str, ...]:
        """Return the columns that the text fills besides its own; a code from a cell of its own is not among them."""
        names = derived(target.field)
        if target.field.endswith("_text"):
            return names
        own = self.view.cells_of(target.place)
        return tuple(name for name in names if self.view.cells_of((*target.place[:3], name)) in ([], own))

    def _codes(self, target: Target) -> Iterator[tuple[str, str, str]]:
        """Yield (code column, its source, vocabulary) of the form's rules for a corrected label."""
        form = self.view.forms[target.form_id]
        if target.field not in _CODED:
            return
        rule = next((one for one in self.index.rulebook.forms if one.name == form["form_type"]), None)
        seen: set[str] = set()
        for section in rule.sections if rule is not None else ():
            if section.dataset != target.dataset:
                continue
            named = [*section.codes]
            if section.rows is not None:
                named.append((section.rows.code_field, section.rows.label_field, section.rows.vocabulary))
            for code, source, vocabulary in named:
                if source == target.field and code not in seen:
                    seen.add(code)
                    yield code, source, vocabulary

    def _unit(self, target: Target) -> str | None:
        """Return the unit that turns the printed amounts of a column into the stored ones; None without proof."""
        form = self.view.forms[target.form_id]
        said = form.get("amount_unit")
        units = dict.fromkeys([str(said)] if said is not None else []) | dict.fromkeys(_UNITS)
        for scope in (self._same_value, self._same_column, self._same_form):
            pairs = [(text, stored) for text, stored in scope(target) if stored]
            proved = [
                unit
                for unit in units
                if pairs and all(_amount(text, unit) == stored for text, stored in pairs)
            ]
            bare = any(_amount(text, None) is None for text, _stored in pairs)
            if proved and bare:
                return proved[0]
        return None

    def _same_value(self, target: Target) -> Iterator[tuple[str, object]]:
        yield from self._amounts(lambda place: place == target.place)

    def _same_column(self, target: Target) -> Iterator[tuple[str, object]]:
        own = (target.form_id, target.dataset, target.field)
        yield from self._amounts(lambda place: (place[0], place[1], place[3]) == own)

    def _same_form(self, target: Target) -> Iterator[tuple[str, object]]:
        yield from self._amounts(lambda place: place[0] == target.form_id)

    def _amounts(self, wanted: Callable[[tuple[object, ...]], bool]) -> Iterator[tuple[str, object]]:
        """Yield (printed text, stored amount) of amounts that come from one cell each."""
        for place, uses in self.view.uses.items():
            form_id, dataset, row, name = place
            if not wanted(place) or not self.kinds[str(dataset), str(name)].startswith("decimal"):
                continue
            where = Target(str(form_id), str(dataset), row if isinstance(row, int) else None, str(name))
            text = clean(self.view.text(str(uses[0]["cell_id"])))
            if len(uses) == 1 and text is not None:
                yield text, (self.view.row(where) or {}).get(where.field)

    def _rate(self, target: Target, text: str) -> object:
        """Return a rate; a bare number counts as the printed rates of its column prove."""
        found = {percent: _read_rate(target.field, text, percent) for percent in (False, True)}
        if found[False] is not None and found[False] == found[True]:
            return found[False]
        own = (target.form_id, target.dataset, target.field)
        proved: set[bool] = set()
        for place, uses in self.view.uses.items():
            if (place[0], place[1], place[3]) != own or len(uses) != 1:
                continue
            printed = clean(self.view.text(str(uses[0]["cell_id"]))) or ""
            row = Target(
                str(place[0]), str(place[1]), place[2] if isinstance(place[2], int) else None, target.field
            )
            stored = (self.view.row(row) or {}).get(target.field)
            fits = [
                percent for percent in (False, True) if _read_rate(target.field, printed, percent) == stored
            ]
            proved |= set(fits) if len(fits) == 1 else set()
        if len(proved) == 1 and (value := found[proved.pop()]) is not None:
            return value
        raise Refused(
            "error", f"新值 {text} 不明确，请写百分号，如 95% | may be a fraction or percent; write 95%"
        )

    # -- into the copy ---------------------------------------------------------------------------------

    def apply(self, target: Target, columns: dict[str, object]) -> None:
        """Put the new values into the copy, with their lineage and what the document prints instead."""
        row = self.row_of[target.form_id, target.dataset, target.row]
        entry = f"{target.field}: {self.printed(target)}"
        was: Any = row.get("corrected_from") or []
        row["corrected_from"] = sorted(
            [*was, entry], key=lambda one: self.order[target.dataset, one.split(":")[0]]
        )
        row.update(columns)
        self.problems[:] = [one for one in self.problems if _at(one) != target.place]
        self._lineage(target, columns)
        if target.field == "fiscal_year":
            self._move(target.form_id, columns["fiscal_year"])

    def _lineage(self, target: Target, columns: dict[str, object]) -> None:
        """Let every new value name the cells of the old one; what has no value any more names none."""
        uses = self.rows.setdefault("lineage", [])
        mine = [use for use in uses if _at(use) == target.place]
        if not mine:
            cells = self.view.cells_of(target.place) or ([target.given] if target.given else [])
            year = self.row_of[target.form_id, target.dataset, target.row].get("fiscal_year")
            for name in cells:
                rule = self.view.cells.get(name, {}).get("rule") or FILE
                mine.append(_use(target, target.field, name, rule, year))
            uses.extend(mine)
        for name in columns:
            if name == target.field:
                continue
            place = (*target.place[:3], name)
            there = [use for use in uses if _at(use) == place]
            if columns[name] is None:
                uses[:] = [use for use in uses if _at(use) != place]
            elif not there:
                uses.extend(
                    _use(target, name, str(use["cell_id"]), use["rule"], use["fiscal_year"]) for use in mine
                )

    def _move(self, form_id: str, year: object) -> None:
        """Give all rows of a form its new year, the partition; the document's is that of its first form with one."""
        years = {str(row["form_id"]): row.get("fiscal_year") for row in self.rows["forms"]}
        years[form_id] = year
        first = next((one for one in years.values() if one is not None), None)
        for rows in self.rows.values():
            for row in rows:
                owner = row.get("form_id")
                row["fiscal_year"] = years[str(owner)] if owner is not None else first


def _use(target: Target, name: str, cell_id: str, rule: object, year: object) -> Row:
    return {
        "form_id": target.form_id,
        "dataset": target.dataset,
        "row_index": target.row,
        "field": name,
        "cell_id": cell_id,
        "rule": rule,
        "fiscal_year": year,
    }


def _at(row: Row) -> tuple[object, ...]:
    return row["form_id"], row["dataset"], row["row_index"], row["field"]


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


def _amount(text: str, unit: str | None) -> object:
    try:
        return columns_of("decimal128(20, 2)", "amount", text, unit, False)["amount"]
    except NotAValue:
        return None


def _read_rate(field: str, text: str, percent: bool) -> object:
    try:
        return columns_of("double", field, text, None, percent)[field]
    except NotAValue:
        return None
