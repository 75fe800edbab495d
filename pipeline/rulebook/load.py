"""A directory of rules -> Rulebook; all faults of all files at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.errors import Fault, RuleError
from pipeline.model import Check, Field, FormRule, Rulebook, Section, Spelling, Vocabulary
from pipeline.rulebook.fields import load_fields
from pipeline.rulebook.forms import FormFile, extend, read_form, read_vocabulary, take_over
from pipeline.rulebook.nodes import Reader
from pipeline.rulebook.scopes import contradiction

#: Columns of the matcher's own: they feed other columns and are not published.
_INTERMEDIATE = {"indicators": {"sign"}, "forms": set(), "funding": set()}
_FOLDERS = {"forms": ".yaml", "vocabularies": ".yaml", "checks": ".sql"}
_SINGLE = ("fields.yaml", "words.txt")


def shipped_rules() -> Path:
    """Return the directory of the rules that ship with the program."""
    inside = Path(__file__).resolve().parent.parent / "rules"
    return inside if inside.is_dir() else inside.parent.parent / "rules"


def load_rulebook(overlay: Path | None = None, base: Path | None = None) -> Rulebook:
    """Return the checked rulebook; RuleError with every fault as path:line:column otherwise.

    ``overlay`` is the user's directory: a file of the same relative path stands in for the shipped one, a
    form file with ``extends:`` adds to the form that it names, other files are added.
    """
    files = _collect(base or shipped_rules(), overlay)
    reader = Reader()
    forms = _forms(reader, files, overlay)
    vocabularies = _vocabularies(reader, files)
    fields, field_faults = _load_fields(files)
    checks, check_faults = _load_checks(files)
    faults = [*reader.faults, *field_faults, *check_faults]
    faults += _cross_faults(forms, vocabularies, fields) if not faults else []
    if faults:
        raise RuleError(tuple(sorted(set(faults))))
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    whole = hashlib.sha256("".join(f"{name}\0{sha}\n" for name, sha in digests.items()).encode()).hexdigest()
    return Rulebook(
        fields=fields,
        forms=tuple(file.rule for file in forms),
        vocabularies=vocabularies,
        checks=checks,
        digest=whole,
        files=digests,
    )


def _collect(base: Path, overlay: Path | None) -> dict[str, Path]:
    """Return relative path -> file, the overlay's in place of the shipped, sorted by name."""
    if overlay is not None and not overlay.is_dir():
        fault = Fault(
            str(overlay), 1, 1, "规则目录不存在，请检查路径 | no such rules directory; check the path"
        )
        raise RuleError((fault,))
    files: dict[str, Path] = {}
    for root in (base, overlay) if overlay is not None else (base,):
        for name in _SINGLE:
            if (root / name).is_file():
                files[name] = root / name
        for folder, suffix in _FOLDERS.items():
            for path in sorted((root / folder).glob(f"*{suffix}")):
                files[f"{folder}/{path.name}"] = path
    return dict(sorted(files.items()))


def _load_fields(files: Mapping[str, Path]) -> tuple[tuple[Field, ...], tuple[Fault, ...]]:
    if "fields.yaml" not in files:
        return (), (Fault("fields.yaml", 1, 1, "缺少文件 fields.yaml | fields.yaml is missing"),)
    return load_fields(files["fields.yaml"])


def _load_checks(files: Mapping[str, Path]) -> tuple[tuple[Check, ...], tuple[Fault, ...]]:
    from pipeline.rulebook.checks import load_checks

    found: dict[str, Check] = {}
    faults: list[Fault] = []
    for folder in dict.fromkeys(path.parent for name, path in files.items() if name.startswith("checks/")):
        checks, more = load_checks(folder)
        faults += more
        found.update({check.name: check for check in checks})
    return tuple(found[name] for name in sorted(found)), tuple(faults)


def _forms(reader: Reader, files: Mapping[str, Path], overlay: Path | None) -> list[FormFile]:
    """Return the form types, the user's own before the shipped: a title that both know is the user's."""
    own = {name for name, path in files.items() if overlay is not None and path.is_relative_to(overlay)}
    bases: dict[str, FormFile] = {}
    overlays: list[FormFile] = []
    for name, path in sorted(files.items(), key=lambda pair: pair[0] not in own):
        if not name.startswith("forms/"):
            continue
        root = reader.load(path, name)
        file = read_form(reader, root, path.stem) if root is not None else None
        if file is None:
            continue
        if file.extends:
            overlays.append(file)
        else:
            bases[file.rule.name] = file
    _take_over(reader, bases)
    for file in overlays:
        base = bases.get(file.rule.name)
        if base is None:
            reader.unknown(file.root, file.rule.name, bases, ("表类型", "form type"))
        else:
            bases[file.rule.name] = replace(base, rule=extend(base.rule, file.rule))
    return list(bases.values())


def _take_over(reader: Reader, forms: dict[str, FormFile]) -> None:
    """Resolve ``like: form.section`` in place; a section may only be like one that is written out."""
    written = {
        f"{name}.{section.name}": section
        for name, file in forms.items()
        for section in file.rule.sections
        if section.like is None
    }
    for name, file in forms.items():
        sections: list[Section] = []
        for section in file.rule.sections:
            if section.like is None:
                sections.append(section)
            elif section.like in written:
                sections.append(take_over(written[section.like], section))
            else:
                reader.faults.append(
                    _fault(
                        section.place,
                        f"like 指向的节不存在：{section.like} | like names no written-out section: {section.like}",
                    )
                )
        forms[name] = replace(file, rule=replace(file.rule, sections=tuple(sections)))


def _vocabularies(reader: Reader, files: Mapping[str, Path]) -> dict[str, Vocabulary]:
    found: dict[str, Vocabulary] = {}
    for name, path in files.items():
        root = reader.load(path, name) if name.startswith("vocabularies/") else None
        vocabulary = read_vocabulary(reader, root, path.stem) if root is not None else None
        if vocabulary is not None:
            found[vocabulary.name] = vocabulary
    return found


def _cross_faults(
    forms: list[FormFile], vocabularies: Mapping[str, Vocabulary], fields: tuple[Field, ...]
) -> list[Fault]:
    """Return the faults that only show when all files are read: unknown fields, shared titles and labels."""
    columns: dict[str, set[str]] = {}
    for field in fields:
        columns.setdefault(field.dataset, set()).add(field.name)
    faults: list[Fault] = []
    titles: dict[str, str] = {}
    for file in forms:
        for section in file.rule.sections:
            faults += _section_faults(section, columns, vocabularies)
        faults += _shared_labels(file.rule)
        for spelling in file.rule.titles:
            if spelling.pattern is not None:
                continue
            first = titles.setdefault(spelling.key, spelling.place)
            if first != spelling.place:
                faults.append(
                    _fault(
                        spelling.place,
                        f"标题 {spelling.text} 重复：{first} 已有 | "
                        f"duplicate title {spelling.text}: already in {first}",
                    )
                )
    return faults


def _section_faults(
    section: Section, columns: Mapping[str, set[str]], vocabularies: Mapping[str, Vocabulary]
) -> list[Fault]:
    faults: list[Fault] = []
    if section.dataset not in columns:
        return [
            _fault(
                section.place,
                f"未知的数据集 {section.dataset} | unknown dataset {section.dataset}",
            )
        ]
    known = columns[section.dataset] | _INTERMEDIATE.get(section.dataset, set())
    named = [(rule.field, rule.place) for rule in section.labels]
    named += [(field, section.place) for field, _value in section.constants]
    named += [(field, section.place) for field, _source, _vocabulary in section.codes]
    if section.rows:
        named += [(section.rows.label_field, section.place), (section.rows.code_field, section.place)]
    for label in section.labels if section.kind == "heading" else ():
        for one in label.spellings:
            if one.scope is not None:
                message = (
                    "heading 节的写法不能限定年度或地区 | a spelling of a heading section cannot have a scope"
                )
                faults.append(_fault(one.place, message))
    for field, place in named:
        if field not in known:
            faults.append(_fault(place, f"未知的字段 {field} | unknown field {field} of {section.dataset}"))
    wanted = [vocabulary for _field, _source, vocabulary in section.codes]
    wanted += [section.rows.vocabulary] if section.rows else []
    for vocabulary in wanted:
        if vocabulary not in vocabularies:
            faults.append(_fault(section.place, f"未知的词表 {vocabulary} | unknown vocabulary {vocabulary}"))
    return faults


def _shared_labels(rule: FormRule) -> list[Fault]:
    """Return a fault for each label that two fields of one table, or two fields sections, claim."""
    faults: list[Fault] = []
    fields: dict[str, list[tuple[str, Spelling]]] = {}
    for section in rule.sections:
        claimed = fields if section.kind == "fields" else {}
        for label in section.labels if section.kind != "heading" else ():
            for spelling in label.spellings:
                if spelling.pattern is not None:
                    continue
                for owner, first in claimed.setdefault(spelling.key, []):
                    wrong = contradiction(first, owner, spelling, label.field)
                    if wrong is not None and (first.place != spelling.place or first.scope is not None):
                        faults.append(_fault(spelling.place, wrong))
                        break
                claimed[spelling.key].append((label.field, spelling))
    return faults


def _fault(place: str, message: str) -> Fault:
    path, _, line = place.rpartition(":")
    return Fault(path, int(line), 1, message)
