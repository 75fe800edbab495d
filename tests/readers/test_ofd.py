"""The OFD reader: places, templates, composite graphics, what is refused, what is doubted."""

import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from drawn_ofd import (
    MM,
    NS,
    from_inks,
    layer,
    line_object,
    package,
    page_part,
    source,
    table_objects,
    text_object,
)

from pipeline.errors import SourceError
from pipeline.readers import ofd
from pipeline.readers.pages import ofd_objects, ofd_package
from pipeline.readers.pages.ofd_objects import deltas
from pipeline.readers.pages.pdfium import read_inks
from pipeline.sources import Scan

ROOT = Path(__file__).parents[2]
FORMS = ROOT / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"
SPECIMENS = ROOT.parent / "shared" / "specimens" / "ofd"
ROWS = [["项目名称", "道路养护", "得分"], ["年初预算数", "1,234.50", "10"], ["", "≥98%", "9"]]
TABLE = table_objects(20, 30, (40, 50, 30), (10, 10, 10), ROWS)


def read(data):
    return ofd.read(source(data))


def texts(doc):
    return [[(c.row, c.col, c.text) for c in grid.cells] for grid in doc.grids]


EXPECTED = [[(r, c, text) for r, row in enumerate(ROWS) for c, text in enumerate(row)]]


def test_a_table_with_pages_and_boxes_in_points():
    doc = read(package([page_part(layer(TABLE, text_object("项目支出绩效自评表", 60, 20, 6)))]))
    assert texts(doc) == EXPECTED
    first = doc.grids[0].cells[0]
    assert first.bbox == pytest.approx((20 / MM, 30 / MM, 60 / MM, 40 / MM), abs=0.1)
    assert (first.page, doc.pages, doc.reader, doc.problems) == (1, 1, f"ofd/{ofd.VERSION}", ())
    assert [(block.text, block.before_grid) for block in doc.blocks] == [("项目支出绩效自评表", 0)]


@pytest.mark.parametrize("name", ["form_1.pdf", "form_2.pdf"])
def test_a_form_gives_the_grids_of_its_pdf(name):
    from pipeline.model import Source
    from pipeline.readers import pdf

    data = (FORMS / name).read_bytes()
    theirs = pdf.read(Source("0" * 64, (name,), len(data), "application/pdf", data))
    doc = read(from_inks(read_inks(data)))
    assert [[(c[:5], c.page) for c in grid.cells] for grid in doc.grids] == [
        [(c[:5], c.page) for c in grid.cells] for grid in theirs.grids
    ]
    assert [block.text for block in doc.blocks] == [block.text for block in theirs.blocks]


def test_a_scanned_folder_gives_the_media_type(tmp_path):
    (tmp_path / "form.zip").write_bytes(package([page_part(layer(TABLE))]))
    assert [found.media_type for found in Scan((tmp_path,))] == ["application/ofd"]


def test_matrices_scale_and_move():
    inner = text_object("财政拨款", 0, 12, 12, boundary=(0, 0), attributes='CTM="0.3528 0 0 0.3528 0 0"')
    moved = inner.replace('Boundary="0 0', 'Boundary="50 60')
    doc = read(package([page_part(layer(moved))]))
    assert doc.blocks[0].text == "财政拨款"
    x0, _, x1, bottom = doc.blocks[0].bbox
    assert (x0 * MM, x1 * MM) == pytest.approx((50, 50 + 4 * 12 * 0.3528), abs=0.1)
    assert bottom * MM == pytest.approx(60 + (12 + 0.14 * 12) * 0.3528, abs=0.1)


def test_templates_page_blocks_and_composites_are_drawn():
    template = page_part(layer(table_objects(20, 30, (40, 50, 30), (10, 10, 10), [])))
    unit = (
        f'<ofd:Res {NS}><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="77" Width="9" Height="9">'
        f"<ofd:Content>{text_object('乙', 1, 5)}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits></ofd:Res>"
    )
    composite = '<ofd:CompositeObject ID="5" ResourceID="77" Boundary="60 40 20 8"/>'
    block = f'<ofd:PageBlock ID="3">{text_object("甲", 21, 35)}{composite}</ofd:PageBlock>'
    page = page_part(layer(block), extra='<ofd:Template TemplateID="8" ZOrder="Background"/>')
    data = package(
        [page, page],
        '<ofd:DocumentRes>Res.xml</ofd:DocumentRes><ofd:TemplatePage ID="8" BaseLoc="Tpls/T.xml"/>',
        {"Doc_0/Res.xml": unit, "Doc_0/Tpls/T.xml": template},
    )
    doc = read(data)
    cells = [c for grid in doc.grids for c in grid.cells if c.text]
    assert [(c.text, c.page) for c in cells if c.page == 1] == [("甲", 1), ("乙", 1)]


def test_filled_shapes_are_rules_and_curves_are_none():
    """Rules drawn as thin filled rectangles close cells; a seal's outline does not."""
    rect = (
        '<ofd:PathObject ID="2" Boundary="{0} {1} {2} {3}" Stroke="false" Fill="true"><ofd:AbbreviatedData>'
        "M 0 0 L {2} 0 L {2} {3} L 0 {3} C</ofd:AbbreviatedData></ofd:PathObject>"
    )
    rules = [rect.format(20, y, 80, 0.3) for y in (30, 40)] + [
        rect.format(x, 30, 0.3, 10) for x in (20, 60, 100)
    ]
    seal = (
        '<ofd:PathObject ID="2" Boundary="120 30 30 30"><ofd:AbbreviatedData>M 0 0 L 30 0 B 30 5 25 30 20 30 '
        "L 0 30 L 0 0</ofd:AbbreviatedData></ofd:PathObject>"
    )
    doc = read(
        package([page_part(layer(*rules, seal, text_object("甲", 25, 37), text_object("印", 130, 45)))])
    )
    assert texts(doc) == [[(0, 0, "甲"), (0, 1, "")]]


def test_bold_by_overprinting_is_read_once():
    twice = [text_object("建筑工程", 30 + shift, 50, 4) for shift in (0, 0.1)]
    assert [b.text for b in read(package([page_part(layer(*twice))])).blocks] == ["建筑工程"]


def test_text_that_is_not_seen_is_not_read():
    hidden = [
        text_object("隐藏", 30, 60, attributes='Visible="false"'),
        text_object("透明", 30, 70, attributes='Alpha="0"'),
        text_object("不填", 30, 80, attributes='Fill="false"'),
    ]
    doc = read(package([page_part(layer(text_object("可见", 30, 50), *hidden))]))
    assert [b.text for b in doc.blocks] == ["可见"]


def test_a_watermark_and_remarks_stay_out_of_the_cells():
    mark = text_object("内部资料", 30, 45, 14, attributes='CTM="0.8 0.6 -0.6 0.8 0 0"')
    notes = {
        "Doc_0/Annots.xml": f'<ofd:Annotations {NS}><ofd:Page PageID="0"><ofd:FileLoc>A.xml</ofd:FileLoc>'
        "</ofd:Page></ofd:Annotations>",
        "Doc_0/A.xml": f'<ofd:PageAnnot {NS}><ofd:Annot Type="Stamp" ID="4"><ofd:Appearance Boundary="20 30 9 9">'
        f"{text_object('已阅', 21, 35)}</ofd:Appearance></ofd:Annot></ofd:PageAnnot>",
    }
    tail = "<ofd:Annotations>Annots.xml</ofd:Annotations>"
    doc = read(package([page_part(layer(TABLE, mark))], parts=notes, tail=tail))
    assert texts(doc) == EXPECTED
    assert [b.text for b in doc.blocks] == ["内部资料", "已阅"]


def test_a_page_on_its_side_is_read_upright():
    """A landscape table stored on a portrait page, each object turned by its matrix."""
    turned = '<ofd:CompositeObject ID="5" ResourceID="77" Boundary="200 0 200 290" CTM="0 1 -1 0 0 0"/>'
    unit = (
        f'<ofd:Res {NS}><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="77" Width="9" Height="9">'
        f"<ofd:Content>{TABLE}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits></ofd:Res>"
    )
    common = "<ofd:PublicRes>Res.xml</ofd:PublicRes>"
    doc = read(package([page_part(layer(turned))], common, {"Doc_0/Res.xml": unit}))
    assert texts(doc) == EXPECTED


def test_pictures_only_need_ocr():
    image = '<ofd:ImageObject ID="3" Boundary="0 0 210 297" CTM="210 0 0 297 0 0" ResourceID="4"/>'
    with pytest.raises(SourceError) as caught:
        read(package([page_part(layer(image))]))
    assert caught.value.code == "needs_ocr"


def test_text_by_glyph_number_and_private_use_are_named():
    transform = '<ofd:CGTransform CodePosition="0" CodeCount="2" GlyphCount="2"><ofd:Glyphs>5 6</ofd:Glyphs></ofd:CGTransform>'
    pages = [
        page_part(layer(text_object("普通", 30, 50))),
        page_part(layer(text_object("字形", 30, 50, inner=transform))),
        page_part(layer(text_object("\ue001\ue002", 30, 50))),
    ]
    problems = read(package(pages)).problems
    assert len(problems) == 2
    assert "page 3" in problems[0] and "private" in problems[0]
    assert "page 2" in problems[1] and "CGTransform" in problems[1]


@pytest.mark.parametrize("broken", [None, "<ofd:Page", "no xml"])
def test_a_lost_page_costs_that_page(broken):
    doc = read(package([page_part(layer(TABLE)), broken]))
    assert texts(doc) == EXPECTED
    assert doc.pages == 2
    assert len(doc.problems) == 1 and "page 2" in doc.problems[0]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_entities_are_refused():
    page = page_part(layer(text_object("x", 10, 10))).replace("?>", "?>" + BOMB, 1).replace(">x<", ">&b;<")
    with pytest.raises(SourceError) as caught:
        read(package([page]))
    assert caught.value.code == "corrupt"
    assert "declaration" in str(caught.value)
    wide = page.encode("utf-16")
    with pytest.raises(SourceError):
        read(package([wide.replace("UTF-8".encode("utf-16-le"), "UTF-16".encode("utf-16-le"))]))


def test_limits(monkeypatch):
    data = package([page_part(layer(TABLE))] * 3)
    for module, name, value in (
        (ofd_package, "MAX_UNPACKED", 4000),
        (ofd_package, "MAX_PART", 1000),
        (ofd_package, "MAX_PAGES", 2),
        (ofd_objects, "MAX_OBJECTS", 5),
        (ofd_objects, "MAX_CHARS", 5),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            with pytest.raises(SourceError) as caught:
                read(data)
            assert caught.value.code == "too_large"


def test_composites_within_composites_end(monkeypatch):
    monkeypatch.setattr(ofd_objects, "MAX_OBJECTS", 3000)
    again = '<ofd:CompositeObject ID="5" ResourceID="77" Boundary="1 1 9 9"/>' * 3
    unit = (
        f'<ofd:Res {NS}><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="77" Width="9" Height="9">'
        f"<ofd:Content>{again}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits></ofd:Res>"
    )
    with pytest.raises(SourceError) as caught:
        read(
            package(
                [page_part(layer(again))], "<ofd:PublicRes>Res.xml</ofd:PublicRes>", {"Doc_0/Res.xml": unit}
            )
        )
    assert caught.value.code == "too_large"


def test_an_encrypted_package_is_named():
    extra = "<ofd:Encryptions>/Encryptions.xml</ofd:Encryptions>"
    with pytest.raises(SourceError) as caught:
        read(
            package(
                [page_part(layer(TABLE))], parts={"Doc_0/Document.xml": b"\x93\x01\x02"}, root_extra=extra
            )
        )
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize(
    ("written", "count", "expected"),
    [
        ("g 3 2.5", 4, [2.5, 2.5, 2.5, 2.5]),
        ("1 g 2 3 4", 4, [1, 3, 3, 4]),
        ("2", 3, [2, 2, 2]),
        (None, 3, []),
        ("g 1000000000 1", 2, [1, 1]),
        ("g x nan", 2, []),
        ("g", 1, [0]),
    ],
)
def test_deltas(written, count, expected):
    assert deltas(written, count) == expected


@pytest.mark.parametrize("keep", [1, 20, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_off_package_is_refused(keep):
    data = package([page_part(layer(TABLE))] * 2)
    with pytest.raises(SourceError) as caught:
        read(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    assert caught.value.code in ("truncated", "corrupt")


def test_damage_raises_no_other_error():
    data = package([page_part(layer(TABLE, line_object(1, 1, 9, 1)))] * 2)
    for at in range(0, len(data), 37):
        damaged = data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :]
        with suppress(SourceError):
            read(damaged)


def test_numbers_without_end_or_sense_are_survived():
    odd = text_object("甲乙", 10, 10).replace('Size="4.0"', 'Size="1e400"')
    wild = text_object("丙丁", 10, 20, code='DeltaX="1e308 1e308"', attributes='CTM="1e308 x 0 1e308"')
    path = line_object(0, 0, 5, 0).replace("M 0 0 L", "M 1e999 L L 5 Q 3")
    doc = read(package([page_part(layer(odd, wild, path, text_object("好", 10, 30)))]))
    assert "好" in [block.text for block in doc.blocks]


SHAPES = {"signout": [(11, 8, 34)], "z": [(5, 4, 20)], "1": [(4, 11, 18)], "h": "needs_ocr"}


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="no specimens here")
def test_specimens():
    for path in sorted(SPECIMENS.glob("*.ofd")):
        name = path.stem.partition("--")[2]
        try:
            doc = read(path.read_bytes())
        except SourceError as error:
            assert error.code == SHAPES.get(name)
            continue
        found = [
            (max(c.row + c.row_span for c in g.cells), max(c.col + c.col_span for c in g.cells), len(g.cells))
            for g in doc.grids
        ]
        assert found == SHAPES.get(name, found), name
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
            parts = [archive.read(n).decode("utf-8") for n in archive.namelist() if n.endswith("Content.xml")]
        assert any("TextCode" in part for part in parts)
