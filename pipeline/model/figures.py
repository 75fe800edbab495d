"""What a report shows: figures, their bars, and the rows behind each bar."""

from dataclasses import dataclass

#: A text in Chinese and in English.
Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Behind:
    """One row behind a figure: the file, the form, the cell where it stands, and what stands there."""

    path: str
    form_id: str
    place: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a count per series, further facts as texts, examples of the rows behind it and the SQL that gives all of them.

    ``tick`` says that the axis of a histogram names it.
    """

    label: Words
    counts: tuple[float, ...]
    facts: tuple[str, ...]
    behind: tuple[Behind, ...]
    sql: str
    tick: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with its table. ``upright`` bars are a histogram; ``tones`` name the colour of each series.

    ``heads`` name the facts of the bars, ``left_out`` says which values are not shown, in both languages ("" for none).
    """

    name: str
    title: Words
    note: Words
    unit: Words
    series: tuple[Words, ...]
    tones: tuple[str, ...]
    heads: tuple[Words, ...]
    bars: tuple[Bar, ...]
    left_out: Words = ("", "")
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a snapshot, with what it is and its totals; ``cap`` examples at most stand behind a bar."""

    title: str
    origin: tuple[tuple[str, str], ...]
    totals: tuple[tuple[Words, str, str], ...]
    figures: tuple[Figure, ...]
    cap: int
