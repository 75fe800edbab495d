"""Random edits of the shipped rules, each of a named kind, as an overlay that the loader accepts."""

import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RuleError
from pipeline.rulebook.load import load_rulebook, shipped_rules

#: Texts that the documents of the tests print, and some that they do not.
SPELLINGS = (
    "工程名字",
    "实际花费",
    "全年",
    "项目",
    "产出指标",
    "年度资金总额",
    "交通局",
    "名称",
    "分值",
    "道路",
    "数量指标",
    "九成",
    "总分",
    "养护里程",
    "得分",
    "其中：当年财政拨款",
    "绩效自评表",
    "无关的表格",
    "项目负责人姓名与电话",
    "年初预算数",
    "实际完成值",
    "全年执行数",
    "三级指标",
    "年度指标值",
    "项目名称",
    "实施单位",
    "上年结转资金",
    "绩效指标",
    "质量指标",
    "偏差原因分析及改进措施",
)
_UNITS = ("元", "万元", "千元", "亿元")
_TREE = dict[str, Any]
_NEW_CHECK = (
    "-- name: added\n-- severity: info\n-- zh: 新增\n-- en: added\n\n"
    "SELECT form_id, 'pass' AS outcome, '总分 ' || coalesce(total_score::VARCHAR, '-') || ' | total' AS message,\n"
    "    NULL AS expected, total_score AS actual, [] AS cells FROM forms\n"
)


def _form(dice: random.Random) -> Path:
    """Return a form file: mostly the one that the documents of the tests are made for."""
    folder = shipped_rules() / "forms"
    if dice.random() < 0.6:
        return folder / "project_self_evaluation.yaml"
    return dice.choice(sorted(folder.glob("*.yaml")))


def _spelling_lists(tree: _TREE, names: tuple[str, ...] = ("labels",)) -> list[list[Any]]:
    """Return the lists of spellings of a form: of labels, ``starts`` or ``totals``."""
    found: list[list[Any]] = []
    for section in tree.get("sections", {}).values():
        if "starts" in names and isinstance(section.get("starts"), list):
            found.append(section["starts"])
        if "totals" in names:
            found += [total["spellings"] for total in section.get("totals", ())]
        for label in section.get("labels", {}).values() if "labels" in names else ():
            found.append(label["spellings"] if isinstance(label, dict) else label)
    return found


def _add(tree: _TREE, dice: random.Random) -> None:
    one = dice.choice(_spelling_lists(tree, ("labels", "totals")))
    one.insert(dice.randrange(len(one) + 1), dice.choice(SPELLINGS))


def _drop(tree: _TREE, dice: random.Random) -> None:
    one = dice.choice([one for one in _spelling_lists(tree, ("labels", "totals")) if len(one) > 1])
    one.pop(dice.randrange(min(3, len(one))))


def _move(tree: _TREE, dice: random.Random) -> None:
    lists = _spelling_lists(tree)
    source = dice.choice([one for one in lists if len(one) > 1])
    target = dice.choice(lists)
    target.insert(dice.randrange(len(target) + 1), source.pop(dice.randrange(min(3, len(source)))))


def _title(tree: _TREE, dice: random.Random) -> None:
    titles = tree["titles"]
    if dice.random() < 0.5 and len(titles) > 1:
        titles.pop(dice.randrange(len(titles)))
    else:
        titles.insert(dice.randrange(len(titles) + 1), dice.choice(["无关的表格", "绩效自评表", *SPELLINGS]))


def _start(tree: _TREE, dice: random.Random) -> None:
    one = dice.choice(_spelling_lists(tree, ("starts",)))
    if dice.random() < 0.5 and len(one) > 1:
        one.pop(dice.randrange(len(one)))
    else:
        one.insert(dice.randrange(len(one) + 1), dice.choice(SPELLINGS))


def _kind(tree: _TREE, dice: random.Random) -> None:
    """Change what a section or one of its labels is: its kind, the side of its value, its horizon."""
    section = dice.choice(
        [one for one in tree["sections"].values() if "kind" in one] or [dict(kind="fields")]
    )
    what = dice.randrange(3)
    if what == 0 and section["kind"] in ("matrix", "records"):
        section["kind"] = "records" if section["kind"] == "matrix" else "matrix"
    elif what == 1 and "set" in section:
        section["set"] = {"horizon": "mid_term"}
    elif section["kind"] == "fields":
        name = dice.choice(sorted(section["labels"]))
        old = section["labels"][name]
        spellings = old["spellings"] if isinstance(old, dict) else old
        section["labels"][name] = {"value": dice.choice(["right", "below"]), "spellings": spellings}
    else:
        section["kind"] = "fields"


def _unit(tree: _TREE, dice: random.Random) -> None:
    """Give the amounts of a column a unit, or lose the pattern that reads the form's."""
    sections = tree["sections"]
    if dice.random() < 0.3 and "amount_unit" in sections["heading"].get("labels", {}):
        del sections["heading"]["labels"]["amount_unit"]
        return
    labels = sections["funding"]["labels"]
    name = dice.choice([one for one in labels if "budget" in one or "executed" in one])
    old = labels[name]
    labels[name] = {
        "unit": dice.choice(_UNITS),
        "spellings": old["spellings"] if isinstance(old, dict) else old,
    }


def _scope(tree: _TREE, dice: random.Random) -> None:
    """Let two spellings count for some years or regions only, one of them under another field too."""
    lists = [one for one in _spelling_lists(tree) if all(isinstance(text, str) for text in one)]
    for _ in range(2):
        one = dice.choice(lists)
        at = dice.choice([at for at, text in enumerate(one) if isinstance(text, str)][:3])
        first, second = dice.choice([("-2019", "2020-"), ("2019", "2021"), ("2020-2021", "2016-2019")])
        text, other = one[at], dice.choice(lists)
        one[at] = {"text": text, "years": first}
        if other is not one and dice.random() < 0.7:
            other.append({"text": text, "years": second})
        elif dice.random() < 0.5:
            one[at] = {"text": text, "regions": ["交通局", "四川"]}


def _order(tree: _TREE, dice: random.Random) -> None:
    """Shuffle sections, the labels of one, or the spellings of one label."""
    what = dice.randrange(3)
    if what == 0:
        tree["sections"] = dict(dice.sample(sorted(tree["sections"].items()), len(tree["sections"])))
    elif what == 1:
        section = dice.choice([one for one in tree["sections"].values() if "labels" in one])
        section["labels"] = dict(dice.sample(sorted(section["labels"].items()), len(section["labels"])))
    else:
        dice.shuffle(dice.choice(_spelling_lists(tree)))


def _vocabulary(tree: _TREE, dice: random.Random) -> None:
    entries = tree["entries"]
    name = dice.choice(sorted(entries))
    lists = [one["spellings"] if isinstance(one, dict) else one for one in entries.values()]
    one = dice.choice(lists)
    what = dice.randrange(4)
    if what == 0:
        one.insert(dice.randrange(len(one) + 1), dice.choice(SPELLINGS))
    elif what == 1 and len(one) > 1:
        one.pop(dice.randrange(len(one)))
    elif what == 2 and len(one) > 1:
        dice.choice(lists).append(one.pop(dice.randrange(len(one))))
    else:
        renamed = {(f"{code}_x" if code == name else code): value for code, value in entries.items()}
        entries.clear()
        entries.update(renamed)


_FORM_EDITS: dict[str, Callable[[_TREE, random.Random], None]] = {
    "add a spelling": _add,
    "drop a spelling": _drop,
    "move a spelling": _move,
    "title": _title,
    "section's start": _start,
    "kind": _kind,
    "unit": _unit,
    "order": _order,
    "scope": _scope,
}
KINDS = (*_FORM_EDITS, "vocabulary", "check", "extension", "lines only")


def _write(path: Path, tree: _TREE, dice: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=dice.choice([40, 200]))
    path.write_text("# edited\n" * dice.randrange(3) + text, encoding="utf-8")


def _edit(folder: Path, kind: str, dice: random.Random) -> None:
    if kind == "check":
        (folder / "checks").mkdir(parents=True)
        path = dice.choice(sorted((shipped_rules() / "checks").glob("*.sql")))
        sql = path.read_text(encoding="utf-8")
        what = dice.randrange(3)
        if what == 0:
            path, sql = Path("added.sql"), _NEW_CHECK
        elif what == 1:
            sql = re.sub(r"severity: \w+", f"severity: {dice.choice(['info', 'warning', 'error'])}", sql)
        else:
            sql = sql.replace(" | ", "。 | ")
        (folder / "checks" / path.name).write_text(sql, encoding="utf-8")
    elif kind == "extension":
        labels = dice.choice(["project_name", "project_leader", "implementing_unit"])
        tree: _TREE = {
            "form": "mine",
            "extends": "project_self_evaluation",
            "sections": {"basics": {"kind": "fields", "labels": {labels: [dice.choice(SPELLINGS)]}}},
        }
        _write(folder / "forms" / "mine.yaml", tree, dice)
    else:
        root = shipped_rules()
        path = dice.choice(sorted((root / "vocabularies").glob("*.yaml"))) if kind == "vocabulary" else None
        path = path or _form(dice)
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        for _ in range(dice.randrange(1, 3) if kind != "lines only" else 0):
            (_vocabulary if kind == "vocabulary" else _FORM_EDITS[kind])(tree, dice)
        _write(folder / path.parent.name / path.name, tree, dice)


def attempts(folder: Path, kind: str, dice: random.Random) -> Iterator[Path]:
    """Yield the folder after each try at an edit of a kind; one that has nothing to edit is no try."""
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            _edit(folder, kind, dice)
        except (KeyError, IndexError):
            continue
        yield folder


def edited(folder: Path, kind: str, dice: random.Random) -> Path:
    """Write a random edit of the shipped rules as an overlay; rules that are wrong are not counted."""
    for tried in attempts(folder, kind, dice):
        try:
            load_rulebook(tried)
        except RuleError:
            continue
        return tried
    raise AssertionError("never")
