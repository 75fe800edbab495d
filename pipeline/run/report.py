"""The current snapshot -> one HTML page with its figures and the rows behind them."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.model.figures import Report, Words
from pipeline.run import distributions
from pipeline.run.behind import CAP
from pipeline.run.figures import Figures
from pipeline.run.tables import Tables, open_tables

_SHARE: Words = (
    "覆盖率：非空单元格中被规则认领的比例",
    "coverage: share of the non-empty cells that rules claim",
)
_NONE: Words = ("", "")


def report(workspace: Path, target: Path | None = None) -> Path:
    """Write the page (``report.html`` in the workspace unless told otherwise) and return where it lies.

    StoreError where there is no snapshot, OutputError where the page cannot be written.
    """
    from pipeline.writers.page import page

    target = target or workspace / "report.html"
    text = page(figures(workspace))
    spare = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        spare.write_text(text, "utf-8", newline="\n")
        spare.replace(target)
    except OSError as err:
        raise OutputError(
            f"{target}: 无法写入（{err.strerror}）；请检查磁盘空间与权限 | "
            f"cannot be written ({err.strerror}); check free space and permissions"
        ) from err
    finally:
        with suppress(OSError):  # the folder may not be one
            spare.unlink()
    return target


def figures(workspace: Path) -> Report:
    """Return the figures of the current snapshot; StoreError where there is none."""
    with open_tables(workspace) as tables:
        made = Figures(tables)
        made.documents("status", ("状态", "Status"), ("每个不同的文件内容一次", "one per distinct content"))
        made.documents("error_code", ("原因", "Reasons"), ("没有完全读出的文件", "files not read in full"))
        made.media()
        distributions.slowest(made, workspace)
        made.coverage("fiscal_year", ("按年度", "By year"), _SHARE)
        made.coverage("media_type", ("按文件类型", "By medium"), _SHARE)
        made.coverage("form_type", ("按表类型", "By form type"), _NONE)
        made.coverage(
            "region", ("按地区", "By region"), ("规则或正文给出的地区", "as the rules or the text say it")
        )
        made.coverage("folder", ("按目录", "By folder"), ("路径的第一级", "first level of the path"))
        made.checks()
        distributions.scores(made)
        distributions.execution_rates(made)
        made.unmatched()
        manifest = tables.manifest
        origin = (
            ("快照 snapshot", f"{int(manifest['snapshot']):06d}"),
            ("运行 run", str(manifest["run_id"])),
            ("规则 rulebook", str(manifest["rulebook"])[:16]),
            ("读取器 readers", ", ".join(manifest.get("readers", []))),
        )
        return Report(workspace.resolve().name, origin, _totals(tables), made.finish(), CAP)


def _totals(tables: Tables) -> tuple[tuple[Words, str, str], ...]:
    """Return (what, figure, the section that says more) of the whole snapshot."""
    rows: dict[str, int] = dict(tables.manifest["rows"])
    status = dict(tables.con.execute("select status, count(*) from documents group by 1").fetchall())
    unread = status.get("failed", 0) + status.get("quarantined", 0)
    cells = tables.con.execute(
        "select count(*), count(*) filter (role = 'unmatched') from cells where form_id is not null"
    ).fetchone() or (0, 0)
    checks = tables.con.execute(
        "select count(*) filter (outcome = 'pass'), count(*) filter (outcome in ('fail', 'parse_error')) from checks"
    ).fetchone() or (0, 0)
    claimed = f"{100 * (1 - cells[1] / cells[0]):.1f} %" if cells[0] else "—"
    passed = f"{100 * checks[0] / sum(checks):.1f} %" if sum(checks) else "—"
    return (
        (("文件", "documents"), f"{rows.get('documents', 0):,}", "status"),
        (("读不出", "not read"), f"{unread:,}", "error_code"),
        (("表", "forms"), f"{rows.get('forms', 0):,}", "coverage_form_type"),
        (("指标", "indicators"), f"{rows.get('indicators', 0):,}", "scores"),
        (("资金行", "funding lines"), f"{rows.get('funding', 0):,}", "execution_rates"),
        (("单元格", "cells"), f"{rows.get('cells', 0):,}", "unmatched"),
        (("表内单元格被认领", "cells of forms claimed"), claimed, "unmatched"),
        (("检查通过", "checks passed"), passed, "checks"),
    )
