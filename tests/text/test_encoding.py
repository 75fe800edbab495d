"""Encodings: round trips of random Chinese text, short strings, damage, labels that lie, binary data."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.text import encoding as encodings
from pipeline.text.encoding import UndecodableText, decode, recognise

COMMON = (
    "项目支出绩效自评表年度主管部门实施单位预算执行率得分财政拨款其他资金总体目标完成情况产出数量质量时效成本"
    "经济社会生态可持续影响满意度指标的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主"
    "发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都"
)
TRADITIONAL = "項目支出績效自評表年度主管部門實施單位預算執行率得分財政撥款其他資金總體目標完成情況產出數量質量時效成本經濟社會"
SIGNS = "，。：；、（）《》—…％％0123456789.% \n\tABC≥≤"

chinese = st.text(st.sampled_from(COMMON + SIGNS), min_size=24, max_size=400)
traditional = st.text(st.sampled_from(TRADITIONAL + "，。：（）0123456789 \n"), min_size=24, max_size=400)
MARKED = {"utf-8-sig": "utf-8-sig", "utf-16": "utf-16"}


def _han(text):
    return sum("\u4e00" <= char <= "\u9fff" for char in text)


@settings(max_examples=60, deadline=None)
@given(chinese)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_chinese_text_comes_back(encoding, text):
    assume(_han(text) * 2 >= len(text))
    assert decode(text.encode(encoding))[0] == text


@settings(max_examples=60, deadline=None)
@given(traditional)
@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gb18030", "utf-16-le"])
def test_traditional_text_comes_back(encoding, text):
    assume(_han(text) * 2 >= len(text))
    assert decode(text.encode(encoding))[0] == text


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=0, max_size=200))
def test_any_marked_text_comes_back(text):
    broken = sum(not char.isprintable() and char not in "\t\n\r\x0b\x0c" for char in text)
    assume(broken * 40 <= len(text))
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert decode(text.encode(encoding, "replace"))[0] == text.encode(encoding, "replace").decode(
            encoding
        )


# The second row: in GB 18030 these are valid UTF-8 as well.
SHORT = [
    *(
        "绩效自评表",
        "项目名称",
        "主管部门",
        "单位：万元",
        "得分",
        "≥98%",
        "100万元",
        "2020年度",
        "总体目标",
        "—",
        "年",
        "优",
    ),
    *("学习", "学校", "小学", "煤炭", "效应", "业态", "10台", "3枚", "2小时", "6篇", "5学时", "学校/小学"),
]


@pytest.mark.parametrize("word", SHORT)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_short_words(word, encoding):
    assert decode(word.encode(encoding)) == (word, encoding)


@pytest.mark.parametrize(
    "word", ["±5%", "5km²", "25°C", "3×4", "6÷2", "A·B", "café", "naïve", "μg/m³", "PM2.5≤35μg/m³"]
)
def test_signs_of_short_utf8_are_no_han(word):
    assert decode(word.encode()) == (word, "utf-8")


@pytest.mark.parametrize("word", ["項目名稱", "主管部門", "績效自評", "單位：萬元"])
def test_short_words_of_big5(word):
    assert decode(word.encode("big5"))[0] == word


def test_ascii_and_nothing_are_utf8():
    for data in (b"", b"a", b"Bush hid the facts", b"2020\t100.00\r\n"):
        assert decode(data) == (data.decode(), "utf-8")


def test_gb_labels_mean_gb18030():
    text = "甲——乙㐀𠀀镕"
    for label in ("gb2312", "GBK", "gb_2312-80", "cp936", "GB18030", "x-gbk"):
        assert decode(text.encode("gb18030"), label) == (text, "gb18030")


def test_a_label_is_a_hint_and_no_more():
    text = "项目支出绩效自评表，全年执行数一百万元"
    for label in (
        "gb2312",
        "big5",
        "iso-8859-1",
        "utf-16",
        "shift_jis",
        "no such thing",
        "",
        "base64",
        "rot13",
        None,
    ):
        assert decode(text.encode(), label)[0] == text
        assert decode(text.encode("gb18030"), label)[0] == text
    assert decode("naïve café, voilà".encode("latin-1"), "iso-8859-1")[0] == "naïve café, voilà"
    assert decode("絞績效".encode("big5"), "big5")[0] == "絞績效"


LONG = "项目支出绩效自评表\t2020年度\n主管部门\t市教育局\n" * 2000


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16", "big5"])
def test_a_cut_last_character_costs_that_character(encoding):
    text = TRADITIONAL * 3 if encoding == "big5" else LONG.rstrip()
    data = text.encode(encoding)[:-1]
    found = recognise(data)
    assert found.replaced == 1
    assert found.text.endswith("\ufffd")
    assert found.text[:-1] == text[: len(found.text) - 1]


def test_a_cut_short_text():
    assert decode("学习教育".encode()[:-1]) == ("学习教\ufffd", "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_bad_bytes_in_a_large_file_are_counted(encoding):
    lines = LONG.encode(encoding).split(b"\n")
    for number in (5, 700, 3500):
        lines[number] = b"\xff" + lines[number]
    found = recognise(b"\n".join(lines))
    assert (found.encoding, found.replaced) == (encoding, 3)
    assert found.text.replace("\ufffd", "") == LONG


def test_a_replacement_character_that_was_there_is_not_counted():
    assert recognise("甲\ufffd乙".encode()) == ("甲\ufffd乙", "utf-8", 0)
    found = recognise(("绩效目标完成情况" * 5 + "\ufffd").encode() * 10 + b"\xff")
    assert (found.encoding, found.replaced) == ("utf-8", 1)


def test_ascii_before_the_first_chinese_does_not_mislead():
    for encoding in ("utf-8", "gb18030"):
        text = "x" * 100_000 + "\n全年执行数"
        assert decode(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize("size", [200, 3000, 100_000])
def test_random_bytes_are_no_text(size):
    rng = random.Random(size)
    for _ in range(20):
        with pytest.raises(UndecodableText):
            decode(rng.randbytes(size))


def test_zeros_and_binary_headers_are_no_text():
    for data in (
        b"\x00" * 100,
        b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(500),
        bytes(range(256)) * 4,
    ):
        with pytest.raises(UndecodableText):
            decode(data)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([None, "gb2312", "utf-16", "latin-1", "utf-7", "hex", "\x00"])
)
def test_any_bytes_give_a_text_or_the_declared_error(data, label):
    try:
        found = recognise(data, label)
    except UndecodableText:
        return
    assert found.replaced == 0 or "\ufffd" in found.text


# The short way of everyday Chinese -------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.one_of(chinese, traditional, st.text(max_size=300)))
@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be"])
def test_the_short_way_agrees_with_the_long_one(encoding, text):
    data = text.encode(encoding, "replace")
    short = encodings._evident(data, None)
    assert short is None or short == encodings._best(data, None)


KOREAN = (
    "가격과 성과를 평가하고 예산의 집행률을 확인한다. 사업의 목표는 지역 주민의 만족도를 높이는 것이다. " * 20
)
JAPANESE = (
    "予算の執行率と成果指標を評価し、住民の満足度を高めることを目的とする。事業の実施状況を確認した。" * 20
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (KOREAN, "euc_kr"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "shift_jis"),
        (TRADITIONAL * 20, "big5"),
        (COMMON * 20, "utf-8"),
        (COMMON * 20, "utf-16-le"),
        ("Бюджетные расходы и показатели результатов. " * 40, "cp1251"),
    ],
)
def test_other_encodings_are_no_everyday_gb18030(text, encoding):
    data = text.encode(encoding)
    for cut in range(0, 60, 2):
        found = encodings._evident(data[cut : len(data) - cut], None)
        assert found is None or found.encoding == encoding


def test_everyday_text_takes_the_short_way_in_any_kind_of_file():
    form = "\t项目支出绩效自评表\n\t（2020年度）\n\t项目名称\n\t农村饮水安全巩固提升工程\n\t≥98%\n\t10\n" * 3
    page = "<html><head><title>x</title></head><body>" + "<td width=9>" * 900 + form
    for text in (form, page):
        for encoding in ("gb18030", "utf-16-le", "utf-16-be"):
            data = text.encode(encoding)
            assert encodings._evident(data, None) == (text, encoding, 0)
            assert encodings._evident(data, "cp950") is None, "a label must be weighed"


def test_plain_characters_are_none_that_a_broken_reading_gives():
    plain = [char for char in map(chr, range(0x30000)) if encodings._PLAIN.fullmatch(char)]
    assert len(plain) > 21_000
    assert max(map(encodings._char_cost, plain)) < encodings._BROKEN_COST
