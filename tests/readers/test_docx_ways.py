from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_forms import RELS, STRICT, W, document, p, package, source, tbl, tc, tr, zipped
from word_reading import PLAIN_BODY, boxed, by_tokens, by_tree, para, read

from pipeline.errors import SourceError
from pipeline.readers import docx
from pipeline.readers.wordml import parsing
from pipeline.readers.wordml.tokens import GuardError

SPECIMENS = Path(__file__).parents[3] / "shared/specimens"


def test_strict_documents_read_the_same_both_ways() -> None:
    data = package(document(PLAIN_BODY).replace(W, STRICT))
    expected = read(PLAIN_BODY)
    for found in (by_tokens(data), by_tree(data)):
        assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_other_encodings(encoding: str) -> None:
    declared = "UTF-8" if encoding.startswith("utf-8") else encoding
    data = package(document(PLAIN_BODY).replace("UTF-8", declared).encode(encoding))
    found, expected = docx.read(source(data)), read(PLAIN_BODY)
    assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


def test_another_prefix_reads_the_same() -> None:
    xml = (
        document(PLAIN_BODY)
        .replace("<w:", "<x:")
        .replace("</w:", "</x:")
        .replace(" w:", " x:")
        .replace("xmlns:w=", "xmlns:x=")
    )
    found, expected = docx.read(source(package(xml))), read(PLAIN_BODY)
    assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


GUARDED = [
    '<w:p xmlns:x="' + W + '"><x:r/></w:p>',
    '<w:p xmlns:w="urn:other"/>',
    "<w:p><w:r><w:t>a<!-- b --></w:t></w:r></w:p>",
    "<w:p><w:r><w:t><![CDATA[a]]></w:t></w:r></w:p>",
    "<w:p><?x y?></w:p>",
    "<w:p><w:del/></w:p>",
    "<w:p><w:moveFrom/></w:p>",
    '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r></w:p>',
    "<w:p><w:r><w:fldChar><w:ffData/></w:fldChar></w:r></w:p>",
    '<w:p><w:r><w:sym w:font="Arial" w:char="0041"/></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:eastAsia="SimSun" w:hAnsi="Webdings"/></w:rPr></w:r></w:p>',
    "<w:p><w:r><w:rPr><w:rFonts w:cs='Symbol'/></w:rPr></w:r></w:p>",
    "<w:p><w:r><w:rPr><w:vanish/></w:rPr></w:r></w:p>",
    "<w:p><w:r><w:ruby/></w:r></w:p>",
    "<w:p><w:r><w:txbxContent/></w:r></w:p>",
    "<w:p><w:r><w:ptab/></w:r></w:p>",
    "<w:p><w:r><w:footnoteReference/></w:r></w:p>",
    "<w:p><w:r><w:endnoteReference/></w:r></w:p>",
    "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr></w:sdt>",
    "<w:altChunk/>",
    "<w:subDoc/>",
    "<mc:AlternateContent/>",
    "<w:p><m:oMath/></w:p>",
    "<w:p><w:r><w:t >a</w:t></w:r></w:p>",
    "<w:p><w:r><w:br w:clear='all'/></w:r></w:p>",
    "<w:p><w:r><w:cr /></w:r></w:p>",
    "<w:p><w:r><w:tab></w:tab></w:r></w:p>",
    "<w:p><w:r><w:tab /></w:r></w:p>",
    "<w:p><w:r><w:noBreakHyphen /></w:r></w:p>",
    tbl(tr(tc("a", "<w:tcPrChange/>"))),
    tbl(tr(tc("a"), properties="<w:trPrChange/>")),
    tbl(tr(tc("a"), properties='<w:del w:id="1"/>')),
    tbl(tr(tc("a", "<w:hMerge/>"))),
    tbl(tr(tc("a", "<w:gridSpan w:val='2'/>"))),
    tbl(tr(tc("a", "<w:vMerge w:val='restart'/>"))),
    tbl(tr(tc("a"), properties="<w:gridBefore w:val='1'/>")),
    tbl("<w:tr><w:tc/></w:tr>"),
    "<w:tbl />",
    tbl(tbl(tr(tc("a")))),
    tbl("<w:tc><w:tc></w:tc></w:tc>"),
    "<w:tc></w:tc>",
    "<w:tr></w:tr>",
    tbl('<w:tr><w:tc></w:tc><w:trPr><w:gridBefore w:val="1"/></w:trPr></w:tr>'),
]


@pytest.mark.parametrize("body", GUARDED)
def test_what_the_quick_way_cannot_read_goes_to_the_tree(body: str) -> None:
    with pytest.raises(GuardError):
        by_tokens(package(document(body + p("后"))))
    assert read(body + p("后")).blocks[-1].text == "后"


def test_an_undefined_entity_or_reference_is_an_error_not_text() -> None:
    for text in ("&nbsp;", "a & b", "&#0;", "&#xD800;"):
        with pytest.raises(SourceError) as caught:
            docx.read(source(package(document(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"))))
        assert caught.value.code == "corrupt"


def test_main_part_is_found_by_its_relationship() -> None:
    members = {
        "_rels/.rels": RELS.replace("word/document", "/word/document2"),
        "word/document2.xml": document(PLAIN_BODY),
    }
    found = docx.read(source(zipped(members)))
    assert len(found.grids) == 1 and found.grids[0].locator == "word/document2.xml tbl 1"
    assert (
        docx.read(source(zipped({"Word\\Document.xml": document(PLAIN_BODY)}))).grids
        == read(PLAIN_BODY).grids
    )


def test_a_large_part_is_streamed_to_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    control = f"<w:sdt><w:sdtContent>{p('控')}{tbl(tr(tc('甲')))}</w:sdtContent></w:sdt>"
    body = (
        PLAIN_BODY
        + control
        + "<w:bookmarkStart/>"
        + para(boxed(p("框")))
        + tbl(tr(tc(tbl(tr(tc("内"))) + p("外"))))
    )
    data = package(document(body))
    whole = by_tree(data)
    monkeypatch.setattr(parsing, "WHOLE_TREE", 0)
    assert by_tree(data) == whole
    for bad in ("<a/>", document(body)[:-9], '<!DOCTYPE w [<!ENTITY e "x">]>' + document(p("a"))[57:]):
        with pytest.raises(SourceError) as caught:
            by_tree(package(bad))
        assert caught.value.code == "corrupt"


# --- the two ways agree, and nothing but SourceError comes out ---

WORDS = st.sampled_from(["", "甲", " 乙 ", "≥98%", "a&b<c>", "\t", "x\ny"])
CELLS = st.deferred(lambda: st.one_of(WORDS, st.tuples(WORDS, TABLES, WORDS)))
MERGES = st.sampled_from(
    ["", "", "", "<w:vMerge/>", '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>', "<w:hMerge/>"]
)
ROWS = st.lists(st.tuples(CELLS, MERGES), max_size=3)
TABLES = st.lists(st.tuples(ROWS, st.sampled_from(["", '<w:gridBefore w:val="1"/>'])), max_size=3)
BODIES = st.lists(st.one_of(WORDS, TABLES), max_size=4)


def table_of(rows: list[tuple[list[tuple[object, str]], str]]) -> str:
    return tbl(*(tr(*(tc(inside(c), merge) for c, merge in row), properties=before) for row, before in rows))


def inside(content: object) -> str:
    if isinstance(content, str):
        return p(content)
    if isinstance(content, tuple):
        return p(content[0]) + table_of(content[1]) + p(content[2])
    assert isinstance(content, list)
    return table_of(content)


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_both_ways_agree_on_every_tree_of_tables(body: list[object]) -> None:
    read("".join(map(inside, body)))


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="the specimens are not here")
def test_real_files_read_the_same_both_ways() -> None:
    quick = 0
    for path in sorted(SPECIMENS.glob("**/*.doc[xm]")):
        data = path.read_bytes()
        try:
            found = docx.read(source(data))
        except SourceError as error:
            assert error.code in ("corrupt", "truncated", "encrypted", "too_large"), (path, error)
            continue
        assert found == by_tree(data), path
        try:
            by_tokens(data)
        except GuardError:
            continue
        quick += 1
    assert quick > 30
