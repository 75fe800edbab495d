"""Where a correction belongs: the rows, cells and uses of one extraction, and the cell that a line means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extractors.typed import derived
from pipeline.run.correction_lines import DATASETS, PREFIX, Anchor, Correction, Place
from pipeline.run.one import Extraction, Row
from pipeline.text.values import clean

#: The columns whose cells say which row it is.
_NAMES = {
    "forms": ("title",),
    "funding": ("fund_source_label",),
    "indicators": ("level1", "level2", "level3"),
}
_DERIVED = frozenset(one for name in ("target_text", "actual_text") for one in derived(name)) | {
    "fund_source",
    "level1_code",
    "level2_code",
}


class Refused(Exception):  # noqa: N818
    """A correction is not applied: ``state`` is ``stale`` or ``error``, the text says why."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True, slots=True)
class Target:
    """One value of one row; ``given`` is a cell that the line names where the value has no lineage."""

    form_id: str
    dataset: str
    row: int | None
    field: str
    given: str = ""

    @property
    def place(self) -> tuple[object, ...]:
        """Return which value it is."""
        return self.form_id, self.dataset, self.row, self.field


def rows_by_place(rows: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str, int | None], Row]:
    """Return (form id, dataset, row index) -> row of the datasets that may be corrected."""
    return {
        (str(row["form_id"]), dataset, _number(row.get("row_index"))): row
        for dataset in DATASETS
        for row in rows.get(dataset, ())
    }


class View:
    """Look-ups in one extraction, which they leave as it is."""

    def __init__(self, extraction: Extraction) -> None:
        self.extraction = extraction
        self.short = extraction.document_id[:PREFIX]
        rows = extraction.rows
        self.reader = str(rows["documents"][0].get("reader") or "")
        self.forms: dict[str, Row] = {str(row["form_id"]): row for row in rows.get("forms", ())}
        self.cells: dict[str, Row] = {str(row["cell_id"]): row for row in rows.get("cells", ())}
        self.rows = rows_by_place(rows)
        self.uses: dict[tuple[object, ...], list[Row]] = {}
        self.by_cell: dict[str, list[Row]] = {}
        for use in rows.get("lineage", ()):
            self.uses.setdefault(_place(use), []).append(use)
            self.by_cell.setdefault(str(use["cell_id"]), []).append(use)
        self.problems = {_place(one): one for one in extraction.problems}

    def row(self, target: Target) -> Row | None:
        """Return the row of a target."""
        return self.rows.get((target.form_id, target.dataset, target.row))

    def cells_of(self, place: tuple[object, ...]) -> list[str]:
        """Return the ids of the cells that gave a value, or that printed what could not be typed."""
        found = list(dict.fromkeys(str(use["cell_id"]) for use in self.uses.get(place, ())))
        if not found and place in self.problems:
            found = [str(self.problems[place]["cell_id"])]
        return found

    def text(self, cell_id: str) -> str:
        """Return the text of a cell as read."""
        return str(self.cells[cell_id]["text"]) if cell_id in self.cells else ""

    def anchor(self, target: Target) -> Anchor:
        """Return what attaches a correction to this value."""
        cells = self.cells_of(target.place) or ([target.given] if target.given else [])
        names: list[str] = []
        for name in _NAMES[target.dataset]:
            if name != target.field:
                names += self.cells_of((target.form_id, target.dataset, target.row, name))
        return Anchor(
            document=self.short,
            reader=self.reader,
            form=int(target.form_id[PREFIX + 1 :]),
            dataset=target.dataset,
            row=target.row,
            field=target.field,
            cells=self._places(cells),
            names=self._places(dict.fromkeys(names)),
        )

    def _places(self, cells: Iterator[str] | Sequence[str] | dict[str, None]) -> tuple[Place, ...]:
        return tuple((name[PREFIX + 1 :], self.text(name)) for name in cells)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _place(row: Row) -> tuple[object, ...]:
    return str(row["form_id"]), str(row["dataset"]), _number(row["row_index"]), str(row["field"])


def attach(one: Correction, view: View) -> list[Target]:
    """Return the values that a correction is about; Refused where its cell is no longer there or not clear."""
    if not view.forms:
        raise Refused("stale", "文件中没有识别出表 | the document gave no form")
    if not one.anchors:
        return list(_by_address(one, view))
    same = all(anchor.document == view.short and anchor.reader == view.reader for anchor in one.anchors)
    if one.cell and not one.field and same:
        found = list(_by_address(one, view))
        texts = {text for anchor in one.anchors for place, text in anchor.cells if place == one.cell}
        if texts and view.text(f"{view.short}/{one.cell}") not in texts:
            raise Refused("stale", "单元格的内容已变 | the text of the cell has changed")
        return found
    return [_by_anchor(anchor, view, same) for anchor in one.anchors]


# -- a line that was never applied: what it says ------------------------------------------------------------------


def _by_address(one: Correction, view: View) -> Iterator[Target]:
    if one.cell:
        yield from _by_cell(one, view)
        return
    form_id = _form(one, view)
    target = Target(form_id, one.dataset, one.row, one.field)
    if view.row(target) is None:
        raise Refused(
            "stale", f"{one.dataset} 没有第 {one.row} 行 | {one.dataset} has no row {one.row} in {form_id}"
        )
    yield target


def _form(one: Correction, view: View) -> str:
    if one.form is not None:
        form_id = f"{view.short}-{one.form:03d}"
        if form_id not in view.forms:
            raise Refused("stale", f"没有表 {form_id} | no form {form_id}")
        return form_id
    if len(view.forms) > 1:
        raise Refused(
            "error",
            f"文件有 {len(view.forms)} 张表，请写明哪一张 | the document has {len(view.forms)} forms; say which",
        )
    return next(iter(view.forms))


def _by_cell(one: Correction, view: View) -> Iterator[Target]:
    cell_id = f"{view.short}/{one.cell}"
    cell = view.cells.get(cell_id)
    if cell is None:
        raise Refused("stale", f"没有单元格 {cell_id} | no cell {cell_id}")
    found: dict[Target, None] = {}
    for use in view.by_cell.get(cell_id, ()):
        form_id, dataset, row, name = _place(use)
        if name in _DERIVED or (_is_split(view, use) and name != one.field):
            continue
        form = one.form is None or form_id == f"{view.short}-{one.form:03d}"
        if form and one.field in ("", name) and one.dataset in ("", dataset) and one.row in (None, row):
            found[Target(str(form_id), str(dataset), _number(row), str(name))] = None
    if found:
        yield from found
        return
    for form_id, dataset, row, name in view.problems:
        problem = view.problems[form_id, dataset, row, name]
        if problem["cell_id"] == cell_id and one.field in ("", name) and one.row in (None, row):
            yield Target(str(form_id), str(dataset), _number(row), str(name))
            return
    yield _blank(one, view, cell)


def _is_split(view: View, use: Row) -> bool:
    """Say whether a code was split from a name in the same cell: correcting the cell corrects both by the name."""
    form_id, dataset, row, name = _place(use)
    return any(
        name in derived(str(other["field"])) and _place(other)[:3] == (form_id, dataset, row)
        for other in view.by_cell[str(use["cell_id"])]
    )


def _blank(one: Correction, view: View, cell: Row) -> Target:
    """Return the value of a cell that says nothing (a dash): the line has to name field and row."""
    owner = cell["form_id"]
    if not one.field or not one.dataset or owner is None or (one.dataset != "forms" and one.row is None):
        raise Refused(
            "error",
            "该单元格没有给出值，请写明字段和行 | the cell gives no value; name the field and the row",
        )
    target = Target(str(owner), one.dataset, one.row, one.field, str(cell["cell_id"]))
    row = view.row(target)
    if row is None:
        raise Refused("stale", f"{one.dataset} 没有第 {one.row} 行 | {one.dataset} has no row {one.row}")
    if row.get(one.field) is not None or clean(str(cell["text"])) is not None:
        raise Refused("error", f"{one.field} 不是由该单元格给出 | {one.field} does not come from this cell")
    return target


# -- a line that was applied before: the same cell ------------------------------------------------------------------


def _by_anchor(anchor: Anchor, view: View, same: bool) -> Target:
    """Return the value that the remembered cell gives now.

    ``same`` says that document and reader are those of before: the place of a cell is then the cell. Otherwise
    texts decide, those of the value and those that name its row, and only where they stand once.
    """
    exact: list[Target] = []
    loose: list[Target] = []
    for form_id, dataset, row in view.rows:
        if dataset != anchor.dataset:
            continue
        target = Target(form_id, dataset, row, anchor.field)
        now = view.anchor(target)
        if same and not now.cells and anchor.cells and now.names == anchor.names:
            target, now = _given(target, anchor, view)
        if (now.cells == anchor.cells) if same else (_texts(now.cells) == _texts(anchor.cells)):
            if (now.names == anchor.names) if same else (_texts(now.names) == _texts(anchor.names)):
                exact.append(target)
            elif same and anchor.cells:
                loose.append(target)
    for found in (exact, loose):
        here = [
            one for one in found if (one.row, int(one.form_id[PREFIX + 1 :])) == (anchor.row, anchor.form)
        ]
        if same and here and found is exact and (anchor.cells or anchor.names):
            return here[0]
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused(
                "stale",
                f"有 {len(found)} 处相同，无法确定是哪一处 | {len(found)} places look alike; it is not clear which",
            )
    printed = " ".join(text for _place, text in anchor.cells)
    raise Refused(
        "stale",
        f"原单元格（{printed}）已变或不再给出该值 | its cell ({printed}) changed or no longer gives this value",
    )


def _given(target: Target, anchor: Anchor, view: View) -> tuple[Target, Anchor]:
    """Return a blank value with the cell that the line named for it, if that still says nothing."""
    cell_id = f"{view.short}/{anchor.cells[0][0]}"
    if clean(view.text(cell_id)) is None and cell_id in view.cells:
        target = Target(target.form_id, target.dataset, target.row, target.field, cell_id)
    return target, view.anchor(target)


def _texts(places: Sequence[Place]) -> tuple[str | None, ...]:
    return tuple(clean(text) for _place, text in places)
