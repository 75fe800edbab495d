"""``guibiao plan``, ``apply``, ``diff``, ``snapshots``, ``rollback``, ``prune`` and ``verify``."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.run.difference import Difference
    from pipeline.run.footprint import RuleChange

To = Annotated[Path, typer.Option("--to", help="工作区 / workspace")]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules", help="自定义规则目录，叠加在内置规则之上 / your rules, laid over the shipped ones"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Page = Annotated[Path | None, typer.Option("--html", help="另存为一个网页文件 / also write one HTML page")]
_DATA = Path("data")
_SHOWN = 60


def plan_command(to: To = _DATA, rules: Rules = None, as_json: AsJson = False, html: Page = None) -> None:
    """新规则会改变什么：不重读文件，逐格列出。 What other rules would change: nothing is reread, every cell is listed."""
    from pipeline.run.rerun import as_json as to_json
    from pipeline.run.rerun import plan

    found = plan(to, rules)
    title = f"{found.old_rules[:12]} → {found.new_rules[:12]}"
    _page(html, title, found.changes, found.differences)
    if as_json:
        print(to_json(found))
        return
    why = f"（{found.everything}）" if found.everything else ""
    head = f"计划 plan {title}: 重算 recomputed {found.touched} / {found.documents} 份文件 documents{why}"
    _show(head, found.changes, found.differences)
    if found.unmatched:
        print(
            f"{len(found.unmatched)} 个单元格不再识别 | cells no longer matched: {', '.join(found.unmatched[:5])}"
        )
    print(f"确认后运行 | to publish this: guibiao apply --to {to}")


def apply_command(to: To = _DATA) -> None:
    """发布上一次计划的差异；工作区或规则有变则拒绝。 Publish exactly the last plan, or refuse if anything moved."""
    from pipeline.run.rerun import apply

    found, snapshot = apply(to)
    print(f"已应用 applied: {len(found.differences)} 处差异 differences, 快照 snapshot {snapshot}")


Side = Annotated[
    str,
    typer.Argument(
        help="快照编号、规则目录，或 shipped（内置规则） / a snapshot's number, a folder of rules, or shipped"
    ),
]


def diff_command(one: Side, other: Side, to: To = _DATA, as_json: AsJson = False, html: Page = None) -> None:
    """两个快照或两套规则之间的差异。 What differs between two snapshots, or between two sets of rules."""
    from pipeline.run.rulesets import between_rules, is_snapshot
    from pipeline.run.snapshots import between

    note = ""
    found: Sequence[Difference]
    if is_snapshot(one) and is_snapshot(other):
        changes, found = between(to, int(one), int(other))
        title = f"{int(one):06d} → {int(other):06d}"
    else:
        both = between_rules(to, one, other)
        changes, found, title = both.changes, both.differences, f"{one} → {other}"
        why = f"（{both.everything}）" if both.everything else ""
        note = f": 解读 interpreted {both.touched} / {both.documents} 份文件 documents{why}"
    _page(html, title, changes, found)
    if as_json:
        state = {
            "changes": [asdict(item) for item in changes],
            "differences": [asdict(item) for item in found],
        }
        print(json.dumps(state, ensure_ascii=False, indent=1))
    else:
        _show(f"差异 diff {title}{note}", changes, found)


def snapshots_command(to: To = _DATA) -> None:
    """列出所有快照。 List all snapshots."""
    from pipeline.run.snapshots import listing

    for one in listing(to):
        rows = ", ".join(f"{name} {count}" for name, count in one.rows.items())
        mark = "*" if one.current else " "
        print(f"{mark} {one.number:06d}  规则 rules {one.rulebook[:12]}  {rows}")


def rollback_command(
    number: Annotated[int, typer.Argument(help="快照编号 / snapshot number")], to: To = _DATA
) -> None:
    """把某个快照设为当前：一次原子切换。 Make a snapshot current: one atomic switch."""
    from pipeline.store import Workspace

    print(f"当前快照 current: {Workspace(to).switch(number)}")


def prune_command(
    keep: Annotated[int, typer.Option("--keep", min=1, help="保留最近几个 / how many to keep")],
    to: To = _DATA,
) -> None:
    """删除旧快照和无人引用的数据。 Remove old snapshots and data that none refers to."""
    from pipeline.store import Workspace

    gone = Workspace(to).prune(keep)
    print(f"已删除 {len(gone)} 个快照 | {len(gone)} snapshots removed: {', '.join(map(str, gone)) or '-'}")


def verify_command(
    number: Annotated[
        int | None, typer.Argument(help="快照编号，省略则为当前 / the current one if left out")
    ] = None,
    to: To = _DATA,
    everything: Annotated[
        bool, typer.Option("--all", help="重算全部文件 / recompute every document")
    ] = False,
) -> None:
    """检验快照：文件、重算的行、每个值的单元格。 Prove a snapshot: its files, its rows recomputed, every value's cell."""
    from pipeline.run.snapshots import verify

    found = verify(to, number, everything=everything)
    for fault in found.faults:
        print(fault)
    word = "有误 faults" if found.faults else "无误 ok"
    print(
        f"快照 snapshot {found.snapshot:06d} {word}: {len(found.faults)} 处 faults, {found.files} 个文件 files, "
        f"{found.recomputed} 份文件重算 documents recomputed, {found.cells} 个来源单元格 cells of values"
    )
    raise typer.Exit(1 if found.faults else 0)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for name, command in (
        ("plan", plan_command),
        ("apply", apply_command),
        ("diff", diff_command),
        ("snapshots", snapshots_command),
        ("rollback", rollback_command),
        ("prune", prune_command),
        ("verify", verify_command),
    ):
        app.command(name)(command)


def _show(head: str, changes: Sequence["RuleChange"], found: Sequence["Difference"]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True, highlight=False)
    console.print(head, markup=False)
    for change in changes[:_SHOWN]:
        console.print(f"  {change.kind} {change.name}  {change.place}", markup=False)
    counts = Counter((one.dataset, one.kind) for one in found if one.column or one.kind != "changed")
    console.print(
        ", ".join(f"{name} {kind} {count}" for (name, kind), count in counts.items())
        or "无差异 no difference"
    )
    shown = [one for one in found if one.dataset not in ("cells", "documents")] or list(found)
    if not shown:
        return
    table = Table()
    for title in ("数据集 dataset", "行 row", "列 column", "旧 old", "新 new", "规则 rule"):
        table.add_column(title, overflow="fold")
    for one in shown[:_SHOWN]:
        row = (one.dataset, "/".join(one.key), one.column or one.kind, one.old, one.new, one.rule)
        table.add_row(*(text.replace("[", r"\[") for text in row))
    console.print(table)
    if len(shown) > _SHOWN:
        console.print(f"… 还有 {len(shown) - _SHOWN} 处 more (--json, --html)", markup=False)


def _page(
    path: Path | None, title: str, changes: Sequence["RuleChange"], found: Sequence["Difference"]
) -> None:
    if path is None:
        return
    from pipeline.cli.difference_page import page
    from pipeline.errors import OutputError

    try:
        path.write_text(page(title, changes, found), encoding="utf-8", errors="replace")
    except OSError as err:
        raise OutputError(f"{path}: 无法写入 | cannot be written: {err.strerror}") from err
    print(f"网页 page: {path}", file=sys.stderr)
