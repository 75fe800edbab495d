"""What a run prints: progress on stderr, a short summary on stdout."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.run import Summary
from pipeline.run.batch import Progress

_STATUS = {
    "ok": "正常",
    "partial": "部分",
    "no_form": "无表",
    "failed": "失败",
    "quarantined": "隔离",
}


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """Yield a callback that shows documents read and failed; None where nothing is to be shown."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed} 份 documents"),
        TextColumn("[red]{task.fields[failed]} 失败 failed"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[path]}"),
    )
    failed = 0
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, failed=0, path="")

        def step(number: int, path: str, status: str) -> None:
            nonlocal failed
            failed += status == "failed"
            bar.update(task, completed=number, failed=failed, path=path[-40:])

        yield step


def print_summary(summary: Summary, workspace: Path) -> None:
    """Print the figures of a run: documents, forms, rows, unmatched labels, failed checks, failures."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(title="归表 summary", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(overflow="fold")
    documents = ", ".join(
        f"{count} {_STATUS.get(status, status)} {status}" for status, count in summary.documents.items()
    )
    table.add_row("文件 documents", documents or "0")
    forms = ", ".join(
        f"{count} × {name} {year if year is not None else '年度不明 no year'}"
        for (name, year), count in summary.forms.items()
    )
    table.add_row("表 forms", forms or "0")
    rows = ", ".join(f"{name} {count}" for name, count in summary.rows.items())
    table.add_row("行 rows", rows)
    table.add_row("未识别标签 unmatched", ", ".join(f"{text} ({n})" for text, n in summary.unmatched) or "—")
    table.add_row("检查 checks", _checks(summary))
    table.add_row("快照 snapshot", str(summary.snapshot))
    console.print(table)
    for notice in summary.notices:
        console.print(f"提示 note: {notice}", markup=False)
    for code, count, message in summary.failures:
        console.print(f"{code} ({count}): {message}", markup=False)
    console.print(f"数据 data: {workspace / 'current'}", markup=False)


def _checks(summary: Summary) -> str:
    passed = sum(counts.get("pass", 0) for counts in summary.checks.values())
    failed = {
        name: bad
        for name, counts in summary.checks.items()
        if (bad := counts.get("fail", 0) + counts.get("parse_error", 0))
    }
    named = ", ".join(f"{name} {count}" for name, count in failed.items()) or "0"
    return f"通过 pass {passed}; 未通过 fail: {named}"
