"""What a label text can be under the rules, and what it is nearly: for ``rules explain`` and for suggestions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.model import Spelling
from pipeline.rulebook.index import FormIndex, Index, Named
from pipeline.text.labels import fold, fold_keep

TIERS = ("exact", "alias", "pattern", "loose")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a text can be: ``what`` is ``titles``, ``section.field``, ``section.starts``, a code of a vocabulary."""

    owner: str
    what: str
    how: str
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class Near:
    """A spelling that a text resembles, with how much, 0 to 1."""

    score: float
    owner: str
    what: str
    spelling: Spelling


def meanings(index: Index, text: str, form: str | None = None) -> list[Meaning]:
    """Return everything that a text can be, in one form type or in all, and in every vocabulary."""
    found: list[Meaning] = []
    title = index.title(text)
    if title is not None and form in (None, title[0].name):
        found.append(Meaning(title[0].name, "titles", title[1].tier, title[1]))
    for name, labels in index.forms.items():
        if form in (None, name):
            found += _in_form(name, labels, text)
    for vocabulary in index.rulebook.vocabularies:
        word = index.word(vocabulary, text)
        if word is not None:
            found.append(Meaning(vocabulary, word[0], word[1].tier, word[1]))
    return found


def _in_form(name: str, labels: FormIndex, text: str) -> Iterator[Meaning]:
    look = labels.look(text)
    for named in (look.fields, *look.columns.values()):
        if named is not None:
            yield _meaning(name, named)
    for section, spelling in look.starts.items():
        yield Meaning(name, f"{section}.starts", spelling.tier, spelling)
    for section, (_total, spelling) in look.totals.items():
        yield Meaning(name, f"{section}.totals", spelling.tier, spelling)
    if look.ignored is not None:
        yield Meaning(name, "ignores", look.ignored.tier, look.ignored)
    if look.fields is None and (named := labels.loose(None, text)) is not None:
        yield _meaning(name, named)
    for part in labels.sections.values():
        if part.kind in ("matrix", "records") and part.name not in look.columns:
            named = labels.loose(part.name, text)
            if named is not None:
                yield _meaning(name, named)


def _meaning(owner: str, named: Named) -> Meaning:
    return Meaning(owner, f"{named.section.name}.{named.rule.field}", named.how, named.spelling)


def scoped_meanings(index: Index, text: str, form: str | None = None) -> Iterator[Meaning]:
    """Yield what a text can be in forms of some years or regions only; ``spelling.scope`` says in which."""
    keys = {fold_keep(text), fold(text)}
    for name in index.forms if form is None else [form]:
        for what, spelling in labels_of(index, name):
            if spelling.scope is not None and spelling.key in keys:
                yield Meaning(name, what, spelling.tier, spelling)


def labels_of(index: Index, form: str) -> Iterator[tuple[str, Spelling]]:
    """Yield (``section.field``, spelling) of every literal label of a form type."""
    for section in index.forms[form].rule.sections:
        for rule in section.labels if section.kind != "heading" else ():
            for spelling in rule.spellings:
                if spelling.pattern is None:
                    yield f"{section.name}.{rule.field}", spelling


def near(
    index: Index, folded: str, form: str, words: Path | None = None, *, least: float = 0.4
) -> list[Near]:
    """Return the labels of a form type that a folded text resembles, the most alike of each field, best first."""
    from pipeline.text.segment import similar

    best: dict[str, Near] = {}
    chars = set(folded)
    for what, spelling in labels_of(index, form):
        if not chars & set(spelling.key):
            continue
        score = similar(folded, spelling.key, words)
        if score >= least and (what not in best or score > best[what].score):
            best[what] = Near(score, form, what, spelling)
    return sorted(best.values(), key=lambda one: (-one.score, one.what, one.spelling.key))
