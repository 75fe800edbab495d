"""``guibiao doctor``: which media this machine can read, what is missing and how to install it."""

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.readers.media import Availability, availability


def doctor() -> int:
    """Print every medium with what it lacks; return 1 where one that needs no extra cannot be read."""
    found = availability()
    console = Console(highlight=False)
    table = Table(title="本机可读的文件 what this machine reads", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("可读", no_wrap=True)
    table.add_column("类型 medium", overflow="fold")
    table.add_column("文件 files", overflow="fold")
    for medium in found:
        table.add_row(_answer(medium), f"{medium.label_zh} {medium.label_en}", " ".join(medium.suffixes))
    console.print(table)
    _print_remedies(console, found)
    broken = [medium for medium in found if medium.is_base and not medium.readable]
    readable = sum(medium.readable for medium in found)
    console.print(
        f"{readable}/{len(found)} 类可读 readable",
        style="bold red" if broken else "bold green",
        soft_wrap=True,
    )
    if broken:
        names = ", ".join(medium.name for medium in broken)
        console.print(f"安装不完整 the installation is broken: {names}", style="red", soft_wrap=True)
    return 1 if broken else 0


def _answer(medium: Availability) -> str:
    if medium.readable:
        return "[green]✓ 是 yes[/green]"
    return "[bold red]✗ 否 no[/bold red]" if medium.is_base else "[yellow]– 否 no[/yellow]"


def _print_remedies(console: Console, found: list[Availability]) -> None:
    """Print each remedy once, with the media that it makes readable; lines that can be copied are not cut."""
    serves: dict[tuple[str, str, str], list[str]] = {}
    for medium in found:
        if not medium.readable:
            key = (medium.missing, medium.remedy_zh, medium.remedy_en)
            serves.setdefault(key, []).append(f"{medium.label_zh} {medium.label_en}")
    for (missing, remedy_zh, remedy_en), labels in serves.items():
        console.print(f"缺少 missing: {missing}", soft_wrap=True, style="bold", markup=False)
        console.print(f"    不可读 not readable: {', '.join(labels)}", soft_wrap=True, markup=False)
        console.print(f"    安装: {remedy_zh}", soft_wrap=True, markup=False)
        console.print(f"    install: {remedy_en}", soft_wrap=True, markup=False)
