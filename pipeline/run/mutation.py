"""Drop each spelling and each rule in turn and see whether an example or a fixture notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.model import Document, Rulebook, Spelling
from pipeline.rulebook.examples import Assertion
from pipeline.rulebook.index import Index
from pipeline.rulebook.mutation import Mutation, Target, mutations
from pipeline.run.examples import Bench, Found, columns, interpret_document
from pipeline.run.one import open_document
from pipeline.text.labels import fold, fold_keep


@dataclass(frozen=True, slots=True)
class Survivor:
    """A loss that nothing notices; ``instead`` is the spelling that makes the lost one redundant."""

    mutation: Mutation
    instead: Spelling | None = None


class Trial:
    """Examples and fixtures with what each of them looks up, so that a loss reruns only what it can touch."""

    def __init__(self, bench: Bench, rulebook: Rulebook, fixtures: Sequence[Document] = ()) -> None:
        self.bench = bench
        self.index = bench.index
        self.losses = mutations(rulebook)
        documents = [example.document for example in bench.examples] + list(fixtures)
        self.fixtures = [(document, interpret_document(document, bench.index)) for document in fixtures]
        self.touched = [_touched(document, rulebook) for document in documents]
        self.by_target: dict[Target, list[Assertion]] = {}
        for assertion in bench.assertions:
            what = (assertion.owner, assertion.of_words, assertion.target)
            self.by_target.setdefault(what, []).append(assertion)

    def survivors(self) -> list[Survivor]:
        """Return the losses that no example, no assertion and no fixture notices, by place."""
        found: list[Survivor] = []
        for loss in self.losses:
            index = self.index.changed(loss.forms.values(), loss.vocabularies.values())
            if not self.noticed(loss, index):
                found.append(Survivor(loss, _instead(loss, index)))
        return found

    def noticed(self, loss: Mutation, index: Index) -> bool:
        """Say whether anything tells that the rules of ``index`` lack what was lost."""
        for target in loss.targets:
            for assertion in self.by_target.get(target, ()):
                if _concerns(assertion, loss.spelling) and self.bench.notices(assertion, index):
                    return True
        for number, touched in enumerate(self.touched):
            lost = loss.spelling
            if not loss.always and (lost is None or (lost.place, lost.text) not in touched):
                continue
            if number < len(self.bench.examples):
                if self.bench.check(number, index):
                    return True
            elif self._fixture_differs(number - len(self.bench.examples), index):
                return True
        return False

    def _fixture_differs(self, number: int, index: Index) -> bool:
        document, before = self.fixtures[number]
        try:
            after: Found = interpret_document(document, index)
        except (KeyError, IndexError, ValueError):
            return True
        types = [form.rule.name for form, _ in before] != [form.rule.name for form, _ in after]
        return types or columns(before) != columns(after)


def read_fixtures(folder: Path) -> list[Document]:
    """Return the documents of a folder that can be read, each content once."""
    found = {
        document.document_id: document
        for _path, document in open_document(folder)
        if not isinstance(document, SourceError)
    }
    return list(found.values())


def missing_assertions(survivors: Sequence[Survivor]) -> list[tuple[list[Target], str]]:
    """Return (what it is, text) of the plain spellings among the survivors that are not redundant.

    A spelling that several forms take over has several targets, that of its own file first.
    """
    found: list[tuple[list[Target], str]] = []
    for one in survivors:
        lost = one.mutation.spelling
        if lost is None or lost.pattern is not None or one.instead is not None:
            continue
        own = Path(lost.place.rpartition(":")[0]).stem
        found.append((sorted(one.mutation.targets, key=lambda target: target[0] != own), lost.text))
    return found


def _touched(document: Document, rulebook: Rulebook) -> frozenset[tuple[str, str]]:
    fresh = Index(rulebook)
    interpret_document(document, fresh)
    return fresh.touched()


def _concerns(assertion: Assertion, spelling: Spelling | None) -> bool:
    if spelling is None:
        return True
    if spelling.pattern is not None:
        return spelling.pattern.search(fold_keep(assertion.text)) is not None
    return spelling.key in (fold_keep(assertion.text), fold(assertion.text))


def _instead(loss: Mutation, index: Index) -> Spelling | None:
    """Return the spelling that still gives a lost one the same meaning everywhere; a pattern is no spelling."""
    if loss.spelling is None or loss.spelling.pattern is not None:
        return None
    found = [resolve(index, target, loss.spelling.text) for target in loss.targets]
    return found[0] if found and all(one is not None and one.pattern is None for one in found) else None


def resolve(index: Index, target: Target, text: str) -> Spelling | None:
    """Return the spelling by which a text is what the target says, None where it is not."""
    owner, of_words, name = target
    if of_words:
        word = index.word(owner, text)
        return word[1] if word is not None and word[0] == name else None
    if name == "titles":
        title = index.title(text)
        return title[1] if title is not None and title[0].name == owner else None
    look = index.forms[owner].look(text)
    section, _, field = name.partition(".")
    if name == "ignores":
        return look.ignored
    if field == "starts":
        return look.starts.get(section)
    if field == "totals":
        return look.totals[section][1] if section in look.totals else None
    for named in (look.fields, look.columns.get(section)):
        if named is not None and named.section.name == section and named.rule.field == field:
            return named.spelling
    return None
