"""Scopes of spellings: ``{text: 绩效标准, years: 2016-2019, regions: [新疆]}``, and when two spellings contradict."""

import re
from collections.abc import Mapping

from pipeline.model import Scope, Spelling
from pipeline.model.rules import LAST_YEAR
from pipeline.rulebook.nodes import Node, Reader
from pipeline.text.labels import fold_keep

#: The keys of a spelling that is written as a mapping; those of its scope may be left out.
SCOPED = {"text": True, "years": False, "regions": False}
_YEARS = re.compile(r"(?P<one>\d{4})|(?P<first>\d{4})?\s*[-—–~]\s*(?P<last>\d{4})?")


def read_scope(reader: Reader, parts: Mapping[str, Node]) -> Scope | None:
    """Return the scope that the keys of a spelling give, None where they give none; faults go to the reader."""
    years: list[tuple[int, int]] = []
    for text, node in reader.strings(parts["years"]) if "years" in parts else ():
        found = _YEARS.fullmatch(text)
        if found is None or not (found["one"] or found["first"] or found["last"]):
            reader.fault(
                node,
                f"{text} 不是年度，应写作 2020、2016-2019、2021- | {text} is no year: 2020, 2016-2019, 2021-",
            )
            continue
        first, last = found["one"] or found["first"] or "0", found["one"] or found["last"] or str(LAST_YEAR)
        if int(first) > int(last):
            reader.fault(node, f"{text} 先后颠倒 | {text} ends before it begins")
            continue
        years.append((int(first), int(last)))
    regions: list[str] = []
    for text, node in reader.strings(parts["regions"]) if "regions" in parts else ():
        if len(fold_keep(text)) < 2:
            reader.fault(node, f"地区名 {text} 太短 | the name of the region {text} is too short")
            continue
        regions.append(fold_keep(text))
    if not years and not regions:
        return None
    return Scope(tuple(sorted(years)), tuple(dict.fromkeys(regions)))


def contradiction(
    first: Spelling, first_owner: str, spelling: Spelling, owner: str, shown: str = ""
) -> str | None:
    """Return the fault of two spellings with one key, None where both may stand; ``shown`` names the first's place."""
    shown = shown or f"{first_owner} {first.place}"
    if first.scope is None and spelling.scope is None:
        return f"标签 {spelling.text} 重复：{shown} 已有 | duplicate label {spelling.text}: already {shown}"
    if first.scope is None or spelling.scope is None or first_owner == owner:
        return None
    if not first.scope.overlaps(spelling.scope):
        return None
    return (
        f"歧义：标签 {spelling.text} 的范围（{spelling.scope}）与 {shown}（{first.scope}）重叠 | "
        f"ambiguous: the scope of {spelling.text} ({spelling.scope}) overlaps that of {shown} ({first.scope})"
    )
