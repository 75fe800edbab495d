"""What the rules say, as data that every stage may read."""

import re
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Scope:
    """The forms for which a spelling counts: ``years`` are (first, last) inclusive, ``regions`` folded names; empty: any."""

    years: tuple[tuple[int, int], ...] = ()
    regions: tuple[str, ...] = ()

    def fits(self, year: int | None, regions: frozenset[str]) -> bool:
        """Say whether a form of a year (None: it prints none) that prints these names of regions lies within."""
        in_years = not self.years or (year is not None and any(a <= year <= b for a, b in self.years))
        return in_years and (not self.regions or not regions.isdisjoint(self.regions))

    def overlaps(self, other: "Scope") -> bool:
        """Say whether some form may lie within both; a name within another (新疆, 新疆兵团) is no other region."""
        years = not self.years or not other.years
        regions = not self.regions or not other.regions
        years = years or any(a <= d and c <= b for a, b in self.years for c, d in other.years)
        regions = regions or any(one in two or two in one for one in self.regions for two in other.regions)
        return years and regions

    def __str__(self) -> str:
        """Return the scope as it is shown: ``2016-2019, 新疆 四川``."""
        years = " ".join(_span(first, last) for first, last in self.years)
        return ", ".join(part for part in (years, " ".join(self.regions)) if part)


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first or ''}-{last if last < LAST_YEAR else ''}"


#: The end of a span of years without one.
LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a label, with its place in the rules (``forms/x.yaml:31``).

    ``key`` is the folded text with its bracket notes kept; ``pattern`` is searched in the folded text with its bracket notes kept.
    ``tier`` is ``exact`` for the first spelling of a field, ``alias`` for the others, ``pattern`` for a pattern.
    ``scope`` is None for a spelling that counts in every form.
    """

    text: str
    key: str
    tier: str
    place: str
    pattern: re.Pattern[str] | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What a label stands for: a field of the section's dataset, and where its value lies.

    ``value`` is ``auto``, ``right`` or ``below`` (fields sections), or ``headers`` (heading sections: look into
    the headers of the tables) or ``anywhere`` (also into the short texts between them); ``fill`` says that an empty cell takes the
    value above it (records); ``names`` marks the columns that name a record; ``several`` says that several
    columns may give the field, a tick standing for its column's label.
    """

    field: str
    spellings: tuple[Spelling, ...]
    place: str
    value: str = "auto"
    fill: bool = False
    names: bool = False
    several: bool = False
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class RowRule:
    """How the rows of a matrix are named: the row's label goes to ``label_field``, its code to ``code_field``.

    ``default`` is the column that a value takes which stands right of a row's label without any header.
    """

    label_field: str
    code_field: str
    vocabulary: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class TotalRule:
    """A row that closes a records section; ``values`` maps a column of the section to a field of the form."""

    spellings: tuple[Spelling, ...]
    values: tuple[tuple[str, str], ...]
    place: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a form: its kind, its dataset, the labels that open it and those that it holds.

    ``codes`` are (column, column that it is derived from, vocabulary); ``like`` names the section
    (``form.section``) that this one takes over, less the labels in ``without``, and adds to.
    """

    name: str
    kind: str
    dataset: str
    starts: tuple[Spelling, ...]
    labels: tuple[LabelRule, ...]
    place: str
    rows: RowRule | None = None
    totals: tuple[TotalRule, ...] = ()
    codes: tuple[tuple[str, str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    like: str | None = None
    without: tuple[str, ...] = ()

    def label(self, field: str) -> LabelRule | None:
        """Return the rule of a field, None where the section has none."""
        return next((rule for rule in self.labels if rule.field == field), None)


@dataclass(frozen=True, slots=True)
class FormRule:
    """One form type: its titles, the evidence that identifies it without a title, its sections."""

    name: str
    zh: str
    en: str
    titles: tuple[Spelling, ...]
    evidence: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    path: str
    ignores: tuple[Spelling, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of a vocabulary with its spellings."""

    code: str
    zh: str
    spellings: tuple[Spelling, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A closed list of codes: fund sources, indicator levels, null tokens."""

    name: str
    entries: tuple[Entry, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, checked; ``digest`` names the whole content, ``files`` its parts with their own sha256."""

    fields: tuple[Field, ...]
    forms: tuple[FormRule, ...]
    vocabularies: Mapping[str, Vocabulary]
    checks: tuple[Check, ...]
    digest: str
    files: Mapping[str, str]

    def columns(self, dataset: str) -> tuple[Field, ...]:
        """Return the columns of a dataset in contract order."""
        return tuple(field for field in self.fields if field.dataset == dataset)
