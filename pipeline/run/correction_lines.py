"""corrections.csv -> corrections: what a person says a cell or a value should read, every fault with its line.

    DIR/corrections.csv    UTF-8 with or without a mark, or GB 18030 as Excel saves it in China

    文件, 表, 单元格, 数据集, 行, 字段, 原值, 新值, 修改人, 原因
    document, form, cell, dataset, row, field, old, new, who, why

``document`` is a document id (or its first 16 digits) or a path as in ``documents.paths``, ``form`` a form id or
number, ``cell`` a cell id or ``grid/row/col``; each may stand for those before it. ``field`` is a column or
its Chinese label; without one the cell itself is corrected, in every value that it gives.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import Fault, RuleError, StoreError
from pipeline.extractors.typed import columns_of, derived
from pipeline.model import Field
from pipeline.text.values import NotAValue, clean

FILE = "corrections.csv"
DATASETS = ("forms", "funding", "indicators")
COLUMNS: dict[str, tuple[str, ...]] = {
    "document": ("文件", "文档", "文件标识", "document", "document_id", "path"),
    "form": ("表", "表标识", "form", "form_id"),
    "cell": ("单元格", "单元格标识", "cell", "cell_id"),
    "dataset": ("数据集", "dataset"),
    "row": ("行", "行序号", "row", "row_index"),
    "field": ("字段", "列", "field", "column"),
    "old": ("原值", "旧值", "old", "old value", "old_value"),
    "new": ("新值", "更正值", "new", "new value", "new_value"),
    "who": ("修改人", "更正人", "经办人", "who"),
    "why": ("原因", "理由", "依据", "why"),
}
HEADER = tuple(names[0] for names in COLUMNS.values())
#: Columns that say what a row is, or that other columns decide: what to correct instead.
_NOT_ITSELF = {
    "amount_unit": "initial_budget, …",
    "fund_source": "fund_source_label",
    "level1_code": "level1",
    "level2_code": "level2",
} | {one: field for field in ("target_text", "actual_text") for one in derived(field)}
_NEVER = frozenset(
    {
        "form_id",
        "document_id",
        "form_index",
        "form_type",
        "row_index",
        "horizon",
        "coverage",
        "rulebook",
        "corrected_from",
    }
)
_ID = re.compile(r"[0-9a-f]{16,64}")
_FORM_ID = re.compile(r"([0-9a-f]{16})-(\d{3,})")
_CELL_ID = re.compile(r"(?:([0-9a-f]{16})/)?(-?\d+/\d+/\d+)")
_GUARDED = re.compile(r"^'(?=[=+\-@])")
PREFIX = 16

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a correction was attached: the row, and the cells (place, text) of its value and of its row's name."""

    document: str
    reader: str
    form: int
    dataset: str
    row: int | None
    field: str
    cells: tuple[Place, ...]
    names: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of the file; ``anchors`` say where it was attached before, empty for a line never applied.

    ``document`` is 16 hex digits or a path, ``form`` a number from 0 or None, ``cell`` is ``grid/row/col`` or
    empty, ``dataset`` and ``field`` are empty where the cell says them.
    """

    line: int
    document: str
    form: int | None
    cell: str
    dataset: str
    row: int | None
    field: str
    old: str
    new: str
    who: str = ""
    why: str = ""
    anchors: tuple[Anchor, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Return what the line says, wherever it stands in the file and whoever wrote it."""
        return self.document, self.form, self.cell, self.dataset, self.row, self.field, self.old, self.new

    @property
    def address(self) -> tuple[object, ...]:
        """Return what the line is about."""
        return self.key[:6]


def load(workspace: Path, fields: Sequence[Field]) -> tuple[Correction, ...]:
    """Return the corrections of a workspace, none where it has no such file.

    RuleError with every fault as path:line:column, StoreError where the file cannot be read.
    """
    path = workspace / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as err:
        raise StoreError(
            f"{path}: 无法读取（{err.strerror}）；请检查权限或关闭正在使用它的程序 | "
            f"cannot be read ({err.strerror}); check permissions, close the program that holds it"
        ) from err
    return parse(data, str(path), fields)


def parse(data: bytes, path: str, fields: Sequence[Field]) -> tuple[Correction, ...]:
    """Return the corrections of a file's bytes; RuleError with every fault."""
    faults: list[Fault] = []
    found: list[Correction] = []
    heads, lines = table(decoded(data, path), path)
    columns = _Columns(fields)
    for number, cells in lines:
        texts = {name: cells[at].strip() if at < len(cells) else "" for name, at in heads.items()}
        if len(cells) > max(heads.values()) + 1 and any(
            cell.strip() for cell in cells[max(heads.values()) + 1 :]
        ):
            faults.append(
                Fault(
                    path,
                    number,
                    len(cells),
                    "列太多，值中的逗号要加引号 | too many columns; quote a value with a comma",
                )
            )
            continue
        if not any(texts.values()):
            continue
        one, wrong = _line(number, texts, columns)
        faults += [Fault(path, number, heads.get(name, 0) + 1, message) for name, message in wrong]
        if one is not None:
            found.append(one)
    faults += _duplicates(found, path)
    if faults:
        raise RuleError(tuple(sorted(faults)))
    return tuple(found)


def decoded(data: bytes, path: str) -> str:
    """Return the text of a file: UTF-8, or else GB 18030; RuleError where it is neither."""
    for codec in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    message = "编码无法识别，请另存为 CSV UTF-8 | unknown encoding; save it as CSV UTF-8"
    raise RuleError((Fault(path, 1, 1, message),))


def table(text: str, path: str) -> tuple[dict[str, int], list[tuple[int, list[str]]]]:
    """Return column -> place, and the lines below the header with their numbers; RuleError without a header."""
    first = text.splitlines()[0] if text.strip() else ""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if "\t" in first and "," not in first else ","
    )
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            lines.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as err:
        raise RuleError((Fault(path, start, 1, f"不是 CSV 文件：{err} | not a CSV file: {err}"),)) from err
    names = {spelling: name for name, spellings in COLUMNS.items() for spelling in spellings}
    heads: dict[str, int] = {}
    faults = []
    for at, head in enumerate(lines[0][1] if lines else ()):
        name = names.get(head.strip().lower())
        if name is None and head.strip():
            faults.append(Fault(path, 1, at + 1, f"未知的列 {head} | unknown column {head}"))
        elif name is not None and name in heads:
            faults.append(Fault(path, 1, at + 1, f"列 {head} 重复 | column {head} twice"))
        elif name is not None:
            heads[name] = at
    for name in ("old", "new"):
        if name not in heads and not faults:
            zh = COLUMNS[name][0]
            faults.append(
                Fault(path, 1, 1, f"缺少列 {zh}；表头应为 {','.join(HEADER)} | missing column {name}")
            )
    if faults:
        raise RuleError(tuple(faults))
    return heads, lines[1:]


class _Columns:
    """The columns that may be corrected, by name and by Chinese label."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.types = {
            (field.dataset, field.name): field.type for field in fields if field.dataset in DATASETS
        }
        self.named: dict[str, set[Place]] = {}
        for field in fields:
            if field.dataset in DATASETS:
                self.named.setdefault(field.name, set()).add((field.dataset, field.name))
                self.named.setdefault(field.label_zh, set()).add((field.dataset, field.name))

    def find(self, text: str, dataset: str, row: int | None) -> set[Place]:
        found = {one for one in self.named.get(text, ()) if dataset in ("", one[0])}
        if row is not None:
            found = {one for one in found if one[0] != "forms"}
        return found


def keys_of(items: Iterable[Correction]) -> list[list[object]]:
    """Return what lines say, as JSON keeps it."""
    return [list(one.key) for one in items]


def is_id(document: str) -> bool:
    """Say whether a line names its document by the first digits of its id, not by a path."""
    return len(document) == PREFIX and _ID.fullmatch(document) is not None


Wrong = list[tuple[str, str]]


def _line(number: int, texts: Mapping[str, str], columns: _Columns) -> tuple[Correction | None, Wrong]:
    """Return one line as a correction, or what is wrong: (column, message)."""
    wrong: Wrong = []
    dataset = texts.get("dataset", "")
    if dataset not in ("", *DATASETS):
        wrong.append(
            ("dataset", f"未知的数据集 {dataset} | unknown dataset {dataset}; one of {', '.join(DATASETS)}")
        )
    row_text = texts.get("row", "")
    row = int(row_text) if row_text.isascii() and row_text.isdigit() else None
    if row_text and row is None:
        wrong.append(("row", f"行应为从 0 起的序号 | row must be a number from 0 (row_index): {row_text}"))
    document, form, cell = _address(texts, wrong)
    one = Correction(
        line=number,
        document=document,
        form=form,
        cell=cell,
        dataset=dataset,
        row=row,
        field=texts.get("field", ""),
        old=_GUARDED.sub("", texts.get("old", ""), count=1),
        new=_GUARDED.sub("", texts.get("new", ""), count=1),
        who=texts.get("who", ""),
        why=texts.get("why", ""),
    )
    if clean(one.old) == clean(one.new):
        wrong.append(("new", "新值与原值相同 | the new value is the old one"))
    if wrong:
        return None, wrong
    if one.field:
        one = _with_field(one, columns, wrong)
    elif not cell:
        wrong.append(("field", "应写明字段或单元格 | name a field or a cell"))
    return (None, wrong) if wrong else (one, wrong)


def _address(texts: Mapping[str, str], wrong: Wrong) -> tuple[str, int | None, str]:
    document = texts.get("document", "")
    document = document[:PREFIX] if _ID.fullmatch(document.lower()) else document
    document = document.lower() if _ID.fullmatch(document.lower()) else document
    owners = {document} - {""}
    form: int | None = None
    text = texts.get("form", "")
    if found := _FORM_ID.fullmatch(text):
        form = int(found[2])
        owners.add(found[1])
    elif text.isascii() and text.isdigit():
        form = int(text)
    elif text:
        wrong.append(
            ("form", f"应为表标识（如 0123456789abcdef-000）或序号 | not a form id or number: {text}")
        )
    cell = ""
    if text := texts.get("cell", ""):
        if found := _CELL_ID.fullmatch(text):
            cell = found[2]
            owners |= {found[1]} - {None}
        else:
            wrong.append(("cell", f"应为单元格标识（如 0123456789abcdef/0/3/1） | not a cell id: {text}"))
    ids = {one for one in owners if _ID.fullmatch(one)}
    if not owners and not wrong:
        wrong.append(("document", "应写明文件 | name the document, by its id or its path"))
    elif len(ids) > 1:
        wrong.append(
            ("document", f"文件、表、单元格不属于同一文件 | not of one document: {', '.join(sorted(ids))}")
        )
    return next(iter(ids), document), form, cell


def _with_field(one: Correction, columns: _Columns, wrong: Wrong) -> Correction:
    """Return the correction with its field resolved to a column; what cannot be corrected is wrong."""
    found = columns.find(one.field, one.dataset, one.row)
    names = {name for _dataset, name in found}
    if not found:
        wrong.append(("field", f"没有这个字段 | no such field: {one.field}"))
        return one
    if len(names) > 1 or (len(found) > 1 and not one.cell):
        either = ", ".join(sorted(".".join(place) for place in found))
        wrong.append(("dataset", f"应写明数据集 | say which dataset: {either}"))
        return one
    name = next(iter(names))
    if name in _NEVER or name in _NOT_ITSELF:
        cure = (
            f"；请更正 {_NOT_ITSELF[name]} | correct {_NOT_ITSELF[name]} instead"
            if name in _NOT_ITSELF
            else ""
        )
        wrong.append(("field", f"{name} 不能更正{cure or ' | cannot be corrected'}"))
        return one
    dataset = next(iter(found))[0] if len(found) == 1 else one.dataset
    if dataset not in ("", "forms") and one.row is None and not one.cell:
        wrong.append(("row", "应写明行序号（row_index）或单元格 | say the row (row_index) or the cell"))
    for place in sorted(found):
        try:
            _readable(columns.types[place], name, one.new)
        except NotAValue as err:
            wrong.append(("new", f"新值 {one.new} 不能作为 {name} | the new value is no {name}: {err}"))
            break
    return replace(one, field=name, dataset=dataset)


def _readable(kind: str, field: str, new: str) -> None:
    """Raise NotAValue where a text is no value of a column whatever the unit and the column's head."""
    text = clean(new)
    if text is None:
        return
    try:
        columns_of(kind, field, text, "元", False)
    except NotAValue:
        if not field.endswith("_rate"):
            raise
        columns_of(kind, field, text, "元", True)
    if field == "fiscal_year" and columns_of(kind, field, text, None, False)[field] is None:
        raise NotAValue(f"{text!r} is not a year")


def _duplicates(found: Sequence[Correction], path: str) -> list[Fault]:
    first: dict[tuple[object, ...], int] = {}
    faults = []
    for one in found:
        before = first.setdefault(one.address, one.line)
        if before != one.line:
            faults.append(
                Fault(
                    path, one.line, 1, f"第 {before} 行已更正同一处 | line {before} corrects the same value"
                )
            )
    return faults
