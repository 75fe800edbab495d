"""Write accepted labels into a user's rules: one file per form type that ``extends:`` it, with where each was seen."""

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.rulebook.assertions import quoted

_HEAD = """\
# 由 guibiao labels --accept 写成：在内置规则上增加的标签，注明见于何处；可以手工增删。
# Written by guibiao labels --accept: labels added to the shipped rules, with where they were seen; edit at will.
"""
_SECTION = re.compile(r"  (\S[^:]*):$")
_FIELD = re.compile(r"      (\S[^:]*):$")
_LINE = re.compile(r"        - .+")


def write_accepted(folder: Path, form: str, labels: Iterable[tuple[str, str, str]]) -> Path:
    """Add (``section.field``, text, where seen) to ``forms/<form>.labels.yaml`` and return its path."""
    path = folder / "forms" / f"{form}.labels.yaml"
    lines = _present(path)
    for target, text, seen in labels:
        known = lines.setdefault(target, [])
        line = f"        - {quoted(text)}  # {' '.join(seen.split())}"
        if not any(old.partition("  # ")[0] == line.partition("  # ")[0] for old in known):
            known.append(line)
    out = [_HEAD + f"form: {form}_labels", f"extends: {form}", "sections:"]
    for section in dict.fromkeys(target.partition(".")[0] for target in lines):
        out += [f"  {section}:", "    labels:"]
        for target, known in lines.items():
            if target.partition(".")[0] == section:
                out += [f"      {target.partition('.')[2]}:", *known]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(out) + "\n", encoding="utf-8", newline="\n")
    return path


def _present(path: Path) -> dict[str, list[str]]:
    """Return ``section.field`` -> its lines, remarks kept, of a file that was written before."""
    found: dict[str, list[str]] = {}
    section = name = ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        if hit := _FIELD.fullmatch(line):
            name = hit[1]
        elif (hit := _SECTION.fullmatch(line)) and not line.startswith("   "):
            section = hit[1]
        elif _LINE.fullmatch(line):
            found.setdefault(f"{section}.{name}", []).append(line)
    return found
