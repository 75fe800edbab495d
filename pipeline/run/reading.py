"""One source to one reading, and the versions on which readings and rows depend."""

import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers import read, readers
from pipeline.readers.pdf import ENGINE_VARIABLE, ENGINES
from pipeline.store.grids import Key, Reading

#: Raise it by hand when matcher or extractors give other rows for the same document and rules.
INTERPRETATION = 5
#: Raise it by hand when the rows of a snapshot lie in other files than before.
LAYOUT = 2
#: Failures that another day, more memory or an installed component may cure: such files are read again.
PASSING = frozenset({"needs_ocr", "needs_libreoffice", "needs_extra", "old_format", "internal", "unreadable"})
# readers that end in another reader: what that one changes, they change
_THROUGH = {"office": ("docx", "xlsx"), "mht": ("html",)}
_BY_SUFFIX = "application/octet-stream"


@cache
def reader_key(media: str) -> str:
    """Return the readers of a medium with their versions: ``docx/1``, ``office/1+docx/1``; empty where there is none."""
    module = readers().get(media)
    if module is None:
        return ""
    found = {str(getattr(one, "__name__", "")).rpartition(".")[2]: one.VERSION for one in readers().values()}
    name = str(getattr(module, "__name__", "")).rpartition(".")[2]
    names = (name, *_THROUGH.get(name, ()))
    return "+".join(f"{one}/{found[one]}" for one in names if one in found)


def key_of(document_id: str, media: str, path: str) -> Key:
    """Return the key of a content's reading; the path counts only where its extension decides the outcome."""
    suffix = PurePosixPath(path.lower()).suffix if media == _BY_SUFFIX else ""
    reader = reader_key(media)
    if reader.startswith("pdf/"):
        engine = os.environ.get(ENGINE_VARIABLE) or ENGINES[0]
        reader = reader if engine == ENGINES[0] else f"{reader}@{engine}"
    return Key(document_id, media, reader, suffix)


def read_source(source: Source) -> Reading:
    """Return what came of reading a source: its document, or the error."""
    outcome: Document | SourceError
    try:
        outcome = read(source)
    except SourceError as err:
        outcome = err
    except Exception as err:  # a reader that breaks its word costs its document, not the run
        outcome = SourceError("internal", detail=f"{type(err).__name__}: {err}")
    return Reading(key_of(source.document_id, source.media_type, source.paths[0]), source.size, outcome)


@cache
def versions() -> Mapping[str, str]:
    """Return everything besides documents and rules on which published rows depend."""
    try:
        program = version("guibiao")
    except PackageNotFoundError:  # run from a folder without installation
        program = ""
    return {"program": program, "interpretation": str(INTERPRETATION), "layout": str(LAYOUT)}
