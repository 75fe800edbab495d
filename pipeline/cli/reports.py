"""What a run prints: progress on stderr, a short summary on stdout."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.run import Summary
from pipeline.run.tally import Tally

_EVENT_SECONDS, _LINE_SECONDS = 5.0, 60.0

_STATUS = {
    "ok": "正常",
    "partial": "部分",
    "no_form": "无表",
    "failed": "失败",
    "quarantined": "隔离",
}


@contextmanager
def progress(quiet: bool, log: str) -> Iterator[Tally]:
    """Yield the tally of a run and show it: a live line in a terminal, a line a minute elsewhere, or JSON lines."""
    tally = Tally()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    ended = threading.Event()
    if log == "json":
        show = threading.Thread(target=_events, args=(tally, ended), daemon=True)
    elif quiet:
        yield tally
        return
    elif console.is_terminal:
        show = threading.Thread(target=_live, args=(tally, ended, console), daemon=True)
    else:
        show = threading.Thread(target=_lines, args=(tally, ended, console), daemon=True)
    show.start()
    try:
        yield tally
    finally:
        ended.set()
        show.join(5)
        if log == "json":
            print(json.dumps(tally.as_event(), ensure_ascii=False), file=sys.stderr, flush=True)


def _events(tally: Tally, ended: threading.Event) -> None:
    while not ended.wait(_EVENT_SECONDS):
        print(json.dumps(tally.as_event(), ensure_ascii=False), file=sys.stderr, flush=True)


def _lines(tally: Tally, ended: threading.Event, console: Console) -> None:
    while not ended.wait(_LINE_SECONDS):
        console.print(_line(tally), markup=False)


def _live(tally: Tally, ended: threading.Event, console: Console) -> None:
    with console.status("", spinner="dots") as status:
        while not ended.wait(0.25):
            status.update(Text(_line(tally)[: console.width - 4], overflow="ellipsis", no_wrap=True))


def _line(tally: Tally) -> str:
    """Return how far a run is, in one line."""
    total = f"{tally.found}" if tally.walked else f"{tally.found}+"
    parts = [
        f"{tally.processed}/{total} 份 documents",
        f"{tally.done_size / 1e6:.0f} MB",
        f"{tally.rate:.0f}/s",
    ]
    if tally.stage == "publish":
        parts.append("正在发布 publishing")
    elif tally.stopping:
        parts.append("正在收尾，再按 Ctrl-C 立即停止 | finishing; Ctrl-C again stops now")
    elif tally.left is not None:
        parts.append(f"剩余 left {_duration(tally.left)}")
    failures = ", ".join(f"{code} {count}" for code, count in tally.failures.most_common(4))
    if failures:
        parts.append(f"失败 failed: {failures}")
    return f"{_duration(tally.seconds)}  " + "  ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


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
