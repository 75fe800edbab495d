"""What a published snapshot hands to the writers of an export."""

from dataclasses import dataclass
from typing import Literal

from pipeline.model.rules import Field

Headers = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one dataset that are exported.

    ``fields`` are the columns in order; ``query`` is SQL that gives exactly these columns, sorted by the key of the
    dataset, and ``rows`` their number. ``zh`` and ``en`` say what a row is.
    """

    dataset: str
    zh: str
    en: str
    fields: tuple[Field, ...]
    query: str
    rows: int

    def names(self, headers: Headers) -> tuple[str, ...]:
        """Return the column names of the contract, or the Chinese labels where they are wanted; none stands twice."""
        if headers == "en":
            return tuple(one.name for one in self.fields)
        labels = [one.label_zh for one in self.fields]
        return tuple(
            label if labels.count(label) == 1 else f"{label} {one.name}"
            for label, one in zip(labels, self.fields, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Which snapshot an export was taken from, and the condition that chose its rows ("" for all)."""

    snapshot: int
    run_id: str
    rulebook: str
    contract: str
    condition: str = ""

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return (what, value) pairs for a person."""
        return (
            ("快照 snapshot", f"{self.snapshot:06d}"),
            ("运行 run", self.run_id),
            ("规则 rulebook", self.rulebook),
            ("约定版本 contract version", self.contract),
            ("条件 condition", self.condition or "（全部 all rows）"),
        )
