"""Random layouts beyond those of the public benchmark: how often does every column equal the truth?

    python -m tests.benchmarks.random_layouts [--count 200] [--seed 1] [--media txt,html,docx,xls,xlsx,pdf] [--show 5]

Every layout is a random choice of all that the generator of fixtures/benchmark can vary, label spellings
included; the same seed gives the same layouts.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import fields
from pathlib import Path

from tests.synthetic import FOLDER, differences, read

sys.path.insert(0, str(FOLDER))
import make
from compose import compose
from layout import Layout
from truth import truth

SPLIT = (
    "level1",
    "level2",
    "level3",
    "sign",
    "number",
    "measure",
    "actual_number",
    "weight",
    "score",
    "reason",
)
COLUMNS = (
    ("level1", "level2", "level3", "target", "actual", "weight", "score", "reason"),
    ("level1", "level2", "level3", "target", "actual", "weight", "score"),
    ("level1", "level2", "level3", "weight", "target", "actual", "score", "reason"),
    ("level1", "level2", "level3", "weight", "target", "actual", "standard", "score", "reason"),
    ("level1", "level2", "level3", "target", "actual", "weight", "score", "+数据来源", "note"),
    ("level1", "level2", "level3", "standard", "target", "weight", "actual", "score", "reason"),
    ("level1", "name2", "target", "actual", "weight", "score", "reason"),
    SPLIT,
    ("level1", "level2", "level3", "weight", "sign", "number", "measure", "actual_number", "score"),
)
MONEY = (
    ("initial_budget", "full_year_budget", "full_year_executed", "weight", "execution_rate", "score"),
    ("initial_budget", "full_year_budget", "full_year_executed", "execution_rate"),
    ("full_year_budget", "full_year_executed", "execution_rate", "weight", "score"),
    (
        "initial_budget",
        "full_year_budget",
        "full_year_executed",
        "execution_rate",
        "weight",
        "score",
        "fund_reason",
    ),
)
BASICS = (
    (("project_name",), ("supervising_department", "implementing_unit")),
    (
        ("project_name", "project_code"),
        ("supervising_department", "implementing_unit"),
        ("project_leader", "contact_phone"),
    ),
    (("project_name",), ("supervising_department",), ("implementing_unit",)),
    (("project_name", "supervising_department"), ("implementing_unit", "project_leader")),
)
SPELLINGS = {
    "project_name": ("项目名称", "项目支出名称", "专项（项目）名称"),
    "supervising_department": ("主管部门", "主管部门及代码", "项目主管部门", "主管部门（单位）"),
    "implementing_unit": ("实施单位", "项目实施单位", "预算单位", "项目单位"),
    "initial_budget": ("年初预算数", "年初预算", "年初\n预算数"),
    "full_year_budget": ("全年预算数", "调整后预算数", "全年预算数（A）", "全年\n预算数"),
    "full_year_executed": ("全年执行数", "全年执行数（B）", "实际执行数", "预算执行数"),
    "execution_rate": ("执行率", "预算执行率", "执行率（B/A）"),
    "money_block": ("项目资金", "预算执行情况", "项目资金情况", "资金情况", "预算执行情况（10分）"),
    "goal_block": ("年度总体目标", "总体目标", "年度\n总体\n目标", "年度绩效目标"),
    "goal_expected": ("预期目标", "年初设定目标", "年度预期目标"),
    "goal_actual": ("实际完成情况", "全年实际完成情况", "目标实际完成情况"),
    "block": ("绩效指标", "绩\n效\n指\n标", "年度绩效指标"),
    "level1": ("一级指标", "一级\n指标", "指标类型"),
    "level3": ("三级指标", "指标名称", "具体指标", "指标内容"),
    "target": ("年度指标值", "指标值", "目标值", "年初目标值", "预期指标值", "年度指标值（A）"),
    "actual": ("实际完成值", "全年完成值", "完成值", "实际值", "全年实际值", "实际完成值（B）"),
    "weight": ("分值", "权重", "分值（分）", "分值（90）"),
    "score": ("得分", "自评得分", "自评分", "得分\n（100分）"),
    "reason": ("偏差原因分析及改进措施", "未完成原因分析", "偏差原因", "未完成原因和改进措施"),
    "sign": ("指标性质", "符号", "计算符号"),
    "measure": ("度量单位", "计量单位", "单位"),
}  # fmt: skip


def layout(rng: random.Random, name: str) -> Layout:
    """Return a random layout."""
    pick = rng.choice
    levels = pick(("merged", "merged", "repeat", "ditto"))
    columns = pick(COLUMNS)
    header = pick(("plain", "stacked", "breaks", "grouped"))
    say = {key: pick(texts) for key, texts in SPELLINGS.items() if rng.random() < 0.4}
    if header == "stacked":
        say = {key: text for key, text in say.items() if key not in ("target", "actual")}
    title = pick(("row", "paragraph"))
    return Layout(
        name,
        title=title,
        year=pick((title, "title", "paragraph" if title == "paragraph" else "row")),
        unit_at=pick(("block", "block", "row" if title == "row" else "paragraph", "columns", "")),
        unit=pick(("万元", "元")),
        title_text=pick(
            ("项目支出绩效自评表", "部门预算项目支出绩效自评表", "项目绩效自评表", "棠溪镇项目支出绩效自评表")
        ),
        basics=pick(BASICS),
        codes=pick(("", "", "dash", "bracket", "glued")),
        funds=pick(("current", "levels", "plain", "superior", "accounts")),
        money=pick(MONEY),
        money_block=rng.random() < 0.8,
        money_merged=rng.random() < 0.2,
        money_first=rng.random() < 0.8,
        thousands=rng.random() < 0.4,
        goals=pick(("below", "right", "heads", "pair")),
        columns=columns,
        block=rng.random() < 0.7,
        levels=levels,
        header=header,
        label_weights=rng.random() < 0.2,
        total=pick(("总分", "合计", "总得分", "合 计", "")),
        total_joined=rng.random() < 0.3,
        grade=rng.random() < 0.2,
        fillers=pick((0, 0, 1, 2)),
        placeholders=rng.random() < 0.3,
        blank=pick(("", "—", "/", "-")),
        no_reason=pick(("", "/", "无")),
        spaced=rng.random() < 0.2,
        costs=rng.random() < 0.3,
        size=pick((2, 3, 6)),
        merged_scores=rng.random() < 0.2,
        forms=pick((1, 1, 1, 2)),
        width=pick((12, 13, 15, 18)),
        split=rng.random() < 0.2,
        inline=rng.random() < 0.1,
        points=rng.random() < 0.1,
        rate_head=rng.random() < 0.2,
        upright=rng.random() < 0.15,
        annex=pick(("", "", "附件1", "附件2：")),
        closing=pick(("", "填表人：张三　　联系电话：13800000000")),
        heads_again=7 if levels == "repeat" and rng.random() < 0.2 else 0,
        unfinished=pick((0, 0, 1, 2)),
        year_words=rng.random() < 0.1,
        banners=rng.random() < 0.15,
        notes=rng.random() < 0.2,
        total_in_block=rng.random() < 0.2,
        numbered=rng.random() < 0.2,
        numbered_funds=rng.random() < 0.15,
        amount_units=rng.random() < 0.1,
        rate_zeros=rng.random() < 0.2,
        no_leader=rng.random() < 0.2,
        say=say,
    )


def main() -> None:
    """Print how many files are equal by medium, the options that occur most in those that are not, and examples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--media", default="txt,html,docx,xls,xlsx,pdf")
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    good: Counter[str] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    tried: Counter[str] = Counter()
    made, shown = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        while made < options.count:
            one = layout(rng, f"random_{options.seed}_{made}")
            said = make.contents(rng.randrange(1000), one)
            try:
                sheets = [compose(content, one) for content in said]
            except ValueError:  # choices that exclude each other
                continue
            made += 1
            true = json.loads(json.dumps([truth(content, one) for content in said]))
            written = make.write(one.name, sheets, one, Path(folder), options.media.split(","))
            settings = [
                f"{field.name}={getattr(one, field.name)}"
                for field in fields(one)
                if field.name not in ("name", "say")
            ]
            settings += [f"say {key}={text!r}" for key, text in one.say.items()]
            tried.update(settings)
            for medium, path in written.items():
                wrong = differences(true, read(path))
                good[medium] += not wrong
                if wrong:
                    bad.update((medium, setting) for setting in settings)
                    if shown[medium] < options.show:
                        shown[medium] += 1
                        print(f"\n{one.name}.{medium}: {len(wrong)} columns differ", *wrong[:4], sep="\n    ")
                path.unlink()
    print(f"\n{made} layouts, files equal to their truth:", dict(good))
    for (medium, setting), count in sorted(bad.items(), key=lambda item: -item[1] / tried[item[0][1]])[:25]:
        print(f"{medium:5} {setting[:90]:92} {count} of {tried[setting]}")


if __name__ == "__main__":
    main()
