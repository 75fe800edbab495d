"""What the matcher found (Form) and what the extractors made of it (Extraction)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model.document import Block, Cell
from pipeline.model.lattice import Key, Lattice
from pipeline.model.rules import FormRule, LabelRule, Scope, Section, Spelling


class Line(NamedTuple):
    """One row of one grid, a part of a form; a named tuple, like all of which a form has dozens or more."""

    grid: int
    row: int


class Hit(NamedTuple):
    """A cell that is a label: what it stands for and how it matched (``how`` is the tier).

    ``inline`` is the value where label and value stand in one cell (``项目名称：xx``).
    """

    key: Key
    text: str
    section: Section
    rule: LabelRule
    spelling: Spelling
    how: str
    inline: str | None = None


class Column(NamedTuple):
    """One column of a matrix or of records: its field and its grid columns start..end-1.

    ``text`` is its header from top to bottom, ``lowest`` the last part of it; ``half`` counts repeated sets
    of columns, -1 serves all of them. ``recipient`` is the name over a column that only one recipient has.
    """

    rule: LabelRule
    spelling: Spelling
    how: str
    start: int
    end: int
    header: tuple[Key, ...]
    text: str
    half: int = 0
    lowest: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """An amount of a matrix without header: its label, and its value in another cell or (``inline``) in the same.

    ``field`` is the column that a label beside or above names, empty for the usual one, and ``named`` that
    label's spelling; ``whole`` says that the label is itself the column's and the amount the sum of its parts.
    """

    label: Key
    text: str
    value: Key | None
    inline: str | None
    horizon: str | None
    field: str = ""
    named: Spelling | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A section laid out as rows and columns (matrix, records): header, columns, the lines that hold rows.

    ``pairs`` stand in for columns and lines where a matrix has no header; ``outline`` says that records are
    listed as ``text`` in one cell or as a ``tree`` of rows.
    """

    section: Section
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    totals: tuple[Line, ...] = ()
    title: tuple[Key, ...] = ()
    horizon: str | None = None
    recipient: Column | None = None
    pairs: tuple[Pair, ...] = ()
    outline: str = ""

    def is_taken(self, cell: Cell, column: Column) -> bool:
        """Say whether a cell over several columns belongs to one before this."""
        start, end = cell.col, cell.col + cell.col_span
        columns = self.columns
        return any([one.start < column.start and start < one.end and end > one.start for one in columns])


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a document: its type, its lines and blocks, and where each section lies.

    ``labels`` are the hits of the fields sections, ``headers`` all cells that only name (titles, block
    names, column heads) with the spelling that says so. ``scopes`` are those of the rules that it lies within by the
    year and the region that it prints.
    """

    index: int
    rule: FormRule
    title: str | None
    title_spelling: Spelling | None
    title_key: Key | None
    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    labels: tuple[Hit, ...]
    headers: Mapping[Key, tuple[Spelling, str]]
    tables: tuple[Table, ...]
    lattices: Mapping[int, Lattice]
    heading: tuple[tuple[Key, str], ...] = ()
    asides: tuple[tuple[Key, str], ...] = ()
    scopes: frozenset[Scope] = frozenset()


class Claim(NamedTuple):
    """What a cell is in the ledger."""

    role: str
    field: str | None = None
    match: str | None = None
    rule: str | None = None
    reason: str | None = None


class Use(NamedTuple):
    """One use of a cell: it gave a value of one field of one row."""

    dataset: str
    row_index: int | None
    field: str
    key: Key
    rule: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A printed value that could not be typed: its text stays in the ledger, its column is null.

    ``kind`` is ``unread``, or ``several`` for a target or result of more than one value, which is kept as text.
    """

    dataset: str
    row_index: int | None
    field: str
    key: Key
    text: str
    message: str
    kind: str = "unread"


@dataclass(slots=True)
class Yield:
    """What the extractors collect for one form while they walk it."""

    forms: dict[str, object] = field(default_factory=dict)
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    claims: dict[Key, Claim] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
