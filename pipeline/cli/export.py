"""``guibiao export``: the published data as one DuckDB file, one Excel workbook or CSV."""

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from pipeline.errors import OutputError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("export")(_export)


def _export(
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            help="输出文件 .duckdb、.xlsx、.csv，或 CSV 目录 "
            " / the file to write (.duckdb, .xlsx, .csv), or a folder for CSV",
        ),
    ],
    workspace: Annotated[Path, typer.Argument(help="工作目录 / a workspace")] = Path("data"),
    form: Annotated[
        str | None,
        typer.Option("--format", help="duckdb | xlsx | csv（省略则看后缀 / by the ending if left out）"),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            help="只要符合条件的表及其所在文件，条件可用 forms 和 documents 的列（英文名或中文名）"
            " / only forms for which this is true, with "
            "their documents; columns of forms and documents, by name or Chinese label: \"fiscal_year = 2020 AND status = 'ok'\"",
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option("--dataset", help="只要这些数据集，可重复 / only these datasets; may be repeated"),
    ] = None,
    headers: Annotated[
        str,
        typer.Option("--headers", help="列名 zh 中文 | en 英文（xlsx、csv） / column names in xlsx and csv"),
    ] = "en",
    plain: Annotated[
        bool,
        typer.Option(
            "--plain",
            help="CSV：以公式符号开头的文本不加撇号（供程序读取）"
            " / CSV: no apostrophe before texts that start like a formula (for programs)",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="替换已有文件 / replace what is there")
    ] = False,
) -> None:
    """导出为 DuckDB、Excel 或 CSV，附数据字典。 Export to DuckDB, Excel or CSV, with the data dictionary beside it."""
    from pipeline.run.export import export

    if headers not in ("zh", "en"):
        raise OutputError(f"--headers {headers}: 应为 zh 或 en | zh or en")
    done = export(
        workspace,
        to,
        form=form,
        where=where,
        datasets=dataset or (),
        headers=cast(Literal["zh", "en"], headers),
        plain=plain,
        overwrite=overwrite,
    )
    rows = ", ".join(f"{name} {count}" for name, count in done.rows.items())
    print(f"行 rows: {rows}")
    for note in done.notes:
        print(f"提示 note: {note}")
    print(f"数据字典 dictionary: {done.dictionary}")
    print(f"导出 exported: {done.target}")
