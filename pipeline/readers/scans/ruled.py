"""Ruling lines of a picture to tables: tracks, the walls between neighbours, cells as what no wall parts.

A track is a line of the table's lattice; a wall is one cell's length of it. Segments that do not run from rule to
rule are strokes of characters and make no track; a wall must be inked from end to end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.readers.scans.rules import Segment, ink_of, masks, segments

_SAME_TRACK = 0.035
_OVER, _UNDER = 0.13, 0.085
# no stroke of a character is so long, in inches
_LONG = 0.6
_LEAST_WIDTH, _LEAST_HEIGHT = 1.0, 0.3
# a wall with less ink than a wall has, and more than none has, leaves its two cells in doubt
_DOUBT = 0.75


class Span(NamedTuple):
    """One cell: its first row and column, how many it covers, and whether its outline is in doubt."""

    row: int
    col: int
    row_span: int
    col_span: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Tabled:
    """One table of a picture: its tracks in pixels and its cells, row-major, tiling it without a gap."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    spans: tuple[Span, ...]

    def box(self, span: Span) -> tuple[float, float, float, float]:
        """Return the edges of a cell in pixels."""
        return (
            self.xs[span.col],
            self.ys[span.row],
            self.xs[span.col + span.col_span],
            self.ys[span.row + span.row_span],
        )


def find_tables(grey: Any, dpi: float) -> list[Tabled]:
    """Return the ruled tables of a level grey page, top to bottom."""
    import cv2
    import numpy as np

    level, upright = masks(grey, dpi)
    ink = ink_of(grey, dpi)
    reach = (int(dpi * 0.04) + 2) | 1
    joined = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for i in range(1, count):
        x, y, width, height, _ = (int(value) for value in stats[i])
        if width < dpi * _LEAST_WIDTH or height < dpi * _LEAST_HEIGHT:
            continue
        region = slice(y, y + height), slice(x, x + width)
        own = labels[region] == i
        one = _table(
            np.where(own, level[region], 0).astype(np.uint8),
            np.where(own, upright[region], 0).astype(np.uint8),
            ink[region],
            dpi,
        )
        if one is not None:
            found.append(Tabled(tuple(x + at for at in one.xs), tuple(y + at for at in one.ys), one.spans))
    return sorted(found, key=lambda table: (table.ys[0], table.xs[0]))


def _table(level: Any, upright: Any, ink: Any, dpi: float) -> Tabled | None:
    """Return the table of one connected figure of rules, None where it is no table."""
    import numpy as np

    turned_ink, turned_upright = np.ascontiguousarray(ink.T), np.ascontiguousarray(upright.T)
    flat, tall = segments(level, dpi, 0.22), segments(turned_upright, dpi, 0.12)
    for _ in range(2):
        flat, tall = _anchored(flat, tall, dpi), _anchored(tall, flat, dpi)
    if len(flat) < 2 or len(tall) < 2:
        return None
    ys, xs = _tracks(flat, dpi), _tracks(tall, dpi)
    rows = _Walls(ink, level, flat, dpi)
    cols = _Walls(turned_ink, turned_upright, tall, dpi)
    # a column track must stand clear of print somewhere: strokes of characters line up, too
    xs = _kept(xs, lambda x: any(cols.at(x, a, b, clear=True) == 1.0 for a, b in pairwise(ys)))
    ys = _kept(ys, lambda y: any(rows.at(y, a, b) == 1.0 for a, b in pairwise(xs)))
    if len(xs) < 2 or len(ys) < 2:
        return None
    return Tabled(tuple(xs), tuple(ys), tuple(_cells(xs, ys, rows, cols)))


def _kept(tracks: list[float], wanted: Any) -> list[float]:
    """Return the tracks that are wanted, and the two outer ones in any case."""
    last = len(tracks) - 1
    return [track for i, track in enumerate(tracks) if i in (0, last) or wanted(track)]


def _anchored(some: list[Segment], others: list[Segment], dpi: float) -> list[Segment]:
    """Return the segments that end at a crossing one on both sides.

    A long one that crosses several is a rule even so: its table goes on beyond the edge of the picture.
    """
    over, under = dpi * _OVER, dpi * _UNDER

    def crossed(one: Segment, end: float, inwards: float) -> bool:
        return any(
            -under <= (other.at - end) * inwards <= over
            and other.start - under <= one.at <= other.end + under
            for other in others
        )

    def is_long(one: Segment) -> bool:
        met = (
            one.start - under <= other.at <= one.end + under
            and other.start - under <= one.at <= other.end + under
            for other in others
        )
        return one.end - one.start >= dpi * _LONG and sum(met) >= 2

    return [
        one for one in some if (crossed(one, one.start, 1.0) and crossed(one, one.end, -1.0)) or is_long(one)
    ]


def _tracks(found: list[Segment], dpi: float) -> list[float]:
    """Return one position per group of segments at about the same place, weighted by length."""
    tracks: list[tuple[float, float]] = []
    for one in sorted(found):
        weight = one.end - one.start
        if tracks and one.at - tracks[-1][0] <= dpi * _SAME_TRACK:
            at, heaped = tracks[-1]
            tracks[-1] = ((at * heaped + one.at * weight) / (heaped + weight), heaped + weight)
        else:
            tracks.append((one.at, weight))
    return [at for at, _ in tracks]


class _Walls:
    """Say where level walls stand: how dark a rule of this table is, and how unbroken, is learnt from long ones."""

    def __init__(self, ink: Any, mask: Any, found: list[Segment], dpi: float) -> None:
        import numpy as np

        self.ink, self.dpi = ink, dpi
        self.paper = float(np.median(ink))
        profiles = [
            ink[max(0, round(one.at) - 1) : round(one.at) + 2, int(one.start) : int(one.end)].max(0)
            for one in found
            if one.end - one.start >= dpi * 0.8
        ]
        profiles = [profile.astype(float) for profile in profiles if profile.size]
        self.rule = float(np.median([one.mean() for one in profiles])) if profiles else self.paper + 60
        self.dark = self.paper + 0.4 * (self.rule - self.paper)
        self.usual = float(np.median([(one > self.dark).mean() for one in profiles])) if profiles else 1.0
        # the rules of this table are broken: their mask may fill in
        self.mask = mask if self.usual < 0.985 else None

    def at(self, track: float, start: float, end: float, *, clear: bool = False) -> float:
        """Return 1 where a wall stands, 0 where none does, the share of ink between where it is in doubt.

        ``clear``: only a wall with paper on both its sides counts.
        """
        import numpy as np

        first, last, middle = round(start) + 1, round(end), round(track)
        if last - first < 3:
            return 0.0
        play = max(2, int(self.dpi * 0.015))
        best, at, line = 0.0, middle, np.zeros(last - first, bool)
        for y in range(max(1, middle - play), min(self.ink.shape[0] - 1, middle + play + 1)):
            dark = self.ink[y - 1 : y + 2, first:last].max(0) > self.dark
            if dark.mean() > best:
                best, at, line = float(dark.mean()), y, dark
        ends = max(3, int(self.dpi * 0.03))
        reached = min(line[:ends].mean(), line[-ends:].mean())
        if best >= 0.9 * self.usual and reached >= 0.7 * self.usual:
            return 1.0 if not clear or self._stands_clear(at, first, last) else 0.0
        share = min(best / max(self.usual, 0.01), 0.99)
        # strokes of characters on a track give ink, too, but with more ink beside it
        if clear or not self._stands_clear(at, first, last):
            return 0.0
        if self.mask is None or share < 0.6:
            return share
        bridged = self.mask[max(0, at - play) : at + play + 1, first:last].max(0) > 0
        return share if bridged.mean() < 0.85 or reached < 0.34 else 1.0

    def _stands_clear(self, at: int, first: int, last: int) -> bool:
        near, far = max(3, int(self.dpi * 0.022)), max(5, int(self.dpi * 0.06))
        height = self.ink.shape[0]
        above = self.ink[max(0, at - far) : max(1, at - near), first:last]
        below = self.ink[min(height - 1, at + near) : min(height, at + far), first:last]
        sides = sorted(float(side.mean()) - self.paper if side.size else 0.0 for side in (above, below))
        step = self.rule - self.paper
        return sides[0] <= 0.25 * step and sides[1] <= 0.5 * step


def _cells(xs: list[float], ys: list[float], rows: _Walls, cols: _Walls) -> Iterator[Span]:
    """Yield the cells: neighbours that no wall parts are one; row-major."""
    height, width = len(ys) - 1, len(xs) - 1
    parent = list(range(height * width))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    doubts: set[int] = set()
    for row in range(height):
        for col in range(width):
            here = row * width + col
            beside = [(here + 1, cols.at(xs[col + 1], ys[row], ys[row + 1]))] if col + 1 < width else []
            if row + 1 < height:
                beside.append((here + width, rows.at(ys[row + 1], xs[col], xs[col + 1])))
            for there, wall in beside:
                if wall < 1.0:
                    parent[root(there)] = root(here)
                    if wall > _DOUBT:
                        doubts |= {here, there}
    groups: dict[int, list[int]] = {}
    for i in range(height * width):
        groups.setdefault(root(i), []).append(i)
    spans = [
        span
        for group in groups.values()
        for span in _rectangles([divmod(i, width) for i in group], not doubts.isdisjoint(group))
    ]
    yield from sorted(spans)


def _rectangles(places: list[tuple[int, int]], doubtful: bool) -> Iterator[Span]:
    """Yield one cell for a group of positions that is a rectangle, else the rectangles that it falls into."""
    top, left = min(row for row, _ in places), min(col for _, col in places)
    bottom, right = max(row for row, _ in places) + 1, max(col for _, col in places) + 1
    if (bottom - top) * (right - left) == len(places):
        yield Span(top, left, bottom - top, right - left, doubtful)
        return
    left_over = set(places)
    while left_over:
        row, col = min(left_over)
        end = col
        while (row, end) in left_over:
            end += 1
        lower = row
        while all((lower, at) in left_over for at in range(col, end)):
            left_over -= {(lower, at) for at in range(col, end)}
            lower += 1
        yield Span(row, col, lower - row, end - col, True)
