"""Indicators that are listed in running text or as a tree of rows -> the parts of each: levels, name, target."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.extractors.typed import Sink
from pipeline.model import Claim, Form, Key, Table, Yield
from pipeline.rulebook.index import Index

_KIND = re.compile(r"【(?P<level1>[^】\n]{2,12}?)[-—－](?P<level2>[^】\n]{2,16})】")
_ITEM = re.compile(r"指标\s*\d+\s*[:：]")
# 出勤率(日均)（≥98%）：the last brackets hold the target
_TARGET = re.compile(r"^(?P<name>.*)[（(](?P<target>[^（()）]*)[)）]\s*[；;。，,]?\s*$", re.DOTALL)

Part = tuple[str, Key]


class Entry(NamedTuple):
    """One indicator of an outline: its level names, its own name and its target, each with its cell."""

    levels: tuple[Part, ...]
    name: Part
    target: Part


def read(form: Form, table: Table, out: Yield, index: Index) -> None:
    """Add one row per indicator of an outline; the cells of levels that no indicator uses stay unmatched."""
    names = [rule.field for rule in table.section.labels if rule.names]
    place = table.columns[-1].spelling.place
    rows = out.rows.setdefault(table.section.dataset, [])
    for entry in _tree(form, table) if table.outline == "tree" else _text(form, table):
        row: dict[str, object] = dict(table.section.constants)
        if "horizon" in row:
            row["horizon"] = table.horizon
        sink = Sink(out, index, row, form.lattices, table.section.dataset, len(rows))
        parts = dict(zip(names, entry.levels, strict=False)) | {names[-1]: entry.name}
        for field, (text, key) in (*parts.items(), ("target_text", entry.target)):
            sink.put(field, text, (key,), place)
            out.claims.setdefault(key, Claim("value", None, table.columns[-1].how, place))
        for field, source, vocabulary in table.section.codes:
            found = index.word(vocabulary, parts[source][0]) if source in parts else None
            if found is not None:
                row[field] = found[0]
                sink.use(field, (parts[source][1],), found[1].place)
        rows.append(row)


def _text(form: Form, table: Table) -> Iterator[Entry]:
    """Yield the indicators of 【产出指标-数量指标】指标1：名称（≥77台）指标2：… in one cell."""
    for line in table.lines:
        lattice = form.lattices[line.grid]
        cell = lattice.at(line.row, table.columns[-1].start)
        if cell is None:
            continue
        key = lattice.key(cell)
        kinds = list(_KIND.finditer(cell.text))
        ends = [kind.start() for kind in kinds[1:]] + [len(cell.text)]
        for kind, end in zip(kinds, ends, strict=True):
            levels = ((kind["level1"], key), (kind["level2"], key))
            for piece in _ITEM.split(cell.text[kind.end() : end])[1:]:
                found = _TARGET.match(piece.strip())
                name, target = (found["name"], found["target"]) if found else (piece, "")
                yield Entry(levels, (name.strip(), key), (target.strip(), key))


def _tree(form: Form, table: Table) -> Iterator[Entry]:
    """Yield the rows with a target; rows without are the levels above them.

    Of two such rows in a row the first is the first level; one alone is the next second level. Indentation
    tells no more, and many media lose it.
    """
    levels: list[Part] = []
    names: list[Part] = []
    name_column, target_column = table.columns
    for line in table.lines:
        lattice = form.lattices[line.grid]
        name, target = lattice.at(line.row, name_column.start), lattice.at(line.row, target_column.start)
        if name is None or not name.text.strip():
            continue
        part = (name.text.strip(), lattice.key(name))
        if target is None or not target.text.strip():
            names.append(part)
            continue
        if names:
            levels = names[-2:] if len(names) > 1 else [*levels[:1], *names]
            names = []
        yield Entry(tuple(levels), part, (target.text.strip(), lattice.key(target)))
