"""``guibiao corrections``: what becomes of each correction; ``guibiao corrections add``: one line more."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

_SIGNS = {"applied": "已应用", "stale": "失效", "error": "错误"}


class Listing(TyperGroup):
    """A group that lists where a workspace stands in place of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``list`` before a workspace."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=Listing,
    help=(
        "更正：corrections.csv 中的每一行及其状态；add 追加一行。 "
        "Corrections: every line of corrections.csv with its state; add appends one."
    ),
    rich_markup_mode=None,
)


@app.command("list")
def list_command(
    workspace: Annotated[Path, typer.Argument(help="工作区 / workspace")] = Path("data"),
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """列出更正及其状态：已应用、失效、错误。 List the corrections and their state: applied, stale, error."""
    from pipeline.run.correction_editing import states

    found = states(workspace)
    if as_json:
        names = ("line", "form", "cell", "dataset", "row", "field", "old", "new", "who", "why")
        print(
            json.dumps(
                [
                    {name: getattr(one.correction, name) for name in names}
                    | {"document_id": one.document_id, "path": one.path, "state": one.state}
                    | {"message": one.message, "published": one.published}
                    for one in found
                ],
                ensure_ascii=False,
                indent=1,
            )
        )
    for one in found if not as_json else ():
        what = one.correction
        where = " ".join(
            part
            for part in (
                f"-{what.form:03d}" if what.form is not None else "",
                what.cell,
                what.dataset,
                str(what.row) if what.row is not None else "",
                what.field,
            )
            if part
        )
        later = "" if one.published else "（待运行 run 后发布 | published by the next run）"
        print(
            f"{what.line:4d}  {_SIGNS[one.state]} {one.state:8} {one.path}  {where}: {what.old} → {what.new}{later}"
        )
        if one.message:
            print(f"      {one.message}")
    bad = sum(one.state != "applied" for one in found)
    if not as_json:
        print(f"{len(found)} 处更正 corrections, {bad} 处未应用 not applied")
    raise typer.Exit(1 if bad else 0)


@app.command("add")
def add_command(
    workspace: Annotated[Path, typer.Argument(help="工作区 / workspace")] = Path("data"),
    new: Annotated[str, typer.Option("--new", help="新值 / the new value")] = "",
    document: Annotated[
        str, typer.Option("--document", help="文件：标识或路径 / the document: id or path")
    ] = "",
    form: Annotated[str, typer.Option("--form", help="表：form_id 或序号 / form_id or number")] = "",
    cell: Annotated[str, typer.Option("--cell", help="单元格：cell_id / cell_id")] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="forms | funding | indicators")] = "",
    row: Annotated[str, typer.Option("--row", help="行 row_index")] = "",
    field: Annotated[str, typer.Option("--field", help="字段：列名或中文名 / a column or its label")] = "",
    old: Annotated[
        str, typer.Option("--old", help="原值；省略则取原文 / taken from the document if left out")
    ] = "",
    who: Annotated[str, typer.Option("--who", help="修改人")] = "",
    why: Annotated[str, typer.Option("--why", help="原因")] = "",
) -> None:
    """先试后写：在 corrections.csv 末尾加一行。 Try a correction, then append it to corrections.csv."""
    from pipeline.run.correction_editing import add

    texts = {"document": document, "form": form, "cell": cell, "dataset": dataset, "row": row}
    texts |= {"field": field, "old": old, "new": new, "who": who, "why": why}
    one = add(workspace, texts)
    print(f"corrections.csv:{one.line}: {one.old} → {one.new}（下次 run 发布 | published by the next run）")
