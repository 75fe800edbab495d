"""What the walk over one stretch of a document has found so far."""

from dataclasses import dataclass, field

from pipeline.matcher.headers import Header
from pipeline.model import Hit, Key, Line, Pair, Spelling, Table
from pipeline.rulebook.index import FormIndex, Index


@dataclass(frozen=True, slots=True)
class Sum:
    """A label beside an amount that names a column of a matrix: what stands under or right of it goes there."""

    section: str
    field: str
    grid: int
    row: int
    col: int


@dataclass(slots=True)
class Walk:
    """What the walk over one stretch has found so far.

    ``pairs`` are the label-value pairs of each matrix section, ``sums`` the labels that say to which column
    the amounts beside and under them go; ``block`` is the section in whose block the walk is; ``signed`` are
    labels with their values in paragraphs, which count for nothing when a form is told.
    """

    labels: FormIndex
    index: Index
    hits: list[Hit] = field(default_factory=list)
    headers: dict[Key, tuple[Spelling, str]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    heading: list[tuple[Key, str]] = field(default_factory=list)
    open: Header | None = None
    grid: int = -1
    lines: list[Line] = field(default_factory=list)
    totals: list[Line] = field(default_factory=list)
    asides: list[tuple[Key, str]] = field(default_factory=list)
    width: int = 0
    interrupted: bool = False
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    block: str | None = None
    signed: list[Hit] = field(default_factory=list)

    def close(self) -> None:
        """End the table that is open: one table, or one per half."""
        header = self.open
        if header is not None:
            usual = dict(header.section.constants).get("horizon")
            for half, horizon in enumerate(header.horizons):
                columns = header.half(half)
                recipient = next((column for column in columns if column.recipient), None)
                if len(header.horizons) == 1 or recipient is not None:
                    horizon = horizon or usual
                totals = tuple(self.totals) if half == len(header.horizons) - 1 else ()
                lines = tuple(self.lines)
                table = Table(header.section, columns, lines, totals, header.title, horizon, recipient)
                self.tables.append(table)
        self.open, self.lines, self.totals = None, [], []

    def finish(self) -> None:
        """End the walk: close the table, and make one of the label-value pairs of each section."""
        self.close()
        for name, pairs in self.pairs.items():
            self.tables.append(Table(self.labels.sections[name], (), (), pairs=tuple(pairs)))

    @property
    def weight(self) -> int:
        """Return how many labels were found."""
        return len(self.hits) + sum(len(table.columns) + len(table.pairs) for table in self.tables)

    @property
    def found(self) -> set[str]:
        """Return the fields whose labels were found."""
        names = {hit.rule.field for hit in self.hits}
        names |= {pair.field for table in self.tables for pair in table.pairs if pair.field}
        names |= {
            table.section.rows.default or "" for table in self.tables if table.pairs and table.section.rows
        }
        return names.union(column.rule.field for table in self.tables for column in table.columns)
