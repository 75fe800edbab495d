"""Read .docx (Office Open XML, transitional and strict): tables with spans, paragraphs around them as blocks.

A table inside a cell is a grid of its own, numbered after its host, whose cell keeps its own paragraphs only.
A text box is blocks (and grids) where it is anchored. Footnotes and endnotes are blocks after the body, with
their own part as locator. Page headers and footers, comments and automatic list numbers are not read: what a
header repeats on every page is no evidence of one form.
"""

import posixpath

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.wordml.builder import GridBuilder
from pipeline.readers.wordml.package import Package
from pipeline.readers.wordml.tokens import GuardError, feed

MEDIA = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    "application/vnd.ms-word.document.macroEnabled.12",
    "application/vnd.ms-word.template.macroEnabled.12",
)
VERSION = 1


def read(source: Source) -> Document:
    """Return the grids and blocks of a Word document; a cell's paragraphs are joined with a line feed."""
    try:
        package = Package(source.data)
        name = package.main_part()
        data = package.part(name)
        try:
            return by_tokens(source, name, data)
        except (GuardError, UnicodeDecodeError):
            return by_tree(source, name, data, package)
    except SourceError:
        raise
    except MemoryError as error:
        raise SourceError("too_large", detail="out of memory") from error
    except Exception as error:
        raise SourceError("internal", detail=f"{type(error).__name__}: {error}") from error


def by_tokens(source: Source, name: str, data: bytes) -> Document:
    """Return the document read the quick way; GuardError where the part is beyond it."""
    builder = GridBuilder()
    builder.begin_part(name)
    feed(data, builder)
    return _document(source, builder, ())


def by_tree(source: Source, name: str, data: bytes, package: Package) -> Document:
    """Return the document read with lxml, footnotes and endnotes included."""
    from pipeline.readers.wordml.tree import TreeWalk

    builder = GridBuilder()
    walk = TreeWalk(builder)
    walk.body(data, name)
    for kind in ("footnotes", "endnotes"):
        part = posixpath.join(posixpath.dirname(name), f"{kind}.xml")
        if kind in walk.notes and part in package:
            walk.footnotes(package.part(part), part)
    return _document(source, builder, tuple(dict.fromkeys(walk.problems)))


def _document(source: Source, builder: GridBuilder, problems: tuple[str, ...]) -> Document:
    grids, blocks = builder.finish()
    return Document(
        source.document_id, source.media_type, f"docx/{VERSION}", grids, blocks, pages=None, problems=problems
    )
