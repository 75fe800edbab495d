"""Warnings about rules that load but cannot do what their author meant: ambiguous, unreachable, unused."""

from collections.abc import Iterator

from pipeline.errors import Fault
from pipeline.model import FormRule, Rulebook, Section, Spelling
from pipeline.rulebook.tables import LONGEST_LABEL
from pipeline.text.labels import fold

#: Vocabularies that the program asks by name.
_ASKED = frozenset({"horizons", "instructions"})
#: Columns that the program fills by itself or derives from another one.
_MADE = {
    "forms": {
        "corrected_from",
        "form_id",
        "document_id",
        "form_index",
        "form_type",
        "title",
        "region",
        "coverage",
        "rulebook",
    },
    "funding": {"corrected_from", "form_id", "row_index"},
    "indicators": {
        "corrected_from",
        "form_id",
        "row_index",
        *(
            f"{side}_{part}"
            for side in ("target", "actual")
            for part in ("comparator", "value", "upper", "unit")
        ),
        "nature",
        "direction",
        "recipient",
    },
}


def lint(rulebook: Rulebook) -> tuple[Fault, ...]:
    """Return the warnings of a rulebook that has no faults, with places, by place."""
    found = [*_titles(rulebook), *_unused(rulebook)]
    for rule in rulebook.forms:
        for what, spellings in _tables(rule):
            found += _table(what, spellings)
    for vocabulary in rulebook.vocabularies.values():
        owned = [(entry.code, one) for entry in vocabulary.entries for one in entry.spellings]
        found += _table(vocabulary.name, owned)
    return tuple(sorted(set(found)))


def _titles(rulebook: Rulebook) -> Iterator[Fault]:
    """Yield a warning for each title of one form type that a pattern of another one matches too."""
    for rule in rulebook.forms:
        for title in rule.titles:
            for other in rulebook.forms:
                for spelling in other.titles if other is not rule and title.pattern is None else ():
                    if spelling.pattern is not None and spelling.pattern.search(title.key):
                        yield _warn(
                            title.place,
                            f"歧义：标题 {title.text} 也符合 {other.name} 的正则（{spelling.place}）",
                            f"ambiguous: the title matches a pattern of {other.name} too",
                        )


def _tables(rule: FormRule) -> Iterator[tuple[str, list[tuple[str, Spelling]]]]:
    """Yield the spellings that are looked up together, each with the field that it stands for."""
    shared: list[tuple[str, Spelling]] = []
    for section in rule.sections:
        own = [(label.field, one) for label in section.labels for one in label.spellings]
        if section.kind == "fields":
            shared += own
        elif section.kind != "heading":
            yield section.name, own
        yield f"{section.name}.starts", [("starts", one) for one in section.starts]
        yield (
            f"{section.name}.totals",
            [("totals", one) for total in section.totals for one in total.spellings],
        )
    yield "fields", shared


def _table(what: str, spellings: list[tuple[str, Spelling]]) -> Iterator[Fault]:
    yield from _scoped(what, spellings)
    spellings = [(owner, one) for owner, one in spellings if one.scope is None]
    keys = {one.key: (owner, one) for owner, one in reversed(spellings) if one.pattern is None}
    for owner, one in spellings:
        if one.pattern is not None:
            continue
        if len(one.key) > LONGEST_LABEL:
            yield _warn(
                one.place,
                f"无法匹配：{one.text} 超过 {LONGEST_LABEL} 个字，不会被查找",
                f"unreachable: longer than {LONGEST_LABEL} characters, never looked up",
            )
        first_owner, first = keys[one.key]
        if first is not one and (first.place, first.text) != (one.place, one.text):
            yield _warn(
                one.place,
                f"被遮蔽：{one.text} 与 {first.place} 的 {first.text}（{first_owner}）相同，轮不到它",
                f"shadowed: the same as {first.text} in {what}",
            )
        short = fold(one.text)
        if short == one.key or short not in keys:
            continue
        other, bare = keys[short]
        if other == owner:
            yield _warn(
                one.place,
                f"多余：{one.text} 去掉括注就是 {bare.text}（{bare.place}）",
                f"redundant: without its note it is {bare.text}",
            )
        else:
            yield _warn(
                one.place,
                f"歧义：{one.text} 是 {owner}，去掉括注却是 {other} 的 {bare.text}（{bare.place}）",
                f"ambiguous: {owner}, but without its note it is {other}",
            )


def _scoped(what: str, spellings: list[tuple[str, Spelling]]) -> Iterator[Fault]:
    """Yield a warning for each spelling with a scope that another one of its field makes needless."""
    for at, (owner, one) in enumerate(spellings):
        if one.scope is None:
            continue
        if len(one.key) > LONGEST_LABEL:
            yield _warn(
                one.place,
                f"无法匹配：{one.text} 超过 {LONGEST_LABEL} 个字，不会被查找",
                f"unreachable: longer than {LONGEST_LABEL} characters, never looked up",
            )
        for place, (other, same) in enumerate(spellings):
            if (other, same.key) != (owner, one.key) or place == at or same.pattern is not None:
                continue
            if same.scope is None or (place < at and same.scope.overlaps(one.scope)):
                yield _warn(
                    one.place,
                    f"多余：{one.text}（{one.scope}）与 {same.place} 的 {same.text} 同是 {owner}",
                    f"redundant: {same.text} in {what} is the same field anyway",
                )
                break


def _unused(rulebook: Rulebook) -> Iterator[Fault]:
    """Yield a warning for each vocabulary that no section asks and each column that no rule fills."""
    sections = [section for rule in rulebook.forms for section in rule.sections]
    asked = {code[2] for section in sections for code in section.codes}
    asked |= {section.rows.vocabulary for section in sections if section.rows is not None}
    for vocabulary in rulebook.vocabularies.values():
        if vocabulary.name not in asked | _ASKED:
            yield _warn(
                f"{vocabulary.path}:1",
                f"未使用：没有一节用到词表 {vocabulary.name}",
                f"unused: no section asks {vocabulary.name}",
            )
    filled = {pair for section in sections for pair in _filled(section)}
    for field in rulebook.fields:
        made = _MADE.get(field.dataset)
        if made is None or field.name in made | {"fiscal_year"}:
            continue
        if (field.dataset, field.name) not in filled:
            yield _warn(
                "fields.yaml:1",
                f"未使用：没有规则填写 {field.dataset}.{field.name}",
                f"unused: no rule fills {field.dataset}.{field.name}",
            )


def _filled(section: Section) -> Iterator[tuple[str, str]]:
    for label in section.labels:
        yield section.dataset, label.field
    for name, _value in section.constants:
        yield section.dataset, name
    for code in section.codes:
        yield section.dataset, code[0]
    if section.rows is not None:
        yield section.dataset, section.rows.label_field
        yield section.dataset, section.rows.code_field
    for total in section.totals:
        yield from (("forms", name) for _column, name in total.values)


def _warn(place: str, zh: str, en: str) -> Fault:
    path, _, line = place.rpartition(":")
    return Fault(path, int(line), 1, f"{zh} | {en}")
