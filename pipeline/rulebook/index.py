"""Label text -> what it can stand for, by form and section, each distinct text looked up once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.model import FormRule, LabelRule, Rulebook, Scope, Section, Spelling, TotalRule, Vocabulary
from pipeline.rulebook.tables import LONGEST_LABEL, MEMO_LIMIT, Screen, Table
from pipeline.text.labels import fold, fold_keep

if TYPE_CHECKING:
    from pipeline.text.segment import Pool

_Known = dict[str, tuple[Section, LabelRule, Spelling]]
LOOSE_SHORTEST, LOOSE_LONGEST = 3, 16
LOOSE_COLUMN, _LOOSE_FIELD = 0.75, 0.85
_LEAD_IN = re.compile(
    r"^(?:其中|减|加|[一二三四五六七八九十]+[、.]|[0-9]+[、.]|\([一二三四五六七八九十0-9]+\))[:、]?"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A label rule that a text stands for, and how it matched."""

    section: Section
    rule: LabelRule
    spelling: Spelling
    how: str


@dataclass(frozen=True, slots=True)
class Look:
    """Everything a text can be in one form: a field's label, a section's start, a column, a total, an ignored text."""

    fields: Named | None
    starts: Mapping[str, Spelling]
    columns: Mapping[str, Named]
    totals: Mapping[str, tuple[TotalRule, Spelling]]
    ignored: Spelling | None

    @property
    def names_section(self) -> bool:
        """Say whether the text opens a section or is a field's label."""
        return self.fields is not None or bool(self.starts)


_NOTHING = Look(None, {}, {}, {}, None)


class FormIndex:
    """The labels of one form type; ``screen`` is shared by the types of one rulebook.

    ``scopes`` are those of all its spellings, ``fitting`` those that count here: none, but of an index that
    ``within`` gives for forms whose year and region are known.
    """

    def __init__(
        self, rule: FormRule, screen: Screen | None = None, fitting: frozenset[Scope] = frozenset()
    ) -> None:
        self.rule = rule
        self.fitting = fitting
        self.screen = screen or Screen()
        self._fields: Table[tuple[Section, LabelRule]] = Table()
        self._ignored: Table[None] = Table()
        self._starts: dict[str, Table[Section]] = {}
        self._columns: dict[str, Table[LabelRule]] = {}
        self._totals: dict[str, Table[TotalRule]] = {}
        self._memo: dict[str, Look] = {}
        self._loose: dict[tuple[str | None, str], Named | None] = {}
        self._pools: dict[str | None, tuple[Pool, _Known]] = {}
        self.sections = {section.name: section for section in rule.sections}
        self._base: FormIndex | None = None
        self._within: dict[frozenset[Scope], FormIndex] = {}
        scoped = list(_scoped(rule))
        self.scopes = frozenset(one.scope for _section, _label, one in scoped if one.scope is not None)
        self._withheld = frozenset(one.key for _section, _label, one in scoped)
        for section, label, one in scoped if fitting else ():
            self._add_scoped(section, label, one)
        self._ignored.add(rule.ignores, None)
        for section in rule.sections:
            self._add(section)
        if not fitting:
            self._show(rule)

    def _show(self, rule: FormRule) -> None:
        """Let the texts of all spellings pass the screen."""
        self.screen.add(rule.ignores)
        for section in rule.sections:
            if section.kind != "heading":
                self.screen.add(one for label in section.labels for one in label.spellings)
            self.screen.add(section.starts)
            self.screen.add(one for total in section.totals for one in total.spellings)

    def _add_scoped(self, section: Section, label: LabelRule, spelling: Spelling) -> None:
        if spelling.scope not in self.fitting:
            return
        if section.kind == "fields":
            self._fields.add_scoped((spelling,), (section, label), label.field)
        else:
            columns = self._columns.setdefault(section.name, Table())
            columns.add_scoped((spelling,), label, label.field)

    def within(self, fitting: frozenset[Scope]) -> FormIndex:
        """Return the labels as they count for forms that lie within these scopes; itself without any."""
        if not fitting:
            return self
        found = self._within.get(fitting)
        if found is None:
            found = self._within[fitting] = FormIndex(self.rule, self.screen, fitting)
            found._base = self
        return found

    def _add(self, section: Section) -> None:
        if section.starts:
            table = self._starts[section.name] = Table[Section]()
            table.add(section.starts, section)
        if section.kind == "fields":
            for label in section.labels:
                self._fields.add(label.spellings, (section, label))
        elif section.kind in ("matrix", "records"):
            columns = self._columns.setdefault(section.name, Table())
            for label in section.labels:
                columns.add(label.spellings, label)
        if section.totals:
            totals = self._totals[section.name] = Table[TotalRule]()
            for total in section.totals:
                totals.add(total.spellings, total)

    @cached_property
    def needs_head(self) -> bool:
        """Say whether all evidence asks for a field that only a column under a head gives."""
        alone = {
            one.field for section in self.rule.sections if section.kind == "fields" for one in section.labels
        }
        alone |= {section.rows.default or "" for section in self.rule.sections if section.rows is not None}
        return all(set(wanted) - alone for wanted in self.rule.evidence)

    def look(self, text: str) -> Look:
        """Return what a text can be; memoised by the text as printed."""
        found = self._memo.get(text)
        if found is None:
            if len(self._memo) > MEMO_LIMIT:
                self._memo.clear()
            found = self._memo[text] = _NOTHING if self.screen.idle(text) else self._look(text)
        return found

    def _look(self, text: str) -> Look:
        kept = fold_keep(text)
        if not kept or len(kept) > LONGEST_LABEL:
            return _NOTHING
        folded = fold(text)
        field = self._fields.find(kept, folded)
        named = None
        if field is not None:
            section, rule = field[1]
            named = Named(section, rule, field[0], field[0].tier)
        columns = {
            name: Named(self.sections[name], hit[1], hit[0], hit[0].tier)
            for name, table in self._columns.items()
            if (hit := table.find(kept, folded))
        }
        starts = {
            name: opened[0] for name, opens in self._starts.items() if (opened := opens.find(kept, folded))
        }
        totals = {
            name: (closed[1], closed[0])
            for name, closes in self._totals.items()
            if (closed := closes.find(kept, folded))
        }
        ignored = self._ignored.find(kept, folded)
        if not (named or columns or starts or totals or ignored):
            return _NOTHING
        return Look(named, starts, columns, totals, ignored[0] if ignored else None)

    def touched(self) -> Iterator[Spelling]:
        """Yield the spellings that the texts looked up so far have matched."""
        for look in self._memo.values():
            for named in (look.fields, *look.columns.values()):
                if named is not None:
                    yield named.spelling
            yield from look.starts.values()
            yield from (spelling for _total, spelling in look.totals.values())
            if look.ignored is not None:
                yield look.ignored
        yield from (named.spelling for named in self._loose.values() if named is not None)
        for other in self._within.values():
            yield from other.touched()

    def loose(self, section: str | None, text: str) -> Named | None:
        """Return the label that a text is most like, in a table's columns or (None) among the fields' labels.

        The loose tier: words and edit distance above a threshold; None where two labels of different meaning
        are close, or where the text is a spelling that counts for other forms only. Memoised; a text is
        compared once.
        """
        if self._base is not None:
            return self._base.loose(section, text)
        key = (section, text)
        if key not in self._loose:
            if len(self._loose) > MEMO_LIMIT:
                self._loose.clear()
            held = self._withheld and not self._withheld.isdisjoint((fold(text), fold_keep(text)))
            self._loose[key] = None if held else self._nearest(section, fold(text))
        return self._loose[key]

    def _nearest(self, section: str | None, folded: str) -> Named | None:
        if not LOOSE_SHORTEST <= len(folded) <= LOOSE_LONGEST or any(char.isdigit() for char in folded):
            return None
        from pipeline.rulebook.load import shipped_rules
        from pipeline.text.segment import nearest

        threshold = LOOSE_COLUMN if section is not None else _LOOSE_FIELD
        pool, known = self._pool(section)
        found = nearest(folded, pool, threshold=threshold, words=shipped_rules() / "words.txt")
        if found.winner is None:
            return None
        owner, rule, spelling = known[found.winner]
        return Named(owner, rule, replace(spelling, tier="loose"), "loose")

    def _pool(self, section: str | None) -> tuple[Pool, _Known]:
        """Return the spellings of a table's columns or (None) of the fields' labels, made ready to be compared."""
        if section not in self._pools:
            from pipeline.text.segment import Pool

            if section is None:
                known: _Known = {
                    key: (*owner, spelling) for key, (spelling, owner) in self._fields.keys.items()
                }
            else:
                columns = self._columns[section].keys.items()
                known = {key: (self.sections[section], rule, spelling) for key, (spelling, rule) in columns}
            pool = Pool({key: rule.field for key, (_section, rule, _spelling) in known.items()})
            self._pools[section] = pool, known
        return self._pools[section]


class Index:
    """The whole rulebook, ready to be asked: titles, labels of each form, vocabularies."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.screen = Screen()
        self.forms = {rule.name: FormIndex(rule, self.screen) for rule in rulebook.forms}
        self.types = {(field.dataset, field.name): field.type for field in rulebook.fields}
        self._titles: Table[FormRule] = Table()
        for rule in rulebook.forms:
            self._titles.add(rule.titles, rule)
        self._title_memo: dict[str, tuple[FormRule, Spelling] | None] = {}
        self._words: dict[tuple[str, str], tuple[str, Spelling] | None] = {}

    @property
    def is_scoped(self) -> bool:
        """Say whether some spelling counts for forms of some years or regions only."""
        return any(labels.scopes for labels in self.forms.values())

    def within(self, fitting: Mapping[str, frozenset[Scope]]) -> Index:
        """Return the index for a form that lies within scopes, by form type; itself where there are none."""
        inside = {name: self.forms[name].within(scopes) for name, scopes in fitting.items() if scopes}
        if not inside:
            return self
        _ = self._vocabularies  # made once, not by each copy
        other = copy(self)
        other.forms = {**self.forms, **inside}
        return other

    def changed(self, forms: Iterable[FormRule] = (), vocabularies: Iterable[Vocabulary] = ()) -> Index:
        """Return an index with other rules for some forms and vocabularies; what stays the same is shared."""
        new_forms = {rule.name: rule for rule in forms}
        new_words = {vocabulary.name: vocabulary for vocabulary in vocabularies}
        other = copy(self)
        other.rulebook = replace(
            self.rulebook,
            forms=tuple(new_forms.get(rule.name, rule) for rule in self.rulebook.forms),
            vocabularies={**self.rulebook.vocabularies, **new_words},
        )
        # spellings that are gone still pass the screen, which costs their lookup and no more
        other.forms = {
            **self.forms,
            **{name: FormIndex(rule, self.screen) for name, rule in new_forms.items()},
        }
        if any(rule.titles != self.forms[name].rule.titles for name, rule in new_forms.items()):
            other._titles, other._title_memo = Table(), {}
            for rule in other.rulebook.forms:
                other._titles.add(rule.titles, rule)
        if new_words:
            tables = {name: _table_of(vocabulary) for name, vocabulary in new_words.items()}
            other.__dict__["_vocabularies"] = {**self._vocabularies, **tables}
            other._words = {}
        return other

    def touched(self) -> frozenset[tuple[str, str]]:
        """Return (place, text) of the spellings that the texts looked up so far have matched.

        Headings are searched, not looked up: theirs are not among them.
        """
        spellings = [found[1] for found in self._title_memo.values() if found is not None]
        spellings += [found[1] for found in self._words.values() if found is not None]
        spellings += [one for form in self.forms.values() for one in form.touched()]
        return frozenset((one.place, one.text) for one in spellings)

    @cached_property
    def _vocabularies(self) -> dict[str, Table[str]]:
        tables: dict[str, Table[str]] = {}
        for name, vocabulary in self.rulebook.vocabularies.items():
            tables[name] = _table_of(vocabulary)
        return tables

    def title(self, text: str) -> tuple[FormRule, Spelling] | None:
        """Return the form type that a text is the title of, and the spelling; None for any other text."""
        if len(text) > 2 * LONGEST_LABEL:
            return None
        if text not in self._title_memo:
            if len(self._title_memo) > MEMO_LIMIT:
                self._title_memo.clear()
            found = None
            if not (text.isascii() and self._titles.bounds.beyond_ascii) and (kept := fold_keep(text)):
                found = self._titles.find(kept, fold(text))
            self._title_memo[text] = (found[1], found[0]) if found else None
        return self._title_memo[text]

    def word(self, vocabulary: str, text: str) -> tuple[str, Spelling] | None:
        """Return the code of a text in a vocabulary and the spelling; lead-ins such as 其中： do not count."""
        key = (vocabulary, text)
        if key not in self._words:
            if len(self._words) > MEMO_LIMIT:
                self._words.clear()
            self._words[key] = self._word(vocabulary, text)
        return self._words[key]

    def _word(self, vocabulary: str, text: str) -> tuple[str, Spelling] | None:
        table = self._vocabularies.get(vocabulary)
        if table is None or len(text) > 2 * LONGEST_LABEL:
            return None
        kept, folded = fold_keep(text), fold(text)
        found = table.find(kept, folded) if kept else None
        while found is None and (lead := _LEAD_IN.match(kept)) and lead.end() < len(kept):
            kept = fold_keep(kept[lead.end() :])
            found = table.find(kept, fold(kept))
        if found is None:
            return None
        return found[1], found[0]


def _scoped(rule: FormRule) -> Iterator[tuple[Section, LabelRule, Spelling]]:
    """Yield the spellings of a form type that count for some years or regions only."""
    for section in rule.sections:
        for label in section.labels if section.kind != "heading" else ():
            for one in label.spellings:
                if one.scope is not None:
                    yield section, label, one


def _table_of(vocabulary: Vocabulary) -> Table[str]:
    table: Table[str] = Table()
    for entry in vocabulary.entries:
        table.add(entry.spellings, entry.code)
    return table
