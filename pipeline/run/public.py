"""The Python face: read, match, extract, and one call from a file to DataFrames."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import extractors, matcher
from pipeline.errors import SourceError
from pipeline.model import Document, Form, Yield
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import datasets
from pipeline.run.one import failed, open_document, process

if TYPE_CHECKING:
    import pandas as pd


@lru_cache(maxsize=4)
def rules(directory: str | None = None) -> Index:
    """Return the rules, the shipped ones overlaid with a directory's; RuleError where they are wrong."""
    return Index(load_rulebook(Path(directory) if directory else None))


def read(path: str | Path) -> Document:
    """Return what the reader of a file saw; SourceError where it cannot be read or is an archive of several."""
    documents = list(open_document(Path(path)))
    if len(documents) != 1:
        raise SourceError("unsupported", place=str(path), detail=f"{len(documents)} documents; use frames()")
    document = documents[0][1]
    if isinstance(document, SourceError):
        raise document
    return document


def match(document: Document, rules_directory: str | None = None) -> tuple[Form, ...]:
    """Return the forms of a document by the shipped rules or those of a directory laid over them."""
    return matcher.match(document, rules(rules_directory))


def extract(form: Form, rules_directory: str | None = None) -> Yield:
    """Return the rows of a form, the claims on its cells and the cell of every value."""
    return extractors.extract(form, rules(rules_directory))


def frames(path: str | Path, rules_directory: str | None = None) -> "dict[str, pd.DataFrame]":
    """Return the seven datasets of a file, folder or archive as pandas DataFrames; amounts stay Decimal."""
    from pipeline.sources import Refusal, Scan

    index = rules(rules_directory)
    scan = Scan((Path(path),))
    extractions = []
    for found in scan:
        if isinstance(found, Refusal):
            extractions.append(
                failed(found.document_id, found.media_type, found.size, found.error, found.path)
            )
        else:
            extractions.append(process(found, index))
    tables = datasets(extractions, scan.paths, index)
    return {name: table.to_pandas() for name, table in tables.items()}
