"""rules/examples/*.yaml -> examples: a few lines of a form and the rows it must give, faults with their place.

    form: project_self_evaluation        or  vocabulary: fund_sources
    examples:
      - name: 财政部范本
        text: |-
          项目支出绩效自评表
          | 项目名称 | 道路养护 |
        rows:
          forms: [{project_name: 道路养护}]     only the columns named are compared
    spellings:                            each printed in place of the label of an example: rows must not change
      basics.project_name: [项目名称, 项目支出名称]
    texts:                                the same for texts that are no spelling: patterns, notes that are folded away
      titles: [某县2021年项目支出绩效自评表]

Examples of the user's directory are added to the shipped ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pipeline.errors import Fault, RuleError
from pipeline.model import Document, FormRule, Rulebook, Vocabulary
from pipeline.rulebook.drawing import DrawingError, read_drawing
from pipeline.rulebook.nodes import Node, Reader

FOLDER = "examples"
DATASETS = ("forms", "funding", "indicators")
_TOP = {"form": False, "vocabulary": False, "examples": False, "spellings": False, "texts": False}
_EXAMPLE = {"name": True, "text": True, "rows": True}

Expected = str | Decimal | None


@dataclass(frozen=True, slots=True)
class Example:
    """A drawn form with its rows: dataset -> rows of (column -> expected value, place of it)."""

    name: str
    form: str
    document: Document
    rows: Mapping[str, tuple[Mapping[str, tuple[Expected, Fault]], ...]]
    place: Fault


@dataclass(frozen=True, slots=True)
class Assertion:
    """A text that must be known as something: ``target`` is ``titles``, ``section.field``, a code of a vocabulary...

    ``owner`` is a form type or (``of_words``) a vocabulary; ``literal`` says that the text is a spelling and must
    match as one, not by a pattern or by likeness.
    """

    owner: str
    of_words: bool
    target: str
    text: str
    literal: bool
    place: Fault


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a rulebook."""

    examples: tuple[Example, ...]
    assertions: tuple[Assertion, ...]


def load_examples(rulebook: Rulebook, *folders: Path) -> Examples:
    """Return the examples of several rules directories; RuleError with every fault as path:line:column."""
    reader = Reader()
    examples: list[Example] = []
    assertions: list[Assertion] = []
    for folder in folders:
        for path in sorted((folder / FOLDER).glob("*.yaml")):
            root = reader.load(path, f"{FOLDER}/{path.name}")
            if root is not None:
                _file(reader, root, rulebook, examples, assertions)
    if reader.faults:
        raise RuleError(tuple(sorted(set(reader.faults))))
    return Examples(tuple(examples), tuple(assertions))


def targets(rule: FormRule | Vocabulary) -> tuple[str, ...]:
    """Return what a text can be asserted to be in a form type or a vocabulary."""
    if isinstance(rule, Vocabulary):
        return tuple(entry.code for entry in rule.entries)
    found = ["titles", "ignores"]
    for section in rule.sections:
        found += [f"{section.name}.starts"] if section.starts else []
        found += [f"{section.name}.totals"] if section.totals else []
        if section.kind != "heading":
            found += [f"{section.name}.{label.field}" for label in section.labels]
    return tuple(found)


def _file(
    reader: Reader, root: Node, rulebook: Rulebook, examples: list[Example], assertions: list[Assertion]
) -> None:
    keys = reader.mapping(root, _TOP)
    if root.kind == "mapping" and ("form" in keys) == ("vocabulary" in keys):
        reader.fault(root, "应有 form 或 vocabulary 之一 | one of form and vocabulary is needed")
    known: Mapping[str, FormRule | Vocabulary] = {rule.name: rule for rule in rulebook.forms}
    key, what = "form", ("表类型", "form type")
    if "form" not in keys:
        known, key, what = rulebook.vocabularies, "vocabulary", ("词表", "vocabulary")
    owner = reader.choice(keys[key], known, what) if key in keys else ""
    if not owner:
        return
    for node in reader.items(keys["examples"]) if "examples" in keys else []:
        example = _example(reader, node, owner, rulebook)
        examples.extend([example] if example is not None else [])
    allowed = targets(known[owner])
    for kind in ("spellings", "texts"):
        for target, at, node in reader.pairs(keys[kind]) if kind in keys else []:
            if target not in allowed:
                reader.unknown(at, target, allowed, ("标签", "label"))
                continue
            assertions += [
                Assertion(owner, key == "vocabulary", target, text, kind == "spellings", _place(item))
                for text, item in reader.strings(node)
            ]


def _example(reader: Reader, node: Node, owner: str, rulebook: Rulebook) -> Example | None:
    before = len(reader.faults)
    keys = reader.mapping(node, _EXAMPLE)
    if len(keys) < len(_EXAMPLE):
        return None
    name = reader.text(keys["name"])
    rows: dict[str, tuple[Mapping[str, tuple[Expected, Fault]], ...]] = {}
    for dataset, key, value in reader.pairs(keys["rows"]):
        if dataset in DATASETS:
            rows[dataset] = _rows(reader, dataset, value, rulebook)
        else:
            reader.unknown(key, dataset, DATASETS, ("数据集", "dataset"))
    if reader.text(keys["text"]):
        try:
            document = read_drawing(keys["text"].value)
        except DrawingError as err:
            at = keys["text"]
            reader.faults.append(Fault(at.path, at.line + 1 + err.line, 1, str(err)))
    if len(reader.faults) > before:
        return None
    return Example(name, owner, document, rows, _place(node))


def _rows(
    reader: Reader, dataset: str, node: Node, rulebook: Rulebook
) -> tuple[Mapping[str, tuple[Expected, Fault]], ...]:
    types = {field.name: field.type for field in rulebook.columns(dataset)}
    found: list[Mapping[str, tuple[Expected, Fault]]] = []
    for item in [node] if node.kind == "mapping" else reader.items(node):
        row: dict[str, tuple[Expected, Fault]] = {}
        for column, key, value in reader.pairs(item):
            if column not in types:
                reader.unknown(key, column, types, ("列", "column"))
            else:
                row[column] = (_value(reader, types[column], value), _place(value))
        found.append(row)
    return tuple(found)


def _value(reader: Reader, kind: str, node: Node) -> Expected:
    """Return an expected value: None for ``null`` and ``~``, a number where the column holds numbers."""
    if node.is_null:
        return None
    if node.kind != "scalar" or kind == "string":
        return reader.text(node)
    try:
        return Decimal(node.value.replace("_", ""))
    except InvalidOperation:
        reader.fault(node, f"{node.value} 不是数字 | {node.value} is not a number")
        return None


def _place(node: Node) -> Fault:
    return Fault(node.path, node.line, node.column, "")
