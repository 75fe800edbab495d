"""A rulebook less one spelling or one rule at a time: what a set of examples should notice.

A spelling that other forms take over (``like:``) is dropped from all of them at once, as if its line were gone
from its file; what it hid in a section that took over is not brought back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pipeline.model import Entry, FormRule, LabelRule, Rulebook, Section, Spelling, TotalRule, Vocabulary

Target = tuple[str, bool, str]


@dataclass(slots=True)
class Mutation:
    """One loss: what is dropped, where it stands, and the forms and vocabularies as they are without it.

    ``spelling`` is None where a rule is dropped; ``targets`` are the labels (owner, of words, target) that lose
    something, ``always`` says that no look-up tells which examples are touched.
    """

    what: str
    place: str
    spelling: Spelling | None = None
    targets: list[Target] = field(default_factory=list)
    forms: dict[str, FormRule] = field(default_factory=dict)
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    always: bool = False


def mutations(rulebook: Rulebook) -> list[Mutation]:
    """Return every loss of one spelling, one rule, one property of a rule; by place."""
    found: dict[tuple[object, ...], Mutation] = {}
    forms = {rule.name: rule for rule in rulebook.forms}
    for rule in rulebook.forms:
        for target, spelling, heading in _spellings(rule):
            same = ("spelling", spelling.place, spelling.text, spelling.pattern is not None, spelling.scope)
            loss = found.setdefault(same, Mutation(_named(spelling), spelling.place, spelling))
            loss.targets.append((rule.name, False, target))
            loss.always = loss.always or heading
            now = loss.forms.get(rule.name, forms[rule.name])
            loss.forms[rule.name] = _without(now, spelling)
        for key, what, place, change in _rules(rule):
            loss = found.setdefault(key, Mutation(what, place, always=True))
            loss.forms[rule.name] = change(loss.forms.get(rule.name, rule))
    for vocabulary in rulebook.vocabularies.values():
        _vocabulary(vocabulary, found)
    return sorted(found.values(), key=lambda loss: (_place(loss.place), loss.what))


def _vocabulary(vocabulary: Vocabulary, found: dict[tuple[object, ...], Mutation]) -> None:
    for entry in vocabulary.entries:
        target = (vocabulary.name, True, entry.code)
        for spelling in entry.spellings:
            kept = replace(entry, spellings=tuple(one for one in entry.spellings if one is not spelling))
            found["word", spelling.place, spelling.text, spelling.pattern is not None] = Mutation(
                _named(spelling),
                spelling.place,
                spelling,
                [target],
                vocabularies={vocabulary.name: _entries(vocabulary, entry, kept)},
            )
        place = entry.spellings[0].place if entry.spellings else f"{vocabulary.path}:1"
        found["entry", vocabulary.name, entry.code] = Mutation(
            f"词条 entry {entry.code}",
            place,
            targets=[target],
            vocabularies={vocabulary.name: _entries(vocabulary, entry, None)},
            always=True,
        )


def _entries(vocabulary: Vocabulary, old: Entry, new: Entry | None) -> Vocabulary:
    entries = [new if entry is old else entry for entry in vocabulary.entries]
    return replace(vocabulary, entries=tuple(entry for entry in entries if entry is not None))


def _spellings(rule: FormRule) -> Iterator[tuple[str, Spelling, bool]]:
    """Yield (target, spelling, is a heading's) of a form; a heading is searched, not looked up."""
    for spelling in rule.titles:
        yield "titles", spelling, False
    for spelling in rule.ignores:
        yield "ignores", spelling, False
    for section in rule.sections:
        for spelling in section.starts:
            # the extractor of fields compares labels with starts by itself
            yield f"{section.name}.starts", spelling, section.kind == "fields"
        for label in section.labels:
            for spelling in label.spellings:
                yield f"{section.name}.{label.field}", spelling, section.kind == "heading"
        for total in section.totals:
            for spelling in total.spellings:
                yield f"{section.name}.totals", spelling, False


def _without(rule: FormRule, lost: Spelling) -> FormRule:
    def kept(spellings: tuple[Spelling, ...]) -> tuple[Spelling, ...]:
        return tuple(
            one
            for one in spellings
            if one.place != lost.place
            or one.text != lost.text
            or (one.pattern is None) != (lost.pattern is None)
            or one.scope != lost.scope
        )

    sections = tuple(
        replace(
            section,
            starts=kept(section.starts),
            labels=tuple(replace(label, spellings=kept(label.spellings)) for label in section.labels),
            totals=tuple(replace(total, spellings=kept(total.spellings)) for total in section.totals),
        )
        for section in rule.sections
    )
    return replace(rule, titles=kept(rule.titles), ignores=kept(rule.ignores), sections=sections)


Change = Callable[[FormRule], FormRule]


def _rules(rule: FormRule) -> Iterator[tuple[tuple[object, ...], str, str, Change]]:
    """Yield (what makes it one loss, what, place, the change) of every rule and property of a form."""
    for wanted in rule.evidence:
        shown = ", ".join(wanted)
        yield (
            ("evidence", rule.name, wanted),
            f"evidence [{shown}]",
            f"{rule.path}:1",
            lambda form, wanted=wanted: replace(  # type: ignore[misc]
                form, evidence=tuple(one for one in form.evidence if one != wanted)
            ),
        )
    for section in rule.sections:
        for label in section.labels:
            yield from _label(section, label)
        for total in section.totals:
            yield from _total(section, total)
        yield from _section(section)


def _label(section: Section, label: LabelRule) -> Iterator[tuple[tuple[object, ...], str, str, Change]]:
    def put(new: LabelRule | None) -> Change:
        return lambda form: _in_section(form, section.name, lambda old: _labels(old, label.field, new))

    name = f"{section.name}.{label.field}"
    losses: list[tuple[str, LabelRule | None]] = [("", None)]
    losses += [(" value", replace(label, value="auto"))] if label.value != "auto" else []
    losses += [(" fill", replace(label, fill=False))] if label.fill else []
    losses += [(" names", replace(label, names=False))] if label.names else []
    losses += [(" several", replace(label, several=False))] if label.several else []
    losses += [(" unit", replace(label, unit=None))] if label.unit else []
    for what, new in losses:
        yield ("label", label.place, label.field, what), f"标签 label {name}{what}", label.place, put(new)


def _labels(section: Section, field_name: str, new: LabelRule | None) -> Section:
    labels = [new if label.field == field_name else label for label in section.labels]
    return replace(section, labels=tuple(label for label in labels if label is not None))


def _total(section: Section, total: TotalRule) -> Iterator[tuple[tuple[object, ...], str, str, Change]]:
    def put(new: TotalRule | None) -> Change:
        def totals(old: Section) -> Section:
            changed = [new if one.place == total.place else one for one in old.totals]
            return replace(old, totals=tuple(one for one in changed if one is not None))

        return lambda form: _in_section(form, section.name, totals)

    yield ("total", total.place), f"合计行 total of {section.name}", total.place, put(None)
    for pair in total.values:
        kept = replace(total, values=tuple(one for one in total.values if one != pair))
        yield ("total", total.place, pair), f"合计列 total {pair[0]}: {pair[1]}", total.place, put(kept)


def _section(section: Section) -> Iterator[tuple[tuple[object, ...], str, str, Change]]:
    def put(change: Callable[[Section], Section]) -> Change:
        return lambda form: _in_section(form, section.name, change)

    for code in section.codes:
        yield (
            ("code", id(section.codes), code),
            f"代码 code {section.name}.{code[0]}",
            section.place,
            put(lambda old, code=code: replace(old, codes=tuple(one for one in old.codes if one != code))),  # type: ignore[misc]
        )
    for constant in section.constants:
        yield (
            ("constant", section.place, constant),
            f"set {section.name}.{constant[0]}",
            section.place,
            put(
                lambda old, constant=constant: replace(  # type: ignore[misc]
                    old, constants=tuple(one for one in old.constants if one != constant)
                )
            ),
        )
    if section.rows is not None and section.rows.default is not None:
        yield (
            ("default", id(section.rows)),
            f"rows default of {section.name}",
            section.place,
            put(lambda old: replace(old, rows=replace(old.rows, default=None) if old.rows else None)),
        )


def _in_section(form: FormRule, name: str, change: Callable[[Section], Section]) -> FormRule:
    sections = (change(section) if section.name == name else section for section in form.sections)
    return replace(form, sections=tuple(sections))


def _named(spelling: Spelling) -> str:
    if spelling.scope is not None:
        return f"{spelling.text} [{spelling.scope}]"
    return f"正则 pattern {spelling.text}" if spelling.pattern else spelling.text


def _place(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return path, int(line) if line.isdigit() else 0
