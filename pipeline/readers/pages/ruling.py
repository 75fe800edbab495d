"""Ruling lines to tables: lines merged and bridged, cells as the rectangles that they close."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from pipeline.readers.pages.ink import Rule
from pipeline.readers.pages.lattice import Box, Lattice

# lines nearer than this are one line; a break shorter than this is bridged; shorter lines are no rules
_SNAP = 3.0
_BRIDGE = 3.0
_SHORTEST = 3.0
# how far a line may end from the one that it meets
_MEET = 3.0
# verticals that run on this far without a closing rule belong to a row that the page break cuts
_OPEN_END = 8.0
# horizontals that run on this far beyond the outer verticals, and so many of them, show a table open at its sides
_OPEN_SIDE = 12.0
_FEWEST_OPEN = 3


def find_lattices(horizontals: Iterable[Rule], verticals: Iterable[Rule]) -> list[Lattice]:
    """Return the tables that rules draw, top to bottom; each group of rules that touch is one table."""
    across = merge(horizontals)
    down = merge(verticals)
    found = []
    for hs, vs in _groups(across, down):
        lattice = _lattice(hs, vs)
        if lattice is not None:
            found.append(lattice)
    found.sort(key=lambda lattice: (lattice.ys[0], lattice.xs[0]))
    return found


def merge(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules in the order of ``at``, near-parallel ones drawn together and short breaks bridged."""
    ordered = sorted(rules)
    merged: list[Rule] = []
    start = 0
    count = len(ordered)
    while start < count:
        end = start + 1
        total = last = ordered[start][0]
        while end < count and ordered[end][0] - last <= _SNAP:
            last = ordered[end][0]
            total += last
            end += 1
        at = total / (end - start)
        pieces = sorted((rule[1], rule[2]) for rule in ordered[start:end])
        low, high = pieces[0]
        for a, b in pieces:
            if a > high + _BRIDGE:
                merged.append(Rule(at, low, high))
                low, high = a, b
            elif b > high:
                high = b
        merged.append(Rule(at, low, high))
        start = end
    return [rule for rule in merged if rule.end - rule.start >= _SHORTEST]


def _groups(hs: Sequence[Rule], vs: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Return the rules in groups that touch one another."""
    parent = list(range(len(hs) + len(vs)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    ats = [rule.at for rule in hs]
    for number, (x, top, bottom) in enumerate(vs, start=len(hs)):
        for i in range(bisect_left(ats, top - _MEET), len(hs)):
            y, left, right = hs[i]
            if y > bottom + _MEET:
                break
            if left - _MEET <= x <= right + _MEET:
                parent[root(i)] = root(number)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i, rule in enumerate(hs):
        groups.setdefault(root(i), ([], []))[0].append(rule)
    for i, rule in enumerate(vs, start=len(hs)):
        groups.setdefault(root(i), ([], []))[1].append(rule)
    return list(groups.values())


def _lattice(hs: list[Rule], vs: list[Rule]) -> Lattice | None:
    """Return the table of one group of rules, None where they close no cell."""
    if len(hs) < 2 or not vs:
        return None
    vs = _close_sides(hs, vs)
    xs = sorted({rule.at for rule in vs})
    hs, open_top, open_bottom = _close_ends(hs, vs, xs)
    ys = sorted({rule.at for rule in hs})
    if len(xs) < 2 or len(ys) < 2:
        return None
    above = _edges(hs, ys, xs)
    beside = _edges(vs, xs, ys)
    boxes, owner = _rectangles(above, beside, xs, ys)
    if not boxes:
        return None
    return Lattice(tuple(xs), tuple(ys), tuple(boxes), owner, open_top, open_bottom)


def _close_sides(hs: list[Rule], vs: list[Rule]) -> list[Rule]:
    """Add the outer verticals of a table that is open at its sides: its horizontals end at one edge beyond them."""
    outer = min(rule.at for rule in vs), max(rule.at for rule in vs)
    ends = (
        [rule for rule in hs if rule.start < outer[0] - _OPEN_SIDE],
        [rule for rule in hs if rule.end > outer[1] + _OPEN_SIDE],
    )
    closed = list(vs)
    for side, found in enumerate(ends):
        places = sorted((rule.start, rule.end)[side] for rule in found)
        ats = [rule.at for rule in found]
        if len(found) < _FEWEST_OPEN or min(ats) > hs[0].at + _MEET or max(ats) < hs[-1].at - _MEET:
            continue
        at = places[len(places) // 2]
        if all(abs(place - at) <= _MEET for place in places):
            closed.append(Rule(at, min(ats), max(ats)))
    return sorted(closed)


def _close_ends(hs: list[Rule], vs: list[Rule], xs: list[float]) -> tuple[list[Rule], bool, bool]:
    """Add the rule that a page break left out above or below: both outer verticals run on without one."""
    left = [rule for rule in vs if rule.at == xs[0]]
    right = [rule for rule in vs if rule.at == xs[-1]]
    if len(xs) < 2 or not left or not right:
        return hs, False, False
    top = max(min(rule.start for rule in left), min(rule.start for rule in right))
    bottom = min(max(rule.end for rule in left), max(rule.end for rule in right))
    open_top = min(rule.at for rule in hs) - top > _OPEN_END
    open_bottom = bottom - max(rule.at for rule in hs) > _OPEN_END
    closed = list(hs)
    if open_top:
        closed.insert(0, Rule(top, xs[0], xs[-1]))
    if open_bottom:
        closed.append(Rule(bottom, xs[0], xs[-1]))
    return closed, open_top, open_bottom


def _edges(rules: Sequence[Rule], lines: Sequence[float], stops: Sequence[float]) -> list[int]:
    """Return one bit mask per line: bit i is set where a rule is drawn between stops i and i + 1."""
    place = {at: i for i, at in enumerate(lines)}
    drawn = [0] * len(lines)
    for at, start, end in rules:
        first = bisect_left(stops, start - _MEET)
        last = bisect_right(stops, end + _MEET) - 1
        if last > first:
            drawn[place[at]] |= (1 << last) - (1 << first)
    return drawn


def _rectangles(
    above: list[int], beside: list[int], xs: Sequence[float], ys: Sequence[float]
) -> tuple[list[Box], tuple[tuple[int, ...], ...]]:
    """Return the closed cells, row-major, and who owns each position.

    Bit j of ``above[i]`` is the edge along ys[i] over column j, bit i of ``beside[j]`` the one along xs[j]
    beside row i.
    """
    rows, cols = len(ys) - 1, len(xs) - 1
    # the same walls row by row: bit j of walls[i] is the edge along xs[j] beside row i
    walls = [sum(1 << j for j in range(cols + 1) if beside[j] >> i & 1) for i in range(rows)]
    owner = [[-1] * cols for _ in range(rows)]
    seen = [0] * rows
    boxes: list[Box] = []
    for i in range(rows):
        wall = walls[i]
        for j in range(cols):
            if seen[i] >> j & 1:
                continue
            right = j + 1
            while right < cols and not (wall | seen[i]) >> right & 1:
                right += 1
            span = (1 << right) - (1 << j)
            inner = span & ~(1 << j)
            low = i + 1
            while low < rows and not (above[low] | seen[low]) & span and not walls[low] & inner:
                low += 1
            height = (1 << low) - (1 << i)
            closed = (
                above[i] & span == span
                and above[low] & span == span
                and beside[j] & height == height
                and beside[right] & height == height
            )
            for row in range(i, low):
                seen[row] |= span
                if closed:
                    owner[row][j:right] = [len(boxes)] * (right - j)
            if closed:
                boxes.append(Box(i, j, low - i, right - j, xs[j], ys[i], xs[right], ys[low]))
    return boxes, tuple(tuple(line) for line in owner)
