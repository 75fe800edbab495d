"""How many columns of a fixed-width display a text takes."""

import re
from collections.abc import Callable

Metric = Callable[[str], int]

# East Asian Width W and F (Unicode Standard Annex #11), the blocks that Chinese files use.
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003fffd]"
)


def as_terminal(text: str) -> int:
    """Return the width where only Han and full-width characters take two columns."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def as_han_font(text: str) -> int:
    """Return the width where all that is not ASCII takes two columns, as in a Chinese font: — and ≥ too."""
    return len(text) if text.isascii() else sum(1 if char < "\x80" else 2 for char in text)


def as_characters(text: str) -> int:
    """Return the number of characters: what aligns where letters are as wide as Han characters."""
    return len(text)


METRICS: tuple[Metric, ...] = (as_han_font, as_terminal, as_characters)
