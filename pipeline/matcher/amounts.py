"""Which texts are amounts: enough to tell a value beside its label from another label."""

import re

from pipeline.text.characters import plain
from pipeline.text.values import clean

_AMOUNT = re.compile(r"[+-]?\d[\d,.\s]*[百千]?[万亿]?元?%?")


def is_amount(text: str) -> bool:
    """Say whether a text is one amount and nothing else."""
    return _AMOUNT.fullmatch(plain(text)) is not None


def is_number(text: str) -> bool:
    """Say whether a text is nothing or holds a digit."""
    return clean(text) is None or any(char.isdigit() for char in text)
