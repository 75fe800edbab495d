"""An Office Open XML workbook (ECMA-376, transitional and strict) -> its sheets with shown texts and merged ranges."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.errors import SourceError
from pipeline.readers.sheets.layout import Sheet
from pipeline.readers.sheets.markup import Attributes, InMemory, Readable, elements, walk, whole
from pipeline.readers.sheets.package import Package, relations, target
from pipeline.readers.sheets.richtext import shared_strings
from pipeline.readers.sheets.styles import Styles
from pipeline.readers.sheets.worksheet import Worksheet

_MAX_PART = 64 << 20  # a part that is read whole
_MAX_SHEETS = 10_000
_SAME_STYLES = 1 << 18  # styles up to this size are kept for the next book: a program writes the same ones
_SAME_PART = 1 << 14  # likewise the references between parts and the list of sheets


@dataclass(slots=True)
class Workbook:
    """The parts of a book and what its sheets share."""

    package: Package
    sheets: list[tuple[str, str, bool]] = field(default_factory=list)  # name, part, hidden
    strings: dict[str, str] = field(default_factory=dict)  # by their number as it is written
    styles: Styles = field(default_factory=lambda: Styles((), {}))
    problems: list[str] = field(default_factory=list)


def open_workbook(data: bytes) -> Workbook:
    """Return the book; SourceError where the container or the list of sheets cannot be read."""
    package = Package(data)
    name = package.find("xl/workbook.xml") or _main_part(package)
    book = Workbook(package)
    targets = _references(package, name)
    date1904 = False
    found = _elements(package, name, frozenset({"sheet", "workbookPr"}))
    for element, parent, attributes in found:
        if element == "workbookPr":
            date1904 = attributes.get("date1904") in ("1", "true", "on")
        elif parent == "sheets":
            kind, part = targets.get(attributes.get("id", ""), ("", ""))
            part = part if kind != "chartsheet" else ""
            hidden = attributes.get("state", "visible") != "visible"
            book.sheets.append((attributes.get("name", ""), part if kind else "?", hidden))
    if not book.sheets:
        raise SourceError("corrupt", place=name, detail="no list of sheets")
    if len(book.sheets) > _MAX_SHEETS:
        raise SourceError("too_large", place=name, detail=f"{len(book.sheets)} sheets")
    _read_shared(book, dict(targets.values()), date1904)
    return book


def _main_part(package: Package) -> str:
    """Return the part that the package names as its main one."""
    for kind, part in _references(package, "").values():
        if kind == "officeDocument" and (name := package.find(part)):
            return name
    raise SourceError("corrupt", place="zip", detail="no workbook in the package")


def _references(package: Package, name: str) -> dict[str, tuple[str, str]]:
    """Return id -> (last word of the type, name of the part) for what a part refers to within the package."""
    place = package.find(relations(name))
    if place is None:
        return {}
    out: dict[str, tuple[str, str]] = {}
    for _, _, attributes in _elements(package, place, frozenset({"Relationship"})):
        if attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            out[attributes.get("Id", "")] = (kind, target(name, attributes.get("Target", "")))
    return out


def _elements(package: Package, place: str, names: frozenset[str]) -> list[tuple[str, str, Attributes]]:
    """Return the elements of a part; the parts of books from one program are often the same to the byte."""
    data = _opened(package, place).read()
    return _known_elements(data, place, names) if len(data) < _SAME_PART else _read(data, place, names)


def _read(data: bytes, place: str, names: frozenset[str]) -> list[tuple[str, str, Attributes]]:
    return elements(InMemory(data), place, names)


_known_elements = lru_cache(maxsize=64)(_read)


def _opened(package: Package, name: str) -> Readable:
    if package.size(name) > _MAX_PART:
        raise SourceError("too_large", place=name, detail=f"{package.size(name) >> 20} MiB")
    return package.stream(name)


def _read_shared(book: Workbook, parts: dict[str, str], date1904: bool) -> None:
    """Read the styles and the shared strings; a fault in them is a problem, not the end."""
    package = book.package
    book.styles = Styles((), {}, date1904)
    name = package.find(parts.get("styles", "xl/styles.xml"))
    if name:
        try:
            data = _opened(package, name).read()
            book.styles = (_known_styles if len(data) < _SAME_STYLES else _styles)(data, name, date1904)
        except SourceError as fault:
            if fault.code == "too_large":
                raise
            book.problems.append(
                f"number formats cannot be read, numbers are shown as stored: {fault.detail}"
            )
    name = package.find(parts.get("sharedStrings", "xl/sharedStrings.xml"))
    if name:
        try:
            texts = shared_strings(_opened(package, name).read(), name)
            book.strings = dict(zip(map(str, range(len(texts))), texts, strict=True))
        except SourceError as fault:
            if fault.code == "too_large":
                raise
            book.problems.append(f"shared texts cannot be read: {fault.detail}")


def _styles(data: bytes, place: str, date1904: bool) -> Styles:
    """Return the format number of each cell style, with the codes that the book defines by number."""
    numbers: list[int] = []
    formats: dict[int, str] = {}
    for name, parent, attributes in elements(InMemory(data), place, frozenset({"xf", "numFmt"})):
        number = attributes.get("numFmtId", "0")
        if name == "xf" and parent == "cellXfs":
            numbers.append(max(0, whole(number)))
        elif name == "numFmt" and parent == "numFmts" and whole(number) >= 0:
            formats[whole(number)] = attributes.get("formatCode", "General")
    return Styles(numbers, formats, date1904)


_known_styles = lru_cache(maxsize=16)(_styles)


def read_sheets(book: Workbook) -> Iterator[tuple[Sheet, list[str]]]:
    """Yield every sheet that has cells, with what could not be read of it."""
    text_styles = book.styles.text_styles()
    for number, (name, part, hidden) in enumerate(book.sheets, 1):
        if not part:
            continue
        sheet = Sheet(name, number, hidden)
        worksheet = Worksheet(sheet, book.strings, book.styles, text_styles)
        stored = book.package.find(part)
        if stored is None:
            yield sheet, [f"{name}: the part of this sheet is missing"]
            continue
        try:
            worksheet.read(lambda stored=stored: book.package.stream(stored), stored)  # type: ignore[misc]
            if worksheet.drawing:
                _read_drawing(book, sheet, stored, worksheet.drawing)
        except SourceError as fault:
            if fault.code == "too_large":
                raise
            worksheet.faults.append(f"{name}: {fault.place} {fault.detail or fault.code}")
        yield sheet, worksheet.faults


def _read_drawing(book: Workbook, sheet: Sheet, stored: str, reference: str) -> None:
    """Add the texts of the text boxes of a sheet, one for each box."""
    _, part = _references(book.package, stored).get(reference, ("", ""))
    name = book.package.find(part) if part else None
    if name is None:
        return
    boxes = TextBoxes()
    walk(_opened(book.package, name), name, boxes.start, boxes.end, boxes.text)
    sheet.floating.extend((text, f"{sheet.name} (text box)") for text in boxes.found if text.strip())


class TextBoxes:
    """Gathers the texts of the shapes of a drawing, paragraphs as lines."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._lines: list[str] | None = None
        self._in_text = False

    def start(self, name: str, _: Attributes) -> None:
        """Take the beginning of an element."""
        if name == "txBody":
            self._lines = []
        elif name == "p" and self._lines is not None:
            self._lines.append("")
        elif name == "t":
            self._in_text = True

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name == "txBody" and self._lines is not None:
            self.found.append("\n".join(self._lines))
            self._lines = None
        elif name == "t":
            self._in_text = False

    def text(self, data: str) -> None:
        """Take a piece of text."""
        if self._in_text and self._lines:
            self._lines[-1] += data
