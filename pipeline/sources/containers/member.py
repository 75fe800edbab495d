"""What an archive gives."""

from typing import NamedTuple

from pipeline.errors import SourceError


class Member(NamedTuple):
    """One file in an archive: its name, and its bytes or why there are none; ``size`` is what it declares."""

    name: str
    size: int
    content: bytes | SourceError


class Skipped(NamedTuple):
    """A member that is no file: ``kind`` is a key of the scan's notices."""

    name: str
    kind: str
