"""DOCUMENT x RULEBOOK -> FORMS: which form, where each section lies, which cell is which label."""

from pipeline.matcher.forms import match

__all__ = ["match"]
