"""The command ``guibiao``: the only place that prints or sets an exit code.

Exit codes: 0 all documents read; 1 some documents failed or the run was stopped; 2 the call, the rules or the workspace are wrong.
Heavy libraries load when a command needs them, so ``--help`` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import corrections, export, report, rerun
from pipeline.errors import GuibiaoError

app = typer.Typer(
    name="guibiao",
    help="归表：把绩效自评表档案变成可信的数据表。 Guibiao: archives of performance forms to tables you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(
    help="规则：检查、示例、说明。 Rules: check, test and explain them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(rules_app, name="rules")
app.add_typer(corrections.app, name="corrections")
rerun.register(app)
report.register(app)
export.register(app)

Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules", help="自定义规则目录，叠加在内置规则之上 / your rules, laid over the shipped ones"
    ),
]


def main() -> None:
    """Run the command; an error of ours becomes one clear message and exit code 2."""
    try:
        app()
    except GuibiaoError as err:
        print(err, file=sys.stderr)
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="版本 / version")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"guibiao {installed('guibiao')}")
        raise typer.Exit


@app.command("run")
def run_command(
    inputs: Annotated[list[Path], typer.Argument(help="文件、目录或压缩包 / files, folders or archives")],
    to: Annotated[Path, typer.Option("--to", help="输出目录 / workspace to write to")] = Path("data"),
    rules: Rules = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="不显示进度 / no progress bar")] = False,
    pdf_engine: Annotated[
        str,
        typer.Option(
            "--pdf-engine", help="pdfium（默认，快 / default, fast）| pdfplumber（参照 / reference）"
        ),
    ] = "pdfium",
    prune_missing: Annotated[
        bool,
        typer.Option(
            "--prune-missing", help="移除档案中已不存在的文件的数据 / drop data of files that are gone"
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="进程数，默认每个处理器一个 / processes, one for each CPU"),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option("--timeout", min=0.1, help="每份文件的时限（秒） / seconds that one document may take"),
    ] = 120.0,
    memory: Annotated[
        int,
        typer.Option("--memory", min=512, help="每个进程的内存上限（MB） / MB that one document may take"),
    ] = 6144,
    log: Annotated[
        str, typer.Option("--log", help="text | json（每行一个 JSON / one JSON object a line）")
    ] = "text",
) -> None:
    """读取档案并发布数据集。 Read archives and publish the datasets."""
    from pipeline.cli.reports import print_summary, progress
    from pipeline.run import run
    from pipeline.run.batch import Limits

    if pdf_engine not in ("pdfium", "pdfplumber"):
        raise typer.BadParameter("--pdf-engine pdfium|pdfplumber")
    os.environ["GUIBIAO_PDF_ENGINE"] = pdf_engine  # the environment reaches worker processes, too

    if log not in ("text", "json"):
        raise typer.BadParameter("--log text|json")

    limits = Limits(seconds, memory << 20, workers)
    with progress(quiet, log) as tally:
        summary = run(inputs, to, rules=rules, tally=tally, prune_missing=prune_missing, limits=limits)
    print_summary(summary, to)
    raise typer.Exit(0 if summary.all_read and not tally.stopping else 1)


@app.command("explain")
def explain_command(
    file: Annotated[Path, typer.Argument(help="一个文件 / one file")],
    rules: Rules = None,
) -> None:
    """画出文件中的表格，标明每格的作用、字段和规则行。 Draw a file's grids with each cell's role, field and rule line."""
    from pipeline.cli.explain import explain

    raise typer.Exit(explain(file, rules))


@app.command("show")
def show_command(
    workspace: Annotated[Path, typer.Argument(help="输出目录 / workspace")] = Path("data"),
    dataset: Annotated[
        str, typer.Option("--dataset", help="documents forms funding indicators checks cells lineage")
    ] = "indicators",
    limit: Annotated[int, typer.Option("--limit", min=1, help="行数 / rows")] = 10,
) -> None:
    """看一眼数据集的前几行。 Look at the first rows of a dataset."""
    from pipeline.cli.show import show

    show(workspace, dataset, limit)


@app.command("quarantine")
def quarantine_command(
    workspace: Annotated[Path, typer.Argument(help="输出目录 / workspace")] = Path("data"),
    retry: Annotated[
        bool,
        typer.Option("--retry", help="逐份重读，时限与内存放宽 / read them again, one by one, with more"),
    ] = False,
    seconds: Annotated[
        float,
        typer.Option("--timeout", min=0.1, help="每份文件的时限（秒） / seconds that one document may take"),
    ] = 600.0,
    memory: Annotated[
        int,
        typer.Option("--memory", min=512, help="每个进程的内存上限（MB） / MB that one document may take"),
    ] = 12288,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="不显示进度 / no progress")] = False,
) -> None:
    """列出被隔离的文件（超时、崩溃、内存不足），--retry 再读一次。 List documents that were given up; --retry reads them again."""
    from pipeline.cli.quarantine import quarantine

    raise typer.Exit(quarantine(workspace, retry, quiet, seconds, memory))


@app.command("doctor")
def doctor_command() -> None:
    """列出本机可读的文件类型和缺少的组件。 Tell which media this machine reads, what is missing, how to install it."""
    from pipeline.cli.doctor import doctor

    raise typer.Exit(doctor())


@app.command("schema")
def schema_command(
    output: Annotated[str, typer.Option("--format", help="markdown | json")] = "markdown",
    language: Annotated[str, typer.Option("--lang", help="zh | en")] = "zh",
    rules: Rules = None,
) -> None:
    """打印数据字典。 Print the data dictionary."""
    from typing import Literal, cast

    from pipeline.rulebook.dictionary import dictionary
    from pipeline.rulebook.load import load_rulebook

    if output not in ("markdown", "json") or language not in ("zh", "en"):
        raise typer.BadParameter("--format markdown|json, --lang zh|en")
    fields = load_rulebook(rules).fields
    fmt = cast(Literal["markdown", "json"], output)
    print(dictionary(fields, fmt, cast(Literal["zh", "en"], language)))


@app.command("labels")
def labels_command(
    workspace: Annotated[Path, typer.Argument(help="工作目录 / a workspace")] = Path("data"),
    rules: Rules = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", help="采纳：序号或标签，可写 3=section.field / take a suggestion, by number or text"
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="最多列出几个 / how many to list")] = 20,
) -> None:
    """列出未识别的标签和建议，--accept 写入自定义规则。 List unmatched labels with suggestions; --accept writes them."""
    from pipeline.cli.labels import labels

    raise typer.Exit(labels(workspace, rules, accept or (), limit))


Overlay = Annotated[
    Path | None,
    typer.Argument(help="自定义规则目录，省略则为内置规则 / your rules; the shipped ones if left out"),
]


@rules_app.command("check")
def rules_check_command(directory: Overlay = None) -> None:
    """检查规则，列出全部错误和警告（文件:行:列）。 Check the rules; list every fault and warning as path:line:column."""
    from pipeline.cli import rules

    raise typer.Exit(rules.check(directory))


@rules_app.command("test")
def rules_test_command(directory: Overlay = None) -> None:
    """运行规则的示例，列出不符之处。 Run the examples of the rules; list what differs."""
    from pipeline.cli import rules

    raise typer.Exit(rules.test(directory))


@rules_app.command("mutate")
def rules_mutate_command(
    directory: Overlay = None,
    fixtures: Annotated[
        Path | None, typer.Option("--fixtures", help="连同这些文件一起检验 / files that may notice, too")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="为未检验的写法写示例 / write assertions on plain spellings")
    ] = False,
) -> None:
    """逐条删去规则，列出删去后无人发现的。 Drop each rule in turn; list those whose loss no example notices."""
    from pipeline.cli import rules

    raise typer.Exit(rules.mutate(directory, fixtures, write))


@rules_app.command("explain")
def rules_explain_command(
    label: Annotated[str, typer.Argument(help="标签 / a label")],
    form: Annotated[str | None, typer.Option("--form", help="表类型 / form type")] = None,
    rules: Rules = None,
) -> None:
    """说明一个标签如何折叠、是什么、为何不识别。 Say how a label folds, what it can be, why it is not matched."""
    from pipeline.cli.rules import explain

    raise typer.Exit(explain(label, form, rules))
