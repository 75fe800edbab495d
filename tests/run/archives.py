"""Small archives of text forms, and what a workspace publishes."""

from pathlib import Path

TITLES = ("项目支出绩效自评表", "项目绩效自评表", "无关的表格")


def form(number: int, *, title: str = TITLES[0], label: str = "项目名称", money: str = "全年执行数") -> str:
    """Return a tab-indented form whose values name it."""
    rows = [
        title,
        f"（{2019 + number % 3}年度）",
        f"{label}|项目{number}",
        f"主管部门|交通局{number % 5}|实施单位|公路段",
        f"项目资金（万元）||年初预算数|全年预算数|{money}|分值|执行率|得分",
        f"|年度资金总额|{number}|{number}|{number}|10|100%|10",
        f"|其中：当年财政拨款|{number}|{number}|{number}|—|100%|—",
        "绩效指标|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分|偏差原因分析及改进措施",
        f"|产出指标|数量指标|养护里程{number}|≥{number}公里|{number}公里|90|90|/",
        "||质量指标|合格率|≥98%|九成|90|90|天气",
        "总分|100|100|",
    ]
    return "\n\n".join("\n".join("\t" + cell for cell in row.split("|")) for row in rows) + "\n"


def data_files(workspace: Path) -> dict[str, bytes]:
    """Return path -> bytes of the data files of the current snapshot."""
    root = (workspace / "current").resolve()
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.parquet")}
