"""XML of a part as lxml elements: no entities, no network, no document type, bounded in size."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from pipeline.errors import SourceError

if TYPE_CHECKING:
    from lxml.etree import _Element

WORD = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
ALTERNATE_CONTENT = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
WHOLE_TREE = 16 << 20  # a larger part is parsed one child of the body at a time
MAX_TAGS = 8_000_000  # a tree takes about 130 bytes a node


def names(*local: str) -> tuple[str, ...]:
    """Return the qualified names of Word elements or attributes, transitional and strict."""
    return tuple(namespace + name for namespace in WORD for name in local)


DOCUMENT, BODY = names("document"), names("body")
BODY_CONTENT = (*names("p", "tbl", "sdt", "customXml", "altChunk"), ALTERNATE_CONTENT)


def doctype_error(part: str) -> SourceError:
    """Return the error for a part with a document type declaration (entities could multiply)."""
    return SourceError("corrupt", place=part, detail="a document type declaration is not allowed here")


def parse(data: bytes, part: str) -> "_Element":
    """Return the root of a part; SourceError where it is not well-formed, has a DTD or too many tags."""
    from lxml import etree

    _count(data, part)
    try:
        root = etree.fromstring(
            data,
            etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True),
        )
    except etree.XMLSyntaxError as error:
        raise SourceError("corrupt", place=part, detail=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding where the bytes do not show it
        raise doctype_error(part)
    return root


def _count(data: bytes, part: str) -> None:
    if len(data) > MAX_TAGS and (tags := data.count(b"<")) > MAX_TAGS:
        raise SourceError("too_large", place=part, detail=f"{tags} XML tags, the limit is {MAX_TAGS}")


def body_children(data: bytes, part: str) -> "Iterator[_Element]":
    """Yield what the body holds; a large part is never a tree as a whole."""
    if len(data) > WHOLE_TREE:
        yield from _streamed(data, part)
        return
    root = parse(data, part)
    if root.tag not in DOCUMENT:
        raise SourceError(
            "corrupt", place=part, detail=f"not a Word document: the root element is {root.tag}"
        )
    for body in root.iterchildren(*BODY):
        yield from body


def _streamed(data: bytes, part: str) -> "Iterator[_Element]":
    from lxml import etree

    _count(data, part)
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
            if body is None or body.tag not in BODY:
                continue
            if element.getroottree().docinfo.internalDTD is not None:
                raise doctype_error(part)
            yield element
            element.clear()
            while element.getprevious() is not None:
                del body[0]
        _expect_document(context.root, part)
    except etree.XMLSyntaxError as error:
        raise SourceError("corrupt", place=part, detail=str(error)) from error


def _expect_document(root: "_Element", part: str) -> None:
    if root.tag not in DOCUMENT:
        raise SourceError(
            "corrupt", place=part, detail=f"not a Word document: the root element is {root.tag}"
        )
