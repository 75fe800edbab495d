"""Guibiao (归表): archives of Chinese performance forms to tables whose every value names its cell.

The public face, loaded when used::

    document = pipeline.read("form.docx")        # grids and blocks, no rule involved
    forms = pipeline.match(document)             # which form, which cell is which label
    rows = pipeline.extract(forms[0])            # rows, claims and the cell of every value
    tables = pipeline.frames("form.docx")        # the seven datasets as pandas DataFrames
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.run.public import extract, frames, match, read

__all__ = ["extract", "frames", "match", "read"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from pipeline.run import public

        return getattr(public, name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
