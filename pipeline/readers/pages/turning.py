"""Turn a page so that most of its text stands upright."""

from collections.abc import Sequence

from pipeline.readers.pages.ink import Char, Ink, Rule, turned


def reading_turn(turns: Sequence[int | None]) -> int:
    """Return by how many quarters, clockwise, a page is turned for most of its text to stand upright."""
    counts = [turns.count(turn) for turn in range(4)]
    most = max(range(4), key=lambda turn: (counts[turn], turn == 0))
    return -most % 4


def turn_ink(ink: Ink, quarters: int) -> None:
    """Turn all that a page shows clockwise."""
    width, height = ink.width, ink.height
    flat = [turned((a, at, b, at), quarters, width, height) for at, a, b in ink.horizontals]
    tall = [turned((at, a, at, b), quarters, width, height) for at, a, b in ink.verticals]
    if quarters % 2:
        flat, tall = tall, flat
    ink.horizontals = [Rule(y, x0, x1) for x0, y, x1, _ in flat]
    ink.verticals = [Rule(x, y0, y1) for x, y0, _, y1 in tall]
    every: list[tuple[int, Char]] = [(0, char) for char in ink.chars] + ink.sideways
    ink.chars, ink.sideways = [], []
    for turn, char in every:
        moved: Char = (char[0], *turned(char[1:], quarters, width, height))
        if (turn + quarters) % 4:
            ink.sideways.append(((turn + quarters) % 4, moved))
        else:
            ink.chars.append(moved)
    if quarters % 2:
        ink.width, ink.height = height, width
