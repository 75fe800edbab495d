"""How much an archive may unfold into before it is refused as a bomb."""

import io
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import SourceError

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What scanning may cost. Sizes in bytes; ``ratio`` is unpacked bytes for each packed one.

    ``file_size`` bounds a document and an archive inside an archive, which are held in memory; an archive on
    disk may have any size. ``members``, ``total_size`` and ``ratio`` count over all that one file on disk
    holds, nested archives included; the ratio says nothing before ``ratio_floor`` bytes.
    """

    depth: int = 5
    members: int = 1_000_000
    file_size: int = 256 * MEGABYTE
    total_size: int = 64 * 1024 * MEGABYTE
    ratio: int = 250
    ratio_floor: int = 64 * MEGABYTE


class OverBudget(SourceError):  # noqa: N818
    """The file on disk, not just the archive inside it, holds more than the limits allow."""

    def __init__(self, detail: str) -> None:
        super().__init__("too_large", detail=detail)


class Budget:
    """What one file on disk may still unfold into."""

    def __init__(self, limits: Limits, packed: int) -> None:
        self.limits = limits
        self._packed = packed
        self._unpacked = 0
        self._members = 0

    def member(self) -> None:
        """Count one member; raise OverBudget when there are too many."""
        self._members += 1
        if self._members > self.limits.members:
            raise OverBudget(f"more than {self.limits.members} members")

    def charge(self, size: int) -> None:
        """Count unpacked bytes; raise OverBudget when they are too many, or too many for the packed ones."""
        self._unpacked += size
        if self._unpacked > self.limits.total_size:
            raise OverBudget(f"more than {self.limits.total_size} bytes unpacked")
        if self.is_bomb(self._packed, self._unpacked):
            raise OverBudget(self.bomb(self._packed, self._unpacked))

    def declared(self, packed: int, unpacked: int) -> None:
        """Raise too_large for an archive that says itself that it unfolds beyond the limits."""
        if self.is_bomb(packed, unpacked):
            raise SourceError("too_large", detail=self.bomb(packed, unpacked))
        if unpacked > self.limits.total_size:
            detail = f"{unpacked} bytes unpacked, limit {self.limits.total_size}"
            raise SourceError("too_large", detail=detail)

    def is_bomb(self, packed: int, unpacked: int) -> bool:
        """Say whether so many unpacked bytes are too many for so many packed ones."""
        return unpacked > self.limits.ratio_floor and unpacked > self.limits.ratio * max(packed, 1)

    def bomb(self, packed: int, unpacked: int) -> str:
        """Return the words for such a disproportion."""
        return f"{packed} bytes unfold into {unpacked} and more, limit {self.limits.ratio} to 1"


def take(read: Callable[[int], bytes], budget: Budget, *, piece: int = 1 << 16) -> bytes:
    """Return all that ``read`` gives, piece by piece, whatever size was declared.

    Raise too_large when it is more than a document may have; OverBudget when the whole file holds too much.
    """
    limit = budget.limits.file_size
    held = io.BytesIO()
    size = 0
    while part := read(piece):
        size += len(part)
        budget.charge(len(part))
        if size > limit:
            raise SourceError("too_large", detail=f"more than {limit} bytes unpacked")
        held.write(part)
    return held.getvalue()
