"""``guibiao quarantine``: documents that hung, crashed or took too much memory."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.run.quarantine import Quarantined, quarantined

_WHY = {"timeout": "超时", "memory": "内存不足", "crash": "崩溃"}


def quarantine(workspace: Path, again: bool, quiet: bool, seconds: float, memory: int) -> int:
    """List the quarantined documents, after another try if asked; return the exit code."""
    found = quarantined(workspace)
    if again and found:
        from pipeline.cli.reports import progress
        from pipeline.run.batch import Limits
        from pipeline.run.quarantine import retry

        with progress(quiet, "text") as tally:
            retry(workspace, limits=Limits(seconds, memory << 20, 1), tally=tally)
        left = quarantined(workspace)
        still = {one.document_id for one in left}
        print(
            f"已重读 {len(found)} 份，{len(found) - len(still)} 份成功 | "
            f"{len(found)} read again, {len(found) - len(still)} of them readable"
        )
        found = left
    _show(found)
    if found and not again:
        print(
            f"再试一次（时限与内存放宽） | once more with more time and memory: guibiao quarantine {workspace} --retry"
        )
    return 1 if found else 0


def _show(found: list[Quarantined]) -> None:
    console = Console(highlight=False)
    if not found:
        console.print("没有被隔离的文件 | no document is quarantined")
        return
    table = Table(title=f"隔离 quarantined: {len(found)}", title_justify="left")
    for head in ("文件 path", "大小 bytes", "原因 why", "说明 message"):
        table.add_column(head, overflow="fold")
    for one in found:
        message = one.message.removeprefix(f"{one.path}: ")
        table.add_row(one.path, str(one.size), f"{_WHY.get(one.code, one.code)} {one.code}", message)
    console.print(table, markup=False)
