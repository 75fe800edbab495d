"""rules/checks/*.sql -> Check: SQL with a head of four comment lines.

    -- name: weights_total
    -- severity: warning
    -- zh: 分值之和等于总分值
    -- en: the weights add up to the stated total

The head is the comment lines of that shape at the top of the file; comments after an empty line are free.
What the SQL must give is described in pipeline/checks.py.
"""

import re
from pathlib import Path

from pipeline.errors import Fault
from pipeline.model import Check
from pipeline.rulebook.nodes import Node, Reader

KEYS = ("name", "severity", "zh", "en")
SEVERITIES = ("error", "warning", "info")
_HEAD = re.compile(r"--[ \t]*(?P<key>\w+)[ \t]*:(?P<value>.*)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def load_checks(folder: Path) -> tuple[tuple[Check, ...], tuple[Fault, ...]]:
    """Return the checks of a folder by name and the faults of their heads, all at once.

    A file with a fault gives no check. A folder that does not exist has no checks.
    """
    reader = Reader()
    checks = [
        check
        for path in sorted(folder.glob("*.sql"))
        if (check := _load(reader, path, f"{folder.name}/{path.name}")) is not None
    ]
    return tuple(checks), tuple(sorted(reader.faults))


def _load(reader: Reader, path: Path, shown: str) -> Check | None:
    before = len(reader.faults)
    top = Node("scalar", "str", shown, 1, 1)
    try:
        sql = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        line = path.read_bytes()[: err.start].count(b"\n") + 1
        reader.fault(Node("scalar", "str", shown, line, 1), "文件不是 UTF-8 编码 | the file is not UTF-8")
        return None
    except OSError as err:
        reader.fault(top, f"无法读取：{err.strerror} | cannot be read: {err.strerror}")
        return None
    root = _head(sql, shown)
    values = reader.mapping(root, dict.fromkeys(KEYS, True))
    _duplicates(reader, root)
    texts = {key: reader.text(node) for key, node in values.items() if key != "severity"}
    severity = reader.choice(values["severity"], SEVERITIES) if "severity" in values else ""
    if texts.get("name", path.stem) != path.stem:
        reader.fault(
            values["name"],
            f"检查名应与文件名 {path.stem} 相同 | the name must be that of the file, {path.stem}",
        )
    elif not _NAME.fullmatch(path.stem):
        reader.fault(
            top, "文件名应为小写字母、数字和下划线 | the file name must be lower-case letters, digits and _"
        )
    if not any(line.strip() and not line.lstrip().startswith("--") for line in sql.splitlines()):
        reader.fault(top, "文件中没有 SQL | the file holds no SQL")
    if len(reader.faults) > before:
        return None
    return Check(
        name=path.stem,
        severity=severity,
        title_zh=texts["zh"],
        title_en=texts["en"],
        sql=sql,
        path=shown,
    )


def _head(sql: str, shown: str) -> Node:
    """Return the head as a mapping node, so that the checks of a YAML mapping hold for it too."""
    pairs = []
    for number, line in enumerate(sql.splitlines(), start=1):
        found = _HEAD.fullmatch(line.rstrip())
        if found is None:
            break
        key, value = found["key"], found["value"]
        indent = len(value) - len(value.lstrip())
        pairs.append(
            (
                Node("scalar", "str", shown, number, found.start("key") + 1, value=key),
                Node("scalar", "str", shown, number, found.start("value") + 1 + indent, value=value.strip()),
            )
        )
    return Node("mapping", "map", shown, 1, 1, pairs=tuple(pairs))


def _duplicates(reader: Reader, root: Node) -> None:
    seen: dict[str, int] = {}
    for name, key, _ in reader.pairs(root):
        if name in seen:
            reader.fault(
                key,
                f"重复的键 {name}（第 {seen[name]} 行已有） | "
                f"duplicate key {name} (first on line {seen[name]})",
            )
        seen.setdefault(name, key.line)
