"""Damage files in the ways that transfers, disks and hostile hands do; seeded, so that a finding can be repeated."""

import random
from collections.abc import Sequence

_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
    0xFFFFFFFF,
)


def mutate(data: bytes, chance: random.Random, hot: Sequence[tuple[int, int]] = ()) -> bytes:
    """Return a damaged copy; ``hot`` are (start, end) ranges that half of the changes go to."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 10, 40))):
        start, end = chance.choice(hot) if hot and chance.random() < 0.5 else (0, len(changed))
        end = min(end, len(changed))
        if start >= end:
            continue
        at, kind = chance.randrange(start, end), chance.randrange(8)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at] = chance.randrange(256)
        elif kind in (2, 3):
            size = chance.choice((1, 2, 4))
            number = chance.choice(_NUMBERS) + chance.choice((0, 0, 0, 1, -1, chance.randrange(1 << 16)))
            changed[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        elif kind == 4:
            size = chance.choice((2, 4, 8, 64, 512))
            source = chance.randrange(len(changed))
            changed[at : at + size] = changed[source : source + size]
        elif kind == 5:
            size = chance.choice((4, 64, 512))
            changed[at : at + size] = bytes([chance.choice((0, 0xFF))]) * len(changed[at : at + size])
        elif kind == 6 and chance.random() < 0.1:
            del changed[at:]
            if not changed:
                break
        elif kind == 7 and chance.random() < 0.2:
            del changed[at : at + chance.choice((1, 2, 512))]
            if not changed:
                break
    return bytes(changed)
