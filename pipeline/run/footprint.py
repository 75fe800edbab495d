"""Two rulebooks to the documents that their difference can touch: more than change, never fewer.

A document's rows depend on the rules through the keys of its texts: a cell or paragraph, what stands before a
colon in it, and, for columns and vocabularies, texts of several cells joined. So a changed key touches the
documents that hold a text which folds to it or, where texts are joined, to the beginning of it. Whatever else
differs (patterns, structure, columns) touches all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pipeline.model import FormRule, Rulebook, Section, Spelling, Vocabulary
from pipeline.rulebook.index import LOOSE_COLUMN, LOOSE_LONGEST, LOOSE_SHORTEST
from pipeline.store.grids import GridStore
from pipeline.text.labels import ONE_FOR_ONE, fold, fold_keep
from pipeline.text.segment import MARGIN, near_at_most

#: Vocabularies that are also looked up by texts put together from several cells.
_JOINED_WORDS = frozenset({"horizons", "instructions"})
#: Tables of keys that are looked up by the texts of several cells joined.
_JOINED = frozenset({"columns", "word"})
_LEAD = "其中减加一二三四五六七八九十、.()0123456789:，,"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What differs between two rulebooks, for a person: what kind, where, and in words."""

    kind: str
    name: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """What differs between two rulebooks.

    ``everything`` says why all documents are touched, empty where only ``keys`` matter, those of ``joined``
    also by their beginning; ``places`` maps an old
    rule line to the new one where that is one line, ``lost`` are the lines for which it is not.
    """

    everything: str
    keys: frozenset[str]
    joined: frozenset[str]
    places: Mapping[str, str]
    lost: frozenset[str]
    changes: tuple[RuleChange, ...]

    @property
    def moved(self) -> dict[str, str]:
        """Return only the lines that have another number now."""
        return {old: new for old, new in self.places.items() if old != new}


def compare(old: Rulebook, new: Rulebook) -> RuleDifference:
    """Return what differs between two rulebooks."""
    before, after = dict(_owners(old)), dict(_owners(new))
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    keys = frozenset(name[-1] for name in changed)
    joined = frozenset(name[-1] for name in changed if not _JOINED.isdisjoint(name[:2]))
    places, lost = _places(old, new)
    changes = tuple(sorted(_words(old, new), key=lambda one: (one.place, one.name)))
    return RuleDifference(_everything(old, new), keys, joined, places, lost, changes)


def _everything(old: Rulebook, new: Rulebook) -> str:
    """Return why no document is safe from the difference; empty where keys alone say it."""
    if old.fields != new.fields:
        return "fields.yaml"
    if old.files.get("words.txt") != new.files.get("words.txt"):
        return "words.txt"
    if [form.name for form in old.forms] != [form.name for form in new.forms]:
        return "form types"
    for one, other in zip(old.forms, new.forms, strict=True):
        if _bare(one) != _bare(other):
            return f"form {one.name}"
    if set(old.vocabularies) != set(new.vocabularies):
        return "vocabularies"
    for name, vocabulary in old.vocabularies.items():
        other_words = new.vocabularies[name]
        if _word_patterns(vocabulary) != _word_patterns(other_words):
            return f"vocabulary {name}"
        if name in _JOINED_WORDS and _word_keys(vocabulary) != _word_keys(other_words):
            return f"vocabulary {name}"
    return ""


def _word_keys(vocabulary: Vocabulary) -> list[tuple[str, tuple[str, ...]]]:
    return [(entry.code, tuple(one.key for one in entry.spellings)) for entry in vocabulary.entries]


def _word_patterns(vocabulary: Vocabulary) -> list[tuple[str, str, str]]:
    return [
        (entry.code, one.text, one.tier)
        for entry in vocabulary.entries
        for one in entry.spellings
        if one.pattern is not None
    ]


def _only_patterns(spellings: Sequence[Spelling]) -> tuple[Spelling, ...]:
    return tuple(Spelling(one.text, "", one.tier, "", None) for one in spellings if one.pattern is not None)


def _bare(form: FormRule) -> FormRule:
    """Return a form without the spellings that are keys and without places: what is left must not differ."""
    return replace(
        form,
        zh="",
        en="",
        path="",
        titles=_only_patterns(form.titles),
        ignores=_only_patterns(form.ignores),
        sections=tuple(_bare_section(section) for section in form.sections),
    )


def _bare_section(section: Section) -> Section:
    return replace(
        section,
        place="",
        starts=_only_patterns(section.starts),
        labels=tuple(
            replace(label, place="", spellings=_only_patterns(label.spellings)) for label in section.labels
        ),
        totals=tuple(
            replace(total, place="", spellings=_only_patterns(total.spellings)) for total in section.totals
        ),
    )


def _owners(rulebook: Rulebook) -> Iterator[tuple[tuple[str, ...], tuple[object, ...]]]:
    """Yield ((table..., key), what the key stands for there); the first owner of a key has it.

    Spellings with a scope come with it, all of a key together: a change of one concerns the documents that hold the key.
    """
    seen: set[tuple[str, ...]] = set()
    scoped: dict[tuple[str, ...], tuple[object, ...]] = {}
    for table, one, owner in _spelled(rulebook):
        name = (*table, one.key)
        if one.scope is not None:
            scoped[name] = (*scoped.get(name, ()), (one.scope, *owner, one.tier))
        elif one.pattern is None and name not in seen:
            seen.add(name)
            yield name, (*owner, one.tier)
    for name, owners in scoped.items():
        yield ("scoped", *name), owners


def _spelled(rulebook: Rulebook) -> Iterator[tuple[tuple[str, ...], Spelling, tuple[object, ...]]]:
    """Yield (table, spelling, what it stands for there) in the order in which they are looked up."""
    for form in rulebook.forms:
        yield from ((("title",), one, (form.name,)) for one in form.titles)
        yield from ((("ignores", form.name), one, ()) for one in form.ignores)
        for section in form.sections:
            here = (form.name, section.name)
            yield from ((("starts", *here), one, ()) for one in section.starts)
            table = ("fields", form.name) if section.kind == "fields" else ("columns", *here)
            for label in section.labels:
                yield from ((table, one, (section.name, label.field)) for one in label.spellings)
            for number, total in enumerate(section.totals):
                yield from ((("totals", *here), one, (number,)) for one in total.spellings)
    for name, vocabulary in rulebook.vocabularies.items():
        for entry in vocabulary.entries:
            yield from ((("word", name), one, (entry.code,)) for one in entry.spellings)


def _places(old: Rulebook, new: Rulebook) -> tuple[dict[str, str], frozenset[str]]:
    before, after = list(_placed(old)), dict(_placed(new))
    targets: dict[str, set[str]] = {}
    for name, place in before:
        targets.setdefault(place, set())
        if name in after:
            targets[place].add(after[name])
    places = {place: next(iter(found)) for place, found in targets.items() if len(found) == 1}
    return places, frozenset(targets) - frozenset(places)


def _placed(rulebook: Rulebook) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (identity, line) of everything in the rules that a published row may name."""
    for form in rulebook.forms:
        for one in (*form.titles, *form.ignores):
            yield ("form", form.name, one.text, one.tier), one.place
        for section in form.sections:
            here = (form.name, section.name)
            yield ("section", *here), section.place
            for one in section.starts:
                yield ("starts", *here, one.text, one.tier), one.place
            for label in section.labels:
                yield ("label", *here, label.field), label.place
                for one in label.spellings:
                    text = f"{one.text} [{one.scope}]" if one.scope is not None else one.text
                    yield ("spelling", *here, label.field, text, one.tier), one.place
            for number, total in enumerate(section.totals):
                yield ("total", *here, str(number)), total.place
                for one in total.spellings:
                    yield ("total", *here, str(number), one.text, one.tier), one.place
    for name, vocabulary in rulebook.vocabularies.items():
        for entry in vocabulary.entries:
            for one in entry.spellings:
                yield ("word", name, entry.code, one.text, one.tier), one.place


def _words(old: Rulebook, new: Rulebook) -> Iterator[RuleChange]:
    """Yield every spelling gained or lost and every other rule file that differs."""
    before, after = dict(_placed(old)), dict(_placed(new))
    for name in after.keys() - before.keys():
        yield RuleChange(f"+{name[0]}", "/".join(name[1:]), after[name], "added")
    for name in before.keys() - after.keys():
        yield RuleChange(f"-{name[0]}", "/".join(name[1:]), before[name], "removed")
    for file in old.files.keys() | new.files.keys():
        if file.startswith("checks/") and old.files.get(file) != new.files.get(file):
            yield RuleChange("check", file, f"{file}:1", "differs")


# -- the scan of the store --------------------------------------------------------------------------------------


def touched(grids: GridStore, keys: frozenset[str], joined: frozenset[str]) -> set[str]:
    """Return the ids of all contents in the store that hold a text which one of the keys may concern."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: set[str] = set()
    if not keys:
        return found
    firsts = "".join(sorted({char for key in keys for one in key for char in _variants(one)}))
    wanted = "[" + "".join(f"\\x{{{ord(char):x}}}" for char in firsts) + "]"
    memo: dict[bytes, bool] = {}
    for _shard, _start, table in grids.scan(["document_id", "cell_text", "block_text"]):
        names = table.column("document_id").to_pylist()
        for column in ("cell_text", "block_text"):
            lists: Any = table.column(column).combine_chunks()
            coded = lists.flatten().dictionary_encode()
            texts = coded.dictionary
            near = pc.match_substring_regex(_as_text(texts), wanted)
            hits = pa.array(
                [
                    bool(close) and _hit(text.as_py(), keys, joined, memo)
                    for text, close in zip(texts, near.to_pylist(), strict=True)
                ],
                pa.bool_(),
            )
            if not pc.any(hits).as_py():
                continue
            flags = hits.take(coded.indices)
            parents = pc.list_parent_indices(lists).filter(flags)
            found.update(names[row].decode() for row in parents.unique().to_pylist())
    return found


def _as_text(texts: Any) -> Any:
    import pyarrow as pa

    try:
        return texts.cast(pa.string())
    except pa.ArrowInvalid:  # half characters of a damaged document
        clean = [text.decode("utf-8", "replace") for text in texts.to_pylist()]
        return pa.array(clean, pa.string())


def _hit(raw: bytes, keys: frozenset[str], joined: frozenset[str], memo: dict[bytes, bool]) -> bool:
    known = memo.get(raw)
    if known is None:
        if len(memo) > 1_000_000:
            memo.clear()
        known = memo[raw] = concerns(raw.decode("utf-8", "surrogatepass"), keys, joined)
    return known


def concerns(text: str, keys: frozenset[str], joined: frozenset[str]) -> bool:
    """Say whether a text, a part of it before a colon, or a text that begins with it may fold to a key."""
    for part in _parts(text):
        for folded in {fold_keep(part), fold(part)}:
            while folded:
                if folded in keys or any(key.startswith(folded) for key in joined):
                    return True
                if _may_be_near(folded, keys, joined):
                    return True
                if folded[0] not in _LEAD:  # a lead-in such as 其中 or 一、 may be cut at any of its ends
                    break
                folded = folded[1:]
    return False


def _may_be_near(folded: str, keys: frozenset[str], joined: frozenset[str]) -> bool:
    """Say whether the loose tier may take a text for one of the keys, or for another key because of one.

    A rival less than a margin away unties two meanings, so texts count that are a margin short of the
    threshold. A head may be stacked of several cells: one of them then holds half of the key.
    """
    if not 2 <= len(folded) <= LOOSE_LONGEST or any(char.isdigit() for char in folded):
        return False
    mine = set(folded)
    for key in keys:
        common = len(mine.intersection(key))
        if 2 * common < len(key):
            continue
        if len(folded) >= LOOSE_SHORTEST and near_at_most(folded, key) >= LOOSE_COLUMN - MARGIN:
            return True
        if key in joined and 3 * common >= 2 * len(folded):
            return True
    return False


def _parts(text: str) -> set[str]:
    parts = {text}
    for place, char in enumerate(text):
        if char in "：:":
            parts |= {text[:place], text[place + 1 :]}
    return parts


@cache
def _variants(char: str) -> frozenset[str]:
    """Return the characters that may fold to one."""
    return frozenset({char, *_folding().get(char, ())})


@cache
def _folding() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for code in range(0x80, 0x30000):
        char = chr(code)
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code < 0xD7A4:
            continue
        if code not in ONE_FOR_ONE and unicodedata.is_normalized("NFKC", char):
            continue  # fold_keep changes no other character
        folded = fold_keep(char) or unicodedata.normalize("NFKC", char)
        if folded != char:
            for one in folded:
                found.setdefault(one, set()).add(char)
    return {one: tuple(sorted(chars)) for one, chars in found.items()}
