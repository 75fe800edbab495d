"""What the writers hand to the store: data files with their place, size and digest."""

from dataclasses import dataclass
from typing import Any

CONTRACT_VERSION = "1"
PARTITION = "fiscal_year"
UNKNOWN_PARTITION = "__HIVE_DEFAULT_PARTITION__"

#: The rows of a dataset by column: name -> values, all lists of one length; None is null.
Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True, order=True)
class DataFile:
    """One immutable data file of one dataset, named by its content.

    ``path`` is relative, with slashes: ``forms/fiscal_year=2020/part-0123456789abcdef.parquet``; ``size`` in
    bytes; ``sha256`` of the bytes, hex (the name holds its first 16 digits).
    """

    path: str
    rows: int
    size: int
    sha256: str

    @property
    def dataset(self) -> str:
        """Return the dataset: the first part of the path."""
        return self.path.split("/", 1)[0]

    @property
    def partition(self) -> str:
        """Return the partition: ``fiscal_year=2020``."""
        return self.path.split("/")[1]
