"""OFD packages (GB/T 33190-2016): documents, pages, templates and resources, opened with limits."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.readers.pages.assembly import numbers
from pipeline.readers.pages.ink import Ink
from pipeline.readers.pages.ofd_objects import Painter
from pipeline.readers.wordml.package import Package

if TYPE_CHECKING:
    from lxml.etree import _Element

# bytes of XML that one file may unpack to in all; a page of dense text takes about 100 kB
MAX_UNPACKED = 1 << 30
# bytes of one part, and of the parts whose trees are kept for the next page; a tree takes many times its text
MAX_PART = 64 << 20
MAX_KEPT = 64 << 20
MAX_PAGES = 20_000
_A4 = (0.0, 0.0, 210.0, 297.0)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ROOT = "OFD.xml"


def name_of(element: "_Element") -> str:
    """Return an element's name whatever its namespace: writers use several."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: "_Element | None", *path: str) -> "_Element | None":
    """Return the first child of a name, then its child of the next name and so on."""
    for name in path:
        if element is None:
            return None
        element = next((one for one in element if name_of(one) == name), None)
    return element


def children(element: "_Element | None", name: str) -> "list[_Element]":
    """Return the children of a name."""
    return [one for one in element if name_of(one) == name] if element is not None else []


def text_of(element: "_Element | None") -> str:
    """Return an element's text without blanks around it."""
    return (element.text or "").strip() if element is not None else ""


def box_of(element: "_Element | None") -> tuple[float, float, float, float] | None:
    """Return an ST_Box (x, y, width, height in mm), None where it is none or has no area."""
    values = [float(one) for one in _NUMBER.findall(text_of(element))]
    if len(values) < 4 or not (0 < values[2] < 1e5 and 0 < values[3] < 1e5):
        return None
    return values[0], values[1], values[2], values[3]


@dataclass(slots=True)
class _Body:
    """One document of the package: where it lies, its resources and its templates."""

    place: str
    root: "_Element"
    area: tuple[float, float, float, float] = _A4
    units: "dict[str, _Element]" = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


class OfdPackage:
    """An open OFD; ``problems`` fill while the pages are read."""

    def __init__(self, data: bytes) -> None:
        self._package = Package(data)
        self._unpacked = self._kept = 0
        self._parsed: dict[str, _Element] = {}
        self._encrypted = False
        self.problems: list[str] = []
        self._private: list[int] = []
        self._by_glyph: list[int] = []
        root = self._xml(_ROOT)
        self._encrypted = any(name_of(one) in ("Encryptions", "EncryptInfo") for one in root.iter())
        self._bodies = [
            self._body(place)
            for body in children(root, "DocBody")
            if (place := self._find(_ROOT, text_of(child(body, "DocRoot"))))
        ]
        if not self._bodies:
            raise SourceError("corrupt", place=_ROOT, detail="it names no document that is in the package")

    def inks(self) -> Iterator[Ink]:
        """Yield the ink of each page of each document of the package."""
        number = 0
        for body in self._bodies:
            for page in children(child(body.root, "Pages"), "Page"):
                number += 1
                if number > MAX_PAGES:
                    raise SourceError("too_large", detail=f"more than {MAX_PAGES} pages")
                yield self._page(body, page, number)
        if not number:
            raise SourceError("corrupt", detail="no pages")
        if self._private:
            self.problems.append(
                f"{numbers(self._private)}: characters of private use, what they show is unknown"
            )
        if self._by_glyph:
            self.problems.append(
                f"{numbers(self._by_glyph)}: text drawn by glyph number (CGTransform), what is shown may differ"
            )

    def _page(self, body: _Body, page: "_Element", number: int) -> Ink:
        """Return the ink of one page; what is wrong with it costs that page only."""
        location = page.get("BaseLoc") or ""
        place = self._find(body.place, location)
        if place is None:
            return Ink(number, fault=f"the package has no {location or 'part for it'}")
        try:
            root = self._xml(place, keep=False)
            units = body.units | self._units(place, child(root, "PageRes"))
            _, _, width, height = box_of(child(root, "Area", "PhysicalBox")) or body.area
            painter = Painter(number, width, height, units)
            back, front = self._templates(body, root)
            for content in (*back, child(root, "Content"), *front):
                if content is not None:
                    painter.draw(content)
        except SourceError as error:
            if error.code in ("too_large", "encrypted"):
                raise
            return Ink(number, fault=f"{error.place} {error.detail}".strip())
        except (ValueError, OverflowError, RecursionError) as error:
            return Ink(number, fault=f"{type(error).__name__} {error}".strip())
        ink = painter.finish()
        ink.stamps += body.notes.get(page.get("ID") or "", [])
        if painter.private:
            self._private.append(number)
        if painter.by_glyph:
            self._by_glyph.append(number)
        return ink

    def _templates(self, body: _Body, root: "_Element") -> "tuple[list[_Element], list[_Element]]":
        """Return the contents of a page's templates: those behind its own and those before it."""
        back: list[_Element] = []
        front: list[_Element] = []
        for one in children(root, "Template"):
            place = body.templates.get(one.get("TemplateID") or "")
            content = child(self._xml(place), "Content") if place else None
            if content is not None:
                (front if one.get("ZOrder") == "Foreground" else back).append(content)
        return back, front

    def _body(self, place: str) -> _Body:
        root = self._xml(place)
        common = child(root, "CommonData")
        body = _Body(place, root, box_of(child(common, "PageArea", "PhysicalBox")) or _A4)
        for kind in ("PublicRes", "DocumentRes"):
            for one in children(common, kind):
                body.units |= self._units(place, one)
        for one in children(common, "TemplatePage"):
            found = self._find(place, one.get("BaseLoc") or "")
            if found:
                body.templates[one.get("ID") or ""] = found
        body.notes = self._notes(place, child(root, "Annotations"))
        return body

    def _units(self, base: str, location: "_Element | None") -> "dict[str, _Element]":
        """Return the composite graphics of a resource part by their ID; a part that is lost gives none."""
        place = self._find(base, text_of(location))
        if place is None:
            return {}
        try:
            root = self._xml(place)
        except SourceError as error:
            if error.code in ("too_large", "encrypted"):
                raise
            self.problems.append(f"{place}: cannot be read ({error.detail})")
            return {}
        return {
            one.get("ID") or "": one
            for group in children(root, "CompositeGraphicUnits")
            for one in children(group, "CompositeGraphicUnit")
        }

    def _notes(self, base: str, location: "_Element | None") -> dict[str, list[str]]:
        """Return what annotations (stamps, remarks, watermarks) write over the pages, by page ID."""
        found: dict[str, list[str]] = {}
        place = self._find(base, text_of(location))
        if place is None:
            return found
        try:
            for page in children(self._xml(place), "Page"):
                part = self._find(place, text_of(child(page, "FileLoc")))
                for note in children(self._xml(part), "Annot") if part else ():
                    codes = (one.text or "" for one in note.iter() if name_of(one) == "TextCode")
                    text = "".join(codes).strip()
                    if text and note.get("Visible") != "false":
                        found.setdefault(page.get("PageID") or "", []).append(text)
        except SourceError as error:
            if error.code in ("too_large", "encrypted"):
                raise
            self.problems.append(f"{place}: annotations cannot be read ({error.detail})")
        return found

    def _find(self, base: str, location: str) -> str | None:
        """Return the part that an ST_Loc names: absolute, beside the part that names it, or below a root."""
        location = location.replace("\\", "/")
        if not location:
            return None
        tried = [location.lstrip("/")]
        if not location.startswith("/"):
            beside = posixpath.join(posixpath.dirname(base), location)
            tried = [posixpath.normpath(beside), *tried, f"{base.split('/', 1)[0]}/{location}"]
        return next((one for one in tried if one in self._package), None)

    def _xml(self, place: str, keep: bool = True) -> "_Element":
        """Return the root of a part; SourceError where it is not XML or declares entities."""
        from lxml import etree

        if place in self._parsed:
            return self._parsed[place]
        data = self._package.part(place)
        self._unpacked += len(data)
        if len(data) > MAX_PART or self._unpacked > MAX_UNPACKED:
            raise SourceError(
                "too_large", place=place, detail=f"over {MAX_PART} bytes, or {MAX_UNPACKED} in all"
            )
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            if b"<!DOCTYPE" in data:
                raise SourceError("corrupt", place=place, detail="a document type declaration is not allowed")
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            code = "encrypted" if self._encrypted else "corrupt"
            raise SourceError(code, place=place, detail=str(error)) from error
        if root.getroottree().docinfo.internalDTD is not None:
            raise SourceError("corrupt", place=place, detail="a document type declaration is not allowed")
        if keep and self._kept + len(data) <= MAX_KEPT:
            self._kept += len(data)
            self._parsed[place] = root
        return root
