"""Words of labels, and likeness for the loose tier."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.segment import Nearest, Pool, nearest, similar, tokens

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "rules" / "words.txt"


def test_domain_words_keep_the_parts_of_a_label_apart() -> None:
    assert tokens("年初预算数", WORDS) == ("年初", "预算数")
    assert tokens("其中：当年财政拨款", WORDS) == ("其中", "当年", "财政拨款")
    assert tokens("偏差原因分析及改进措施", WORDS) == ("偏差原因", "分析", "及", "改进措施")
    assert tokens("", WORDS) == tokens(" ：（）", WORDS) == ()


def test_a_words_file_of_ones_own_with_remarks(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("\ufeff# 说明\n\n访惠聚工作队  # 一词\n", encoding="utf-8")
    assert tokens("访惠聚工作队经费", words) == ("访惠聚工作队", "经费")
    assert tokens("访惠聚工作队经费", WORDS) != ("访惠聚工作队", "经费")


def test_every_domain_word_is_one_token() -> None:
    words = [line.partition("#")[0].strip() for line in WORDS.read_text(encoding="utf-8").splitlines()]
    words = [word for word in words if word]
    assert len(words) == len(set(words)) > 80
    assert [word for word in words if tokens(word, WORDS) != (word,)] == []


def test_jieba_is_loaded_when_called_and_is_quiet() -> None:
    code = (
        "import sys; from pipeline.text.segment import tokens; assert 'jieba' not in sys.modules;"
        "assert tokens('项目名称'); assert 'jieba' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("年初预算", "年初预算数"),
        ("全年预算数额", "全年预算数"),
        ("偏差原因分析及整改措施", "偏差原因分析及改进措施"),
        ("其中当年财政拨款", "其中财政拨款"),
        ("联系人电话", "联系电话"),
        ("服务对象满意度", "服务对象满意度指标"),
        ("服务对像满意度指标", "服务对象满意度指标"),
        ("项目负责人及电话", "项目负责人及联系电话"),
    ],
)
def test_variants_and_misprints_are_alike(one: str, other: str) -> None:
    assert similar(one, other, WORDS) >= 0.75


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("二级指标", "三级指标"),
        ("年初预算数", "全年预算数"),
        ("全年预算数", "全年预算执行数"),
        ("全年执行数", "全年预计执行数"),
        ("主管部门", "主管部门编码"),
        ("项目负责人", "项目负责人电话"),
        ("其中市财政拨款", "其中财政拨款"),
        ("年度目标", "年度目标值"),
        ("数量指标", "质量指标"),
        ("分值", "得分"),
        ("执行率", "执行率得分"),
        ("指标1", "指标2"),
        ("财政专户拨款", "财政拨款"),
        ("绩效目标", "绩效目标表"),
        ("", "项目名称"),
        ("项目名称" * 20, "项目名称" * 20 + "数"),
    ],
)
def test_false_friends_are_not(one: str, other: str) -> None:
    assert similar(one, other, WORDS) == similar(other, one, WORDS) == 0


LABELS = st.text(alphabet="项目资金年初全预算执行数率指标值一二级单位名称(:1a ", max_size=12)


@settings(max_examples=60)
@given(LABELS, LABELS)
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    score = similar(one, other, WORDS)
    assert 0 <= score <= 1
    assert score == similar(other, one, WORDS)
    assert (score == 1) == (one == other)


FIELDS = {
    "项目名称": "project_name",
    "年初预算数": "initial",
    "全年预算数": "full",
    "一级指标": "level1",
    "预算执行率": "rate",
}


def test_the_nearest_wins() -> None:
    assert nearest("年初预算", FIELDS, words=WORDS).winner == "年初预算数"
    assert nearest("年初预算数", FIELDS, words=WORDS) == Nearest("年初预算数", "年初预算数", 1.0)
    assert nearest("昌吉州财政局", FIELDS, words=WORDS) == Nearest(None)
    assert nearest("", FIELDS, words=WORDS) == nearest("项目", {}, words=WORDS) == Nearest(None)


def test_two_close_ones_of_different_meaning_are_named_and_neither_wins() -> None:
    found = nearest("资金总额", {"年资金总额": "annual", "总资金总额": "all"}, threshold=0.7, words=WORDS)
    assert found.winner is None
    assert {found.best, found.rival} == {"年资金总额", "总资金总额"}
    same = nearest("资金总额", {"年资金总额": "annual", "总资金总额": "annual"}, threshold=0.7, words=WORDS)
    assert same.winner == "总资金总额" or same.winner == "年资金总额"


@settings(max_examples=40)
@given(LABELS, st.lists(LABELS, min_size=1, max_size=6, unique=True), st.randoms())
def test_the_order_of_candidates_never_matters(label: str, spellings: list[str], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(spellings)
    random.shuffle(shuffled)
    found = nearest(label, {spelling: spelling for spelling in spellings}, words=WORDS)
    assert found == nearest(label, {spelling: spelling for spelling in shuffled}, words=WORDS)
    if label in spellings and found.winner is None:
        assert found.best == label
    if found.winner is not None:
        assert found.score >= 0.75


def test_characters_alone_never_lose_what_words_would_find() -> None:
    spellings = sorted(FIELDS)
    labels = [*spellings, *(f"{one}{two}" for one in ("本年", "项目", "年初") for two in spellings)]
    labels += [one[:-1] for one in spellings] + [one[::-1] for one in spellings]
    for label in labels:
        scores = {spelling: similar(label, spelling, WORDS) for spelling in spellings}
        near = Pool(FIELDS).near(label, 0.6)
        assert {spelling for spelling, score in scores.items() if score >= 0.6} <= set(near)


def test_what_the_characters_decide_needs_no_words() -> None:
    code = (
        "import sys; from pipeline.text.segment import nearest;"
        "assert nearest('养护里程', {'项目名称': 1, '主管部门': 2, '分值': 3}).winner is None;"
        "assert 'jieba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
