"""Write assertions on plain spellings to rules/examples/<owner>.spellings.yaml, beside the hand-written examples."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.rulebook.examples import FOLDER
from pipeline.rulebook.nodes import Reader

_HEAD = """\
# 由 guibiao rules mutate --write 写成：每个写法是什么，依据是规则作者把它写在哪个标签下；检验时代入示例，各行不得改变。
# Written by guibiao rules mutate --write: what each spelling stands for is what the author of the rule says;
# the check prints it in place of a label of a hand-written example, whose rows must then stay the same.
"""
_PLAIN = frozenset("()（）、，。/·")


def write_assertions(folder: Path, owner: str, of_words: bool, texts: Iterable[tuple[str, str]]) -> Path:
    """Add (target, text) pairs to the owner's file of spellings and return its path; what it has stays."""
    path = folder / FOLDER / f"{owner}.spellings.yaml"
    by_target: dict[str, list[str]] = {}
    for target, text in [*_present(path), *texts]:
        known = by_target.setdefault(target, [])
        if text not in known:
            known.append(text)
    lines = [f"{'vocabulary' if of_words else 'form'}: {owner}", "spellings:"]
    for target, known in by_target.items():
        lines += [f"  {target}:", *(f"    - {quoted(text)}" for text in known)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def quoted(text: str) -> str:
    """Return a text as a YAML scalar: plain where nothing in it can mislead, else in single quotes."""
    if text and all(char in _PLAIN or (ord(char) > 0x2E7F and char.isalnum()) for char in text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _present(path: Path) -> list[tuple[str, str]]:
    if not path.is_file():
        return []
    reader = Reader()
    root = reader.load(path, path.name)
    pairs = {name: node for name, _key, node in reader.pairs(root)} if root is not None else {}
    targets = reader.pairs(pairs["spellings"]) if "spellings" in pairs else []
    return [(target, text) for target, _key, node in targets for text, _item in reader.strings(node)]
