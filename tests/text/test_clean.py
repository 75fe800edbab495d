"""clean: what a cell says, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.clean import clean

NOTHING = [
    "", " ", "\u3000", "\u00a0\t\n", "\u200b\ufeff", "/", "／", "\\", "//", "-", "－", "--", "—", "——", "—-",
    "-—", "–", "―", "─",
    "…", "……", "⋯⋯", "......", "。。。。", "····", "____", "*", "**", "****", "＊＊", "无", " 无 ", "无。",
    "— —", "\n—\n",
]  # fmt: skip
SOMETHING = {
    "访惠聚工作队经费": "访惠聚工作队经费",
    "项 目\n名称": "项目名称",
    " 昌吉回族自治州\u3000人力资源 ": "昌吉回族自治州人力资源",
    "Word  doc\r\nname": "Word doc name",
    "项目 A 期": "项目A期",
    "2020 年 12 月": "2020年12月",
    "≥ 98 %": "≥ 98 %",
    "“访惠聚” 驻村": "“访惠聚”驻村",
    "（１）完成 ，好": "（１）完成，好",
    "a\u200bb": "ab",
    "㎡①": "㎡①",
    "⻚": "⻚",
    "0": "0",
    "0.00": "0.00",
    "暂无": "暂无",
    "无偏差": "无偏差",
    "XX": "XX",
    "一": "一",
    "**元/人·月": "**元/人·月",
    "1/2": "1/2",
    "√": "√",
}


@pytest.mark.parametrize("text", NOTHING)
def test_null_tokens_say_nothing(text: str) -> None:
    assert clean(text) is None


@pytest.mark.parametrize(("text", "value"), SOMETHING.items())
def test_the_rest_stays_as_printed(text: str, value: str) -> None:
    assert clean(text) == value


def test_a_vocabulary_gives_more_null_tokens() -> None:
    assert clean("暂 无", frozenset({"暂无"})) is None
    assert clean("无", frozenset({"暂无"})) == "无"
    assert clean("—", frozenset()) is None


PRINTED = st.text() | st.text(alphabet="项目资金,，。 \n\u3000\u00a0\u200bAbc012/—-…*无%", max_size=30)


@given(PRINTED)
def test_clean_is_idempotent_and_never_blank(text: str) -> None:
    once = clean(text)
    if once is not None:
        assert once == once.strip() != ""
        assert "\n" not in once and "  " not in once
        assert clean(once) == once


@given(
    st.text(alphabet="项目资金（）：，", min_size=1, max_size=20),
    st.sampled_from([" ", "\n", "\u3000", "\u00a0", "\r\n", "\u200b"]),
)
def test_wrapping_chinese_text_changes_nothing(text: str, blank: str) -> None:
    assert clean(blank.join(text)) == clean(text) == text
