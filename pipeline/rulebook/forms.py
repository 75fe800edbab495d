"""rules/forms/*.yaml and rules/vocabularies/*.yaml -> form rules and vocabularies, faults with their place."""

import re
from dataclasses import dataclass, replace

from pipeline.model import Entry, FormRule, LabelRule, RowRule, Section, Spelling, TotalRule, Vocabulary
from pipeline.rulebook.nodes import Node, Reader
from pipeline.rulebook.scopes import SCOPED, contradiction, read_scope
from pipeline.text.labels import fold_keep

KINDS = ("heading", "fields", "matrix", "records")
VALUES = ("auto", "right", "below", "headers", "anywhere")

_FORM = {
    "form": True,
    "extends": False,
    "zh": False,
    "en": False,
    "titles": False,
    "evidence": False,
    "ignores": False,
    "sections": True,
}
_SECTION = {
    "kind": False,
    "like": False,
    "without": False,
    "dataset": False,
    "set": False,
    "starts": False,
    "rows": False,
    "labels": False,
    "codes": False,
    "totals": False,
}
_LABEL = {"spellings": True, "value": False, "fill": False, "names": False, "several": False, "unit": False}


_UNSCOPED = (
    "只有字段的写法可以限定年度或地区（标题、块名、合计行、词表不行） | "
    "only the spellings of a field can have a scope, not titles, starts, totals, ignores or vocabularies"
)
#: Key -> who claims it, the first one first.
_Claimed = dict[str, list[tuple[str, Spelling]]]


@dataclass(frozen=True, slots=True)
class FormFile:
    """One form file as read: the rule, the form that it extends, the nodes that later checks point at."""

    rule: FormRule
    extends: str | None
    root: Node


def read_form(reader: Reader, root: Node, stem: str) -> FormFile | None:
    """Return the form of one file, None where it is too broken to go on; faults go to the reader."""
    keys = reader.mapping(root, _FORM)
    if "form" not in keys:
        return None
    name = reader.text(keys["form"])
    extends = reader.text(keys["extends"]) if "extends" in keys else None
    if extends is None and name and name != stem:
        reader.fault(keys["form"], f"form 应与文件名相同：{stem} | form must be the name of the file: {stem}")
    if extends is None:
        for key in ("zh", "en", "titles"):
            if key not in keys:
                reader.fault(root, f"缺少键 {key} | missing key {key}")
    sections = tuple(
        section
        for section_name, _key, node in (reader.pairs(keys["sections"]) if "sections" in keys else [])
        if (section := _section(reader, section_name, node, extends is not None)) is not None
    )
    rule = FormRule(
        name=extends or name,
        zh=reader.text(keys["zh"]) if "zh" in keys else "",
        en=reader.text(keys["en"]) if "en" in keys else "",
        titles=_spellings(reader, keys["titles"]) if "titles" in keys else (),
        evidence=_evidence(reader, keys.get("evidence"), sections),
        sections=sections,
        path=root.path,
        ignores=_spellings(reader, keys["ignores"]) if "ignores" in keys else (),
    )
    return FormFile(rule, extends, root)


def extend(base: FormRule, more: FormRule) -> FormRule:
    """Return a form with the titles, sections and spellings of an overlay added to it."""
    sections = {section.name: section for section in base.sections}
    for section in more.sections:
        old = sections.get(section.name)
        sections[section.name] = section if old is None else _added(old, section)
    return replace(
        base,
        titles=base.titles + more.titles,
        evidence=base.evidence + more.evidence,
        ignores=base.ignores + more.ignores,
        sections=tuple(sections.values()),
    )


def take_over(base: Section, own: Section) -> Section:
    """Return a section that says ``like:``: the other's labels and its own, its own claim on a spelling first."""
    claimed: dict[str, list[Spelling]] = {}
    for spelling in (one for rule in own.labels for one in rule.spellings if one.pattern is None):
        claimed.setdefault(spelling.key, []).append(spelling)
    kept = tuple(
        replace(rule, spellings=left)
        for rule in base.labels
        if rule.field not in own.without
        and (
            left := tuple(
                item
                for item in rule.spellings
                if item.pattern or not any(_hides(one, item) for one in claimed.get(item.key, ()))
            )
        )
    )
    merged = _added(replace(base, labels=kept), own)
    constants = dict(base.constants) | dict(own.constants)
    return replace(
        merged,
        name=own.name,
        place=own.place,
        rows=own.rows or base.rows,
        codes=own.codes or base.codes,
        totals=own.totals or base.totals,
        constants=tuple(constants.items()),
        like=None,
    )


def _hides(own: Spelling, other: Spelling) -> bool:
    """Say whether a section's own spelling leaves no form to one of the same key that it takes over."""
    return own.scope is None or (other.scope is not None and own.scope.overlaps(other.scope))


def _added(old: Section, more: Section) -> Section:
    labels = {rule.field: rule for rule in old.labels}
    for rule in more.labels:
        known = labels.get(rule.field)
        if known is None:
            labels[rule.field] = rule
        else:
            added = tuple(
                replace(spelling, tier="alias") if spelling.tier == "exact" else spelling
                for spelling in rule.spellings
            )
            labels[rule.field] = replace(known, spellings=known.spellings + added)
    return replace(
        old,
        starts=old.starts + more.starts,
        labels=tuple(labels.values()),
        totals=old.totals + more.totals,
    )


def read_vocabulary(reader: Reader, root: Node, stem: str) -> Vocabulary | None:
    """Return the vocabulary of one file; faults go to the reader."""
    keys = reader.mapping(root, {"vocabulary": True, "entries": True})
    if "vocabulary" not in keys or "entries" not in keys:
        return None
    name = reader.text(keys["vocabulary"])
    if name != stem:
        reader.fault(
            keys["vocabulary"],
            f"vocabulary 应与文件名相同：{stem} | vocabulary must be the name of the file: {stem}",
        )
    entries: list[Entry] = []
    claimed: _Claimed = {}
    for code, _key, node in reader.pairs(keys["entries"]):
        parts = reader.mapping(node, {"zh": True, "spellings": True})
        spellings = _spellings(reader, parts["spellings"]) if "spellings" in parts else ()
        for spelling, item in zip(spellings, _spelling_nodes(parts.get("spellings")), strict=False):
            _claim(reader, claimed, spelling, code, item)
        entries.append(Entry(code, reader.text(parts["zh"]) if "zh" in parts else "", spellings))
    return Vocabulary(name, tuple(entries), root.path)


def _section(reader: Reader, name: str, node: Node, adds: bool) -> Section | None:
    keys = reader.mapping(node, _SECTION)
    kind = reader.choice(keys["kind"], KINDS, ("节的种类", "kind of section")) if "kind" in keys else ""
    if not kind and not adds and "like" not in keys:
        if "kind" not in keys:
            reader.fault(node, "缺少键 kind | missing key kind")
        return None
    dataset = reader.text(keys["dataset"]) if "dataset" in keys else "forms"
    labels = tuple(
        _label(reader, field, key, rule)
        for field, key, rule in (reader.pairs(keys["labels"]) if "labels" in keys else [])
    )
    if "labels" in keys:
        _unique(reader, kind, reader.pairs(keys["labels"]), labels)
    if kind in ("matrix", "records") and "dataset" not in keys:
        reader.fault(node, f"{kind} 节需要 dataset | a {kind} section needs a dataset")
    if kind == "matrix" and "rows" not in keys:
        reader.fault(node, "matrix 节需要 rows | a matrix section needs rows")
    return Section(
        name=name,
        kind=kind,
        dataset=dataset,
        starts=_spellings(reader, keys["starts"]) if "starts" in keys else (),
        labels=labels,
        place=node.place,
        rows=_rows(reader, keys.get("rows")),
        totals=_totals(reader, keys.get("totals")),
        codes=_codes(reader, keys.get("codes")),
        constants=tuple((field, reader.text(value)) for field, _key, value in reader.pairs(keys["set"]))
        if "set" in keys
        else (),
        like=reader.text(keys["like"]) if "like" in keys else None,
        without=tuple(text for text, _node in reader.strings(keys["without"])) if "without" in keys else (),
    )


def _label(reader: Reader, field: str, key: Node, node: Node) -> LabelRule:
    if node.kind != "mapping":
        return LabelRule(field, _spellings(reader, node, scoped=True), key.place)
    parts = reader.mapping(node, _LABEL)
    return LabelRule(
        field=field,
        spellings=_spellings(reader, parts["spellings"], scoped=True) if "spellings" in parts else (),
        place=key.place,
        value=reader.choice(parts["value"], VALUES) if "value" in parts else "auto",
        fill=reader.boolean(parts["fill"]) if "fill" in parts else False,
        names=reader.boolean(parts["names"]) if "names" in parts else False,
        several=reader.boolean(parts["several"]) if "several" in parts else False,
        unit=reader.text(parts["unit"]) if "unit" in parts else None,
    )


def _spelling_nodes(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.items) if node.kind == "sequence" else [node]


def _spellings(reader: Reader, node: Node, *, scoped: bool = False) -> tuple[Spelling, ...]:
    """Return the spellings of a list; each is a text, ``{pattern: regular expression}`` or, of a label, one with a scope."""
    found: list[Spelling] = []
    for item in _spelling_nodes(node):
        if item.kind == "mapping" and any(key.value == "text" for key, _value in item.pairs):
            parts = reader.mapping(item, SCOPED)
            text, scope = reader.text(parts["text"]), read_scope(reader, parts)
            if scope is not None and not scoped:
                reader.fault(item, _UNSCOPED)
            elif text:
                tier = "alias" if found else "exact"
                found.append(Spelling(text, fold_keep(text), tier, item.place, scope=scope))
        elif item.kind == "mapping":
            parts = reader.mapping(item, {"pattern": True})
            text = reader.text(parts["pattern"]) if "pattern" in parts else ""
            if not text:
                continue
            try:
                pattern = re.compile(text)
            except re.error as err:
                reader.fault(
                    parts["pattern"],
                    f"正则表达式有误：{err} | the regular expression is wrong: {err}",
                )
                continue
            found.append(Spelling(text, "", "pattern", item.place, pattern))
        elif text := reader.text(item):
            found.append(Spelling(text, fold_keep(text), "alias" if found else "exact", item.place))
    return tuple(found)


def _claim(reader: Reader, claimed: _Claimed, spelling: Spelling, owner: str, node: Node) -> None:
    if spelling.pattern is not None:
        return
    for first_owner, first in claimed.setdefault(spelling.key, []):
        wrong = contradiction(first, first_owner, spelling, owner)
        if wrong is not None and (first_owner, first.place) != (owner, spelling.place):
            reader.fault(node, wrong)
            break
    claimed[spelling.key].append((owner, spelling))


def _unique(
    reader: Reader, kind: str, pairs: list[tuple[str, Node, Node]], labels: tuple[LabelRule, ...]
) -> None:
    """Note every label that two fields of one section claim, or one field twice."""
    if kind == "heading":
        return
    claimed: _Claimed = {}
    for (field, _key, node), rule in zip(pairs, labels, strict=True):
        holder = dict((key.value, value) for key, value in node.pairs).get("spellings", node)
        nodes = [item for item in _spelling_nodes(holder)]
        for spelling, item in zip(rule.spellings, nodes, strict=False):
            _claim(reader, claimed, spelling, field, item)


def _rows(reader: Reader, node: Node | None) -> RowRule | None:
    if node is None:
        return None
    keys = {"label": True, "code": True, "vocabulary": True, "default": False}
    parts = {name: reader.text(value) for name, value in reader.mapping(node, keys).items()}
    if not {"label", "code", "vocabulary"} <= set(parts):
        return None
    return RowRule(parts["label"], parts["code"], parts["vocabulary"], parts.get("default"))


def _totals(reader: Reader, node: Node | None) -> tuple[TotalRule, ...]:
    totals: list[TotalRule] = []
    for item in reader.items(node) if node is not None else []:
        parts = reader.mapping(item, {"spellings": True, "values": True})
        if len(parts) == 2:
            values = tuple((name, reader.text(value)) for name, _key, value in reader.pairs(parts["values"]))
            totals.append(TotalRule(_spellings(reader, parts["spellings"]), values, item.place))
    return tuple(totals)


def _codes(reader: Reader, node: Node | None) -> tuple[tuple[str, str, str], ...]:
    codes: list[tuple[str, str, str]] = []
    for field, _key, value in reader.pairs(node) if node is not None else []:
        parts = reader.mapping(value, {"from": True, "vocabulary": True})
        if len(parts) == 2:
            codes.append((field, reader.text(parts["from"]), reader.text(parts["vocabulary"])))
    return tuple(codes)


def _evidence(
    reader: Reader, node: Node | None, sections: tuple[Section, ...]
) -> tuple[tuple[str, ...], ...]:
    known = {rule.field for section in sections for rule in section.labels}
    found: list[tuple[str, ...]] = []
    for item in reader.items(node) if node is not None else []:
        fields = reader.strings(item)
        for text, place in fields:
            if text not in known and not any(section.like for section in sections):
                reader.unknown(place, text, known, ("字段", "field"))
        found.append(tuple(text for text, _place in fields))
    return tuple(found)
