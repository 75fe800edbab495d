"""How far a run is, in figures that another thread may read at any time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of a run: ``found`` contents so far, ``done`` of them, those taken over unread, bytes, statuses.

    ``walked`` says that all of the archive has been found; ``stage`` is ``read``, ``publish`` or ``done``.
    ``within`` counts documents done in pieces of work that are not finished.
    """

    found: int = 0
    found_size: int = 0
    done: int = 0
    done_size: int = 0
    kept: int = 0
    walked: bool = False
    stage: str = "read"
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    path: str = ""
    started: float = field(default_factory=time.monotonic)
    within: Callable[[], int] = field(default=lambda: 0, repr=False)
    stopping: bool = False

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    @property
    def processed(self) -> int:
        """Return how many contents are through, those taken over too."""
        return min(self.found, self.done + self.kept + self.within())

    @property
    def rate(self) -> float:
        """Return documents read a second, 0 before the first."""
        done = self.done + self.within()
        return done / self.seconds if done and self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Return the seconds that the documents found and not yet done will take; None while nobody can know."""
        return (self.found - self.processed) / self.rate if self.walked and self.rate else None

    def as_event(self) -> dict[str, object]:
        """Return the figures as one JSON object."""
        return {
            "stage": self.stage,
            "seconds": round(self.seconds, 1),
            "found": self.found,
            "done": self.processed,
            "kept": self.kept,
            "megabytes": round(self.done_size / 1e6, 1),
            "documents_per_second": round(self.rate, 1),
            "seconds_left": None if self.left is None else round(self.left),
            "statuses": dict(self.statuses),
            "failures": dict(self.failures),
        }
