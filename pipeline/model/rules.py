"""What the rules say, as data that every stage may read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One column of one dataset. ``type`` is an Arrow type by its name: ``string``, ``decimal128(20, 2)``, ``list<string>``."""

    dataset: str
    name: str
    type: str
    label_zh: str
    label_en: str
    description: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One file of rules/checks: SQL that gives (form_id, outcome, message, expected, actual, cells) for each form."""

    name: str
    severity: str
    title_zh: str
    title_en: str
    sql: str
    path: str
