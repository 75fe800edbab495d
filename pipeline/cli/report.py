"""``guibiao report``: what a workspace holds and what is wrong with it, as one HTML page that needs no network."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report")(_report)


def _report(
    workspace: Annotated[Path, typer.Argument(help="工作目录 / a workspace")] = Path("data"),
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="网页文件，默认为工作目录下的 report.html / the page; report.html in the workspace"
        ),
    ] = None,
) -> None:
    """写一个网页报告，每个数字连到背后的行。 Write the report as one HTML page; figures link to their rows."""
    from pipeline.run.report import report

    target = report(workspace, to)
    print(f"报告 report: {target} ({target.stat().st_size / 1e6:.1f} MB)")
