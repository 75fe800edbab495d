"""Texts that are never folded or searched: none of them is one that a rule means."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Document, Spelling
from pipeline.rulebook.index import LONGEST_LABEL, Index, Screen
from pipeline.rulebook.load import load_rulebook
from pipeline.rulebook.needed import Bounds, needed
from pipeline.run.one import open_document
from pipeline.text.labels import fold, fold_keep
from pipeline.text.traditional import TRADITIONAL

FIXTURES = Path(__file__).parents[2] / "fixtures"
INDEX = Index(load_rulebook())
TITLES = [one for rule in INDEX.rulebook.forms for one in rule.titles]
#: What a screen lets pass; headings are searched in whole texts, not looked up.
LABELS = [
    one
    for rule in INDEX.rulebook.forms
    for one in (
        *rule.ignores,
        *(
            one
            for part in rule.sections
            if part.kind != "heading"
            for label in part.labels
            for one in label.spellings
        ),
        *(one for part in rule.sections for one in part.starts),
        *(one for part in rule.sections for total in part.totals for one in total.spellings),
    )
]
PATTERNS = sorted({one.pattern.pattern for one in TITLES + LABELS if one.pattern is not None})
_TO_TRADITIONAL = {ord(plain): chr(printed) for printed, plain in TRADITIONAL.items() if len(plain) == 1}
_WIDE = {code: code - 0x21 + 0xFF01 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("绩效目标表", "表"),
        ("目标(表)?", "标"),
        ("(?:中期|长期)", "期"),
        ("(执行|完成)(数|值)?$", "行成"),
        (r"^\d{1,2}月", "月"),
        ("表{2,3}", "表"),
        ("(?P<name>表)+", "表"),
        (r"截[至\]止]", "截"),
        ("目标|[0-9]+", ""),
        ("表?", ""),
        ("表*", ""),
        ("表{0,2}", ""),
        ("表{,2}", ""),
        ("(表)?+", ""),
        ("(表|)", ""),
        ("[表单]", ""),
        ("[^表]", ""),
        ("(?!表)", ""),
        ("(?<!表)a", ""),
        ("(?=表)|a", ""),
        ("(?i)表", ""),
        ("(?x)a #表", ""),
        ("(?#表)a", ""),
        ("(?x:a#表\n)", ""),
        ("(a)?(?(1)表|b)", ""),
        (r"[\]表]a", ""),
        ("[]表]a", ""),
        (r"\(表?\)", ""),
        ("name", ""),
        ("é", ""),
    ],
)
def test_what_a_pattern_needs(pattern: str, characters: str) -> None:
    assert needed(re.compile(pattern)) == frozenset(characters)


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map(lambda text: f"({text})") | inner.map(lambda text: f"(?:{text})")
    return (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | st.tuples(group, st.sampled_from(["?", "*", "+", "{0,2}", "{,1}", "{2}", "{1,}", "??", ""])).map(
            "".join
        )
    )


REGULAR = st.recursive(
    st.sampled_from(
        ["项", "表", "分", "a", "7", "[项表]", "[^表]", "[]项]", r"\d", ".", r"\(", "项?", "表{0}", "分+"]
    ),
    _wrapped,
    max_leaves=8,
)


@given(st.data(), REGULAR)
def test_every_match_holds_a_character_that_its_pattern_needs(data: st.DataObject, text: str) -> None:
    pattern = re.compile(text)
    if wanted := needed(pattern):
        found = pattern.search(data.draw(st.from_regex(pattern)))
        assert found is not None and not wanted.isdisjoint(found[0])


def test_the_patterns_that_are_shipped_all_need_something() -> None:
    assert len(PATTERNS) > 10
    assert [text for text in PATTERNS if not needed(re.compile(text))] == []


def _exact(spellings: list[Spelling], text: str) -> list[Spelling]:
    keys = {fold_keep(text), fold(text)} - {""}
    return [one for one in spellings if one.pattern is None and one.key in keys]


def _searched(spellings: list[Spelling], text: str) -> list[Spelling]:
    kept = fold_keep(text)
    return [one for one in spellings if kept and one.pattern is not None and one.pattern.search(kept)]


@st.composite
def _printed(draw: st.DrawFn) -> str:
    """Return a label as some system prints it: traditional, full-width, spaced, with a note or a mark."""
    exact = st.sampled_from([one.text for one in TITLES + LABELS if one.pattern is None])
    matched = st.sampled_from(PATTERNS).flatmap(lambda text: st.from_regex(re.compile(text)))
    text = draw(exact | matched)
    text = draw(st.sampled_from([text, text.translate(_TO_TRADITIONAL), text.translate(_WIDE)]))
    text = draw(st.sampled_from(["", " ", "\u200b", "　"])).join(text)
    return (
        draw(st.sampled_from(["", "★", "  "]))
        + text
        + draw(st.sampled_from(["", "：", "（万元）", "(A)", "40分"]))
    )


TEXTS = (
    _printed()
    | st.text(max_size=30)
    | st.text("0123456789.,%()[]{}`-~ \n\x00\x1f\x7fabXYZ项目表分标行年度", max_size=20)
)


@given(TEXTS)
def test_the_screen_holds_back_what_no_spelling_matches_and_nothing_else(text: str) -> None:
    meant = bool(_exact(LABELS, text) or _searched(LABELS, text))
    assert INDEX.screen.idle(text) == (not meant or len(fold_keep(text)) > LONGEST_LABEL)


@given(TEXTS)
def test_a_title_is_found_as_by_looking_at_every_spelling(text: str) -> None:
    found = INDEX.title(text)
    exact, searched = _exact(TITLES, text), _searched(TITLES, text)
    if len(text) > 2 * LONGEST_LABEL or not (exact or searched):
        assert found is None
    else:
        assert found is not None and (found[1] in exact if exact else found[1] == searched[0])


def test_cells_of_forms_are_held_back_as_by_looking_at_every_spelling() -> None:
    texts: set[str] = set()
    for path in sorted((FIXTURES / "benchmark" / "html").glob("*.html"))[:20]:
        for _name, document in open_document(path):
            assert isinstance(document, Document)
            texts |= {cell.text for grid in document.grids for cell in grid.cells}
    assert len(texts) > 100
    for text in texts:
        meant = bool(_exact(LABELS, text) or _searched(LABELS, text))
        assert INDEX.screen.idle(text) == (not meant or len(fold_keep(text)) > LONGEST_LABEL), text


def _spelling(key: str, pattern: str | None = None) -> Spelling:
    return Spelling(pattern or key, key, "exact", "x.yaml:1", re.compile(pattern) if pattern else None)


@pytest.mark.parametrize(
    "spelling", [_spelling("ProjectName"), _spelling("", r"^Project\s?Name$"), _spelling("", "名称|Name$")]
)
def test_a_rule_author_s_english_label_passes(spelling: Spelling) -> None:
    screen = Screen()
    screen.add([_spelling("项目名称"), spelling])
    assert not screen.idle(" Project Name :") and not screen.idle("项目名称") and screen.idle("Project")
    rule = INDEX.rulebook.forms[0]
    other = INDEX.changed(forms=[replace(rule, titles=(*rule.titles, spelling))])
    found = other.title("Project Name")
    assert found is not None and found[1] == spelling
    assert INDEX.title("Project Name") is None


def test_bounds_of_patterns_of_which_nothing_is_known_hold_nothing_back() -> None:
    bounds = Bounds()
    bounds.add(_spelling("", "执行数"))
    assert bounds.beyond_ascii and bounds.may_search("执行数") and not bounds.may_search("100")
    bounds.add(_spelling("", "[A-Z]+"))
    assert not bounds.beyond_ascii and bounds.may_search("100")


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_ascii_folds_to_ascii(text: str) -> None:
    assert fold_keep(text).isascii() and fold(text).isascii()


def test_every_ascii_character_folds_to_ascii() -> None:
    assert [code for code in range(128) if not fold_keep("a" + chr(code) + "b").isascii()] == []
