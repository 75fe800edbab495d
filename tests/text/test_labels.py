"""fold: one key for all spellings of a label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.labels import _fold_once, fold, fold_keep, note, notes

CASES = {
    "项 目 名 称": "项目名称",
    "项目名称：": "项目名称",
    "项目名称: :": "项目名称",
    "\u3000\u3000其中：当年财政\n拨款": "其中当年财政拨款",
    "其中 ：上级资金": "其中上级资金",
    "(其中上级财政资金": "其中上级财政资金",
    "项目资金\u00a0 （万元）": "项目资金",
    "项目资金(万元": "项目资金",
    "预算执行情况 (万元) (20 分)": "预算执行情况",
    "产出指标(50分)": "产出指标",
    "产 出 指 标 【50分】": "产出指标",
    "产出 指标 40 分": "产出指标",
    "产出指标 (40-50)分": "产出指标",
    "成本指标(0-20)分": "成本指标",
    "数量指标(必填硬性指标)": "数量指标",
    "数量指 标 15 分": "数量指标",
    "实施单位 (盖章)": "实施单位",
    "项目实施单位: (盖章)": "项目实施单位",
    "执行率(B/A1": "执行率",
    "预算数()": "预算数",
    "得分 (20分*执行率)": "得分",
    "部门(单位)名称": "部门(单位)名称",
    "指标(目标)值": "指标(目标)值",
    "全年(调整)预算数(A)": "全年(调整)预算数",
    "(三级指标)": "(三级指标)",
    "（2020年度）": "(2020年度)",
    "2020年度)": "2020年度",
    "(2020)年度": "(2020)年度",
    "★三级指标": "三级指标",
    "*项目名称": "项目名称",
    "●·年度目标": "年度目标",
    "三级指标*": "三级指标",
    "績效目標(biāo)值": "绩效目标值",
    "服務(wù)對象滿意度目標(biāo)": "服务对象满意度目标",
    "⻚数": "页数",
    "⼀级指标": "一级指标",
    "主管部⻔": "主管部门",
    "“三公”经费": '"三公"经费',
    "1—7月执行数": "1-7月执行数",
    "项目\u200b名称\ufeff": "项目名称",
    "１０分": "10分",
    "10分": "10分",
    "": "",
    " \t\n": "",
    "……": "......",
    "*": "*",
    "绩效目标(含项目概况(背景)、依据)": "绩效目标",
}


@pytest.mark.parametrize(("printed", "key"), CASES.items())
def test_one_key_for_every_spelling(printed: str, key: str) -> None:
    assert fold(printed) == key


def test_fold_keep_keeps_the_note() -> None:
    assert fold_keep("项目资金 （万元）：") == "项目资金(万元)"
    assert fold_keep("指标值（长期）") != fold_keep("指标值（年度）")


def test_the_note_is_what_fold_removes() -> None:
    assert note("项目资金（万元）") == "万元"
    assert note("产出指标 40 分") == "40分"
    assert note("成本指标(0-20)分") == "0-20分"
    assert note("项目名称") is None
    assert note("(三级指标)") is None
    assert notes("预算执行情况（万元）(20 分)") == ("万元", "20分")
    assert note("执行率(B/A1") == "B/A1"


LABELISH = st.text(
    alphabet=st.sampled_from("项目资金指标分产出其中(（)）[]【】:：*★ \u3000\n\u200b1250-—~.，、aā⻚e\u0301"),
    max_size=20,
)


@given(st.text() | LABELISH)
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_keep(fold_keep(text)) == fold_keep(text)
    assert fold(fold_keep(text)) == fold(text)


@given(
    LABELISH,
    st.lists(st.sampled_from([" ", "\u3000", "\n", "\u00a0", "\u200b", "\t"]), max_size=5),
    st.integers(0, 20),
)
def test_white_space_never_matters(text: str, blanks: list[str], place: int) -> None:
    assert (
        fold(text[:place] + "".join(blanks) + text[place:]) == fold(text)
        or "e\u0301" in text
        or "\u0301" in text
    )


@given(
    st.text(alphabet="项目资金指标产出", min_size=1, max_size=8),
    st.text(alphabet="项目资金万元50分B/A", max_size=6),
)
def test_a_bracket_note_never_matters(label: str, inner: str) -> None:
    assert fold(f"{label}（{inner}）") == fold(label)
    assert (note(f"{label}（{inner}）") or "") == inner


@given(st.text("0123456789.-/%ab项目①Ａ⽬年 (:*", max_size=12))
def test_a_text_that_stands_as_it_is_needs_no_folding(text: str) -> None:
    folded, before = _fold_once(text), text
    while folded != before:
        folded, before = _fold_once(folded), folded
    assert fold_keep(text) == folded
