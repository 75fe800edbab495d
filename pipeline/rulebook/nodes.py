"""YAML files read as nodes with places, so that every fault of every file is found at once.

How a loader is written on top of it::

    reader = Reader()
    root = reader.load(rules / "forms" / "x.yaml", "forms/x.yaml")
    if root is not None:
        keys = reader.mapping(root, {"titles": True, "extends": False})  # True: required
        titles = reader.strings(keys["titles"]) if "titles" in keys else []
    return rule, tuple(sorted(reader.faults))

No method raises on a fault: it is noted in ``reader.faults`` and a neutral value (``""``, ``0``, ``[]``,
``{}``, ``None``) comes back, so that the loader walks on and the author sees all faults in one go. A node
knows the file it stands in; places are 1-based, paths are those given to ``load``.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import Fault

if TYPE_CHECKING:
    import yaml

Kind = Literal["mapping", "sequence", "scalar"]
_KIND_NAMES: dict[Kind, tuple[str, str]] = {
    "mapping": ("键值表", "a mapping"),
    "sequence": ("列表", "a list"),
    "scalar": ("单个值", "a single value"),
}
_MAX_NODES = 1_000_000
_MAX_DEPTH = 60
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One node of a rule file with its place.

    ``tag`` is the resolved YAML type without its prefix (``str``, ``int``, ``bool``, ``null``...) and
    ``value`` the text of a scalar as written (quotes resolved); ``pairs`` the entries of a mapping, ``items``
    the members of a sequence. ``line`` and ``column`` are 1-based.
    """

    kind: Kind
    tag: str
    path: str
    line: int
    column: int
    value: str = ""
    pairs: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()

    @property
    def place(self) -> str:
        """Return ``path:line``, as the ledger and the lineage name a rule."""
        return f"{self.path}:{self.line}"

    @property
    def is_null(self) -> bool:
        """Say whether the node is empty (``key:`` with nothing behind it, ``~`` or ``null``)."""
        return self.kind == "scalar" and self.tag == "null"


class Reader:
    """Turn YAML files into nodes and nodes into typed values; collect every fault on the way."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, node: Node, message: str) -> None:
        """Note a fault at a node; ``message`` is one line, ``中文 | English``."""
        self.faults.append(Fault(node.path, node.line, node.column, message))

    # -- files -------------------------------------------------------------------------------------------

    def load(self, path: Path, shown: str) -> Node | None:
        """Return the root node of a UTF-8 YAML file, or None when it is empty or not YAML (a fault then).

        ``shown`` is the path that faults name (relative to the rules directory). Anchors and aliases,
        custom tags, merge keys and several documents in one file are faults: a rule has one line of its own.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as err:
            line = path.read_bytes()[: err.start].count(b"\n") + 1
            self._at(shown, line, 1, "文件不是 UTF-8 编码 | the file is not UTF-8")
            return None
        except OSError as err:
            self._at(shown, 1, 1, f"无法读取：{err.strerror} | cannot be read: {err.strerror}")
            return None
        return self.parse(text, shown)

    def parse(self, text: str, shown: str) -> Node | None:
        """Return the root node of YAML text; the rest as for ``load``."""
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            if not self._plain(yaml.parse(text, Loader=loader), shown):
                return None
            root: yaml.Node | None = yaml.compose(text, Loader=loader)
        except yaml.YAMLError as err:
            self._syntax(err, shown)
            return None
        if root is None:
            self._at(shown, 1, 1, "文件是空的 | the file is empty")
            return None
        return self._convert(root, shown)

    def _plain(self, events: Iterable[Any], shown: str) -> bool:
        """Refuse what a rule file has no use for and what could blow it up; say whether all was plain."""
        documents = depth = 0
        clean = True
        for count, event in enumerate(events):
            name = type(event).__name__
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            documents += name == "DocumentStartEvent"
            depth += name.endswith("StartEvent") - name.endswith("EndEvent")
            if count > _MAX_NODES or depth > _MAX_DEPTH:
                self._at(
                    shown, line, column, "文件过大或嵌套过深 | the file is too large or nested too deeply"
                )
                return False
            if name == "DocumentStartEvent" and documents > 1:
                self._at(
                    shown, line, column, "一个文件只能有一个 YAML 文档 | only one YAML document per file"
                )
                clean = False
            if name == "AliasEvent" or (name != "AliasEvent" and getattr(event, "anchor", None)):
                self._at(
                    shown,
                    line,
                    column,
                    "不支持锚点与别名（& *） | anchors and aliases (& *) are not supported",
                )
                clean = False
            tag = getattr(event, "tag", None)
            if tag and not (
                tag.startswith(_TAG) and tag.removeprefix(_TAG) in {"str", "int", "float", "bool"}
            ):
                self._at(shown, line, column, f"不支持的标签 {tag} | unsupported tag {tag}")
                clean = False
        return clean

    def _syntax(self, err: Any, shown: str) -> None:
        mark = getattr(err, "problem_mark", None) or getattr(err, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(str(getattr(err, "problem", None) or getattr(err, "reason", None) or err).split())
        self._at(shown, line, column, f"YAML 语法错误：{what} | YAML syntax error: {what}")

    def _convert(self, raw: yaml.Node, shown: str) -> Node:
        import yaml

        line, column = raw.start_mark.line + 1, raw.start_mark.column + 1
        tag = raw.tag.removeprefix(_TAG)
        if isinstance(raw, yaml.ScalarNode):
            return Node("scalar", tag, shown, line, column, value=str(raw.value))
        if isinstance(raw, yaml.SequenceNode):
            items = tuple(self._convert(item, shown) for item in raw.value)
            return Node("sequence", tag, shown, line, column, items=items)
        pairs: list[tuple[Node, Node]] = []
        seen: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            key = self._convert(raw_key, shown)
            if key.kind != "scalar" or key.is_null or key.tag == "merge":
                self.fault(key, "键必须是文字 | a key must be text")
                continue
            first = seen.setdefault(key.value, key)
            if first is not key:
                self.fault(
                    key,
                    f"重复的键 {key.value}（第 {first.line} 行已有） | "
                    f"duplicate key {key.value} (first on line {first.line})",
                )
                continue
            pairs.append((key, self._convert(raw_value, shown)))
        return Node("mapping", tag, shown, line, column, pairs=tuple(pairs))

    def _at(self, path: str, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(path, line, column, message))

    # -- nodes -------------------------------------------------------------------------------------------

    def mapping(self, node: Node, allowed: Mapping[str, bool]) -> dict[str, Node]:
        """Return the entries of a mapping with known keys; ``allowed`` says of each whether it is required.

        Unknown keys (with a near one proposed) and missing required keys are faults.
        """
        found: dict[str, Node] = {}
        for name, key, value in self.pairs(node):
            if name in allowed:
                found[name] = value
            else:
                self.unknown(key, name, allowed)
        if node.kind == "mapping":
            for name, required in allowed.items():
                if required and name not in found:
                    self.fault(node, f"缺少键 {name} | missing key {name}")
        return found

    def pairs(self, node: Node) -> list[tuple[str, Node, Node]]:
        """Return (key text, key node, value node) of a mapping with free keys; [] and a fault otherwise."""
        if not self._is(node, "mapping"):
            return []
        return [(key.value, key, value) for key, value in node.pairs]

    def items(self, node: Node) -> list[Node]:
        """Return the members of a sequence; [] and a fault when it is none."""
        return list(node.items) if self._is(node, "sequence") else []

    def unknown(
        self, node: Node, name: str, known: Iterable[str], what: tuple[str, str] = ("键", "key")
    ) -> None:
        """Note that ``name`` is none of ``known``, with the nearest one proposed."""
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
        hint_zh, hint_en = (f"（是否为 {near[0]}？）", f" (did you mean {near[0]}?)") if near else ("", "")
        self.fault(node, f"未知的{what[0]} {name}{hint_zh} | unknown {what[1]} {name}{hint_en}")

    # -- scalars -----------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """Return the text of a scalar, trimmed; "" and a fault when it is empty or no scalar.

        What YAML takes for a number, a date or a boolean (``2020``, ``no``) is text as it was written.
        """
        if not self._is(node, "scalar"):
            return ""
        value = node.value.strip()
        if node.is_null and value in {"", "~"}:
            self.fault(node, "值是空的 | the value is empty")
            return ""
        if not value:
            self.fault(node, "文字是空的 | the text is empty")
        return value

    def strings(self, node: Node) -> list[tuple[str, Node]]:
        """Return (text, node) of a list of scalars, or of one scalar that stands for a list of one."""
        nodes = [node] if node.kind == "scalar" else self.items(node)
        return [(value, item) for item in nodes if (value := self.text(item))]

    def choice(self, node: Node, allowed: Iterable[str], what: tuple[str, str] = ("取值", "value")) -> str:
        """Return a text that must be one of ``allowed``; "" and a fault otherwise."""
        value, known = self.text(node), list(allowed)
        if not value or value in known:
            return value
        self.unknown(node, value, known, what)
        return ""

    def integer(self, node: Node) -> int:
        """Return a decimal integer; 0 and a fault when it is none."""
        if self._is(node, "scalar") and node.tag == "int":
            try:
                return int(node.value.replace("_", ""))
            except ValueError:
                pass
        elif node.kind != "scalar":
            return 0
        self.fault(node, f"{node.value!r} 不是整数 | {node.value!r} is not an integer")
        return 0

    def number(self, node: Node) -> float:
        """Return a finite number; 0.0 and a fault when it is none."""
        if self._is(node, "scalar") and node.tag in {"int", "float"}:
            try:
                value = float(node.value.replace("_", ""))
            except ValueError:
                value = math.nan
            if math.isfinite(value):
                return value
        elif node.kind != "scalar":
            return 0.0
        self.fault(node, f"{node.value!r} 不是数字 | {node.value!r} is not a number")
        return 0.0

    def boolean(self, node: Node) -> bool:
        """Return true or false; False and a fault for anything else, ``yes`` and ``on`` included."""
        if node.kind == "scalar" and node.value.lower() in {"true", "false"} and node.tag == "bool":
            return node.value.lower() == "true"
        if self._is(node, "scalar"):
            self.fault(node, f"{node.value!r} 不是 true 或 false | {node.value!r} is not true or false")
        return False

    def _is(self, node: Node, kind: Kind) -> bool:
        if node.kind == kind:
            return True
        want, have = _KIND_NAMES[kind], _KIND_NAMES[node.kind]
        if node.is_null:
            have = ("空", "empty")
        self.fault(node, f"应为{want[0]}，这里是{have[0]} | expected {want[1]}, found {have[1]}")
        return False
