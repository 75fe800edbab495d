"""XML of a part as lxml elements: no entities, no network, no document type."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from pipeline.errors import SourceError

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# The strict variant of the standard has the same elements under other names (ECMA-376 part 1, annex A).
STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
)
ALTERNATE_CONTENT = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
WHOLE_TREE = 16 << 20  # a larger part is parsed one child of the body at a time
BODY_CONTENT = (*(W + name for name in ("p", "tbl", "sdt", "customXml", "altChunk")), ALTERNATE_CONTENT)


def names(*local: str) -> tuple[str, ...]:
    """Return the qualified names of Word elements."""
    return tuple(W + name for name in local)


def _doctype_error(part: str) -> SourceError:
    """Return the error for a part with a document type declaration (entities could multiply)."""
    return SourceError("corrupt", place=part, detail="a document type declaration is not allowed here")


def parse(data: bytes, part: str) -> "_Element":
    """Return the root of a part; SourceError where it is not well-formed or has a DTD."""
    from lxml import etree

    data = _checked(data, part)
    try:
        root = etree.fromstring(
            data,
            etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True),
        )
    except etree.XMLSyntaxError as error:
        raise SourceError("corrupt", place=part, detail=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding where the bytes do not show it
        raise _doctype_error(part)
    return root


def _checked(data: bytes, part: str) -> bytes:
    if b"<!DOCTYPE" in data:
        raise _doctype_error(part)
    for strict, transitional in STRICT:
        data = data.replace(strict, transitional)
    return data


def body_children(data: bytes, part: str) -> "Iterator[_Element]":
    """Yield what the body holds; a large part is never a tree as a whole."""
    if len(data) > WHOLE_TREE:
        yield from _streamed(data, part)
        return
    root = parse(data, part)
    _expect_document(root, part)
    for body in root.iterchildren(W + "body"):
        yield from body


def _streamed(data: bytes, part: str) -> "Iterator[_Element]":
    from lxml import etree

    data = _checked(data, part)
    try:
        context = etree.iterparse(
            BytesIO(data),
            events=("end",),
            tag=BODY_CONTENT,
            resolve_entities=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
        )
        for _, element in context:
            body = element.getparent()
            if body is None or body.tag != W + "body":
                continue
            if element.getroottree().docinfo.internalDTD is not None:
                raise _doctype_error(part)
            yield element
            element.clear()
            while element.getprevious() is not None:
                del body[0]
        _expect_document(context.root, part)
    except etree.XMLSyntaxError as error:
        raise SourceError("corrupt", place=part, detail=str(error)) from error


def _expect_document(root: "_Element", part: str) -> None:
    if root.tag != W + "document":
        detail = f"not a Word document: the root element is {root.tag}"
        raise SourceError("corrupt", place=part, detail=detail)
