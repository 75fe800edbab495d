"""Scans and photos: the grid from pixels, the text where the OCR extra is installed, the way without it."""

import hashlib
import io
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import pdf, read
from pipeline.readers.scans import engine

FORMS = Path(__file__).parents[2] / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"


def source(data: bytes, media_type: str = "image/png") -> Source:
    return Source(hashlib.sha256(data).hexdigest(), ("a.png",), len(data), media_type, data)


def picture(width: int = 300, height: int = 200, kind: str = "PNG", mode: str = "RGB") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new(mode, (width, height), "white").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/tiff", "TIFF"), ("image/bmp", "BMP")],
)
def test_without_the_extra_an_image_says_what_to_install(media_type, kind, monkeypatch):
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceError) as caught:
        read(source(picture(kind=kind), media_type))
    assert caught.value.code == "needs_ocr"
    assert "pip install guibiao[ocr]" in caught.value.message("a.png")
    assert "rapidocr" in caught.value.detail


def test_without_the_extra_a_scanned_pdf_says_what_to_install(monkeypatch):
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    page = Canvas(out, pagesize=(300, 200), invariant=1)
    page.drawImage(ImageReader(io.BytesIO(picture())), 0, 0, 300, 200)
    # a scanner's mark is no text layer
    page.drawString(20, 10, "scanned by X")
    page.save()
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceError) as caught:
        pdf.read(source(out.getvalue(), "application/pdf"))
    assert caught.value.code == "needs_ocr"


def test_no_reader_loads_the_extra_by_being_imported():
    import subprocess
    import sys

    code = "import sys, pipeline.readers as r; r.readers(); sys.exit(bool({'cv2', 'rapidocr', 'onnxruntime'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


# what needs the pixels but not the text


def ruled(cells, xs, ys, dpi=200, *, turn=0.0, noise=0.0, quarter=0):
    """Return a grey page with a table drawn of cells (row, col, row_span, col_span), lines of it skewed by degrees."""
    np = pytest.importorskip("numpy")
    from PIL import Image, ImageDraw

    page = Image.new("L", (int(8.27 * dpi), int(5 * dpi)), 255)
    draw = ImageDraw.Draw(page)
    for row, col, row_span, col_span in cells:
        box = xs[col], ys[row], xs[col + col_span], ys[row + row_span]
        draw.rectangle(box, outline=0, width=2)
        # strokes like print, none as long as a rule
        for k in range(3):
            x = box[0] + 12 + 14 * k
            if x + 10 < box[2]:
                draw.line((x, box[1] + 12, x + 9, box[1] + 24), fill=0, width=2)
                draw.line((x + 4, box[1] + 10, x + 4, box[1] + 26), fill=0, width=2)
    page = page.rotate(turn, Image.Resampling.BICUBIC, fillcolor=255)
    if quarter:
        page = page.rotate(-90 * quarter, expand=True)
    pixels = np.asarray(page, np.float32)
    if noise:
        pixels = pixels * 0.75 + 40 + np.random.default_rng(7).normal(0, noise, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)


XS, YS = (120, 320, 520, 640, 900, 1300, 1500), (100, 140, 180, 260, 300, 340, 420, 700)
SPANS = [
    (0, 0, 1, 6), (1, 0, 2, 1), (1, 1, 1, 2), (1, 3, 1, 3), (2, 1, 1, 1), (2, 2, 1, 1), (2, 3, 1, 1),
    (2, 4, 1, 2), (3, 0, 4, 1), (3, 1, 1, 1), (3, 2, 1, 1), (3, 3, 1, 1), (3, 4, 1, 1), (3, 5, 1, 1),
    (4, 1, 1, 1), (4, 2, 1, 1), (4, 3, 1, 1), (4, 4, 1, 1), (4, 5, 1, 1), (5, 1, 1, 2), (5, 3, 1, 3),
    (6, 1, 1, 5),
]  # fmt: skip


def found(page, dpi=200):
    pytest.importorskip("cv2")
    from pipeline.readers.scans.ruled import find_tables
    from pipeline.readers.scans.straighten import straighten

    level = straighten(page, dpi)
    return level, find_tables(level.grey, level.dpi)


@pytest.mark.parametrize(
    ("turn", "noise"), [(0.0, 0.0), (1.0, 0.0), (-2.0, 6.0), (0.4, 12.0), (2.0, 12.0), (-4.5, 4.0)]
)
def test_grid_with_spans_from_a_skewed_noisy_page(turn, noise):
    _, tables = found(ruled(SPANS, XS, YS, turn=turn, noise=noise))
    (table,) = tables
    assert [span[:4] for span in table.spans] == SPANS
    assert not any(span.doubtful for span in table.spans)


def test_boxes_go_back_to_the_picture():
    from pipeline.readers.scans.places import around

    page = ruled(SPANS, XS, YS, turn=1.5)
    level, (table,) = found(page)
    flat, (straight,) = found(ruled(SPANS, XS, YS))
    import math

    middle = page.shape[1] / 2, page.shape[0] / 2
    for one, other in zip(table.spans, straight.spans, strict=True):
        box, want = around(level.back, table.box(one)), around(flat.back, straight.box(other))
        x, y = (want[0] + want[2]) / 2 - middle[0], (want[1] + want[3]) / 2 - middle[1]
        cos, sin = math.cos(math.radians(-1.5)), math.sin(math.radians(-1.5))
        assert (box[0] + box[2]) / 2 == pytest.approx(middle[0] + x * cos - y * sin, abs=4)
        assert (box[1] + box[3]) / 2 == pytest.approx(middle[1] + x * sin + y * cos, abs=4)


def test_a_turned_page_goes_back_to_the_picture():
    np = pytest.importorskip("numpy")
    from pipeline.readers.scans.straighten import Page, quarter_turned

    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for quarters in range(4):
        turned = quarter_turned(Page(grey, 200.0, np.eye(3)), quarters)
        for y in range(turned.grey.shape[0]):
            for x in range(turned.grey.shape[1]):
                was = turned.back @ np.array([x, y, 1.0])
                assert grey[int(was[1]), int(was[0])] == turned.grey[y, x]


def test_a_figure_that_is_no_tiling_is_in_doubt_and_tiles():
    from pipeline.readers.scans.ruled import _rectangles

    spans = sorted(_rectangles([(0, 0), (0, 1), (1, 0)], False))
    assert all(span.doubtful for span in spans)
    covered = [
        (r, c)
        for s in spans
        for r in range(s.row, s.row + s.row_span)
        for c in range(s.col, s.col + s.col_span)
    ]
    assert sorted(covered) == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("strokes", "sign"),
    [
        ([((10, 28), (20, 6))], "/"),
        ([((8, 16), (26, 16))], "—"),
        ([((15, 6), (15, 28))], None),
        ([((8, 10), (26, 10)), ((8, 22), (26, 22))], None),
        ([((2, 16), (21, 16)), ((23, 16), (42, 16))], "——"),
        ([((2, 16), (6, 16)), ((36, 16), (42, 16))], None),
        ([((10, 6), (20, 28))], None),
        ([((10, 28), (20, 6)), ((8, 16), (26, 16))], None),
        ([], None),
    ],
)
def test_placeholders_by_their_shape(strokes, sign):
    pytest.importorskip("cv2")
    import numpy as np
    from PIL import Image, ImageDraw

    from pipeline.readers.scans.strokes import placeholder

    image = Image.new("L", (44, 34), 0)
    for ends in strokes:
        ImageDraw.Draw(image).line(ends, fill=255, width=2)
    assert placeholder(np.asarray(image) > 0) == sign


def test_a_red_seal_is_paper_and_black_print_under_it_stays():
    np = pytest.importorskip("numpy")
    from pipeline.readers.scans.pictures import without_red

    colours = np.array(
        [[[255, 255, 255], [225, 30, 40], [20, 10, 10], [128, 128, 128], [0, 0, 200]]], np.uint8
    )
    assert without_red(colours).tolist() == [[255, 255, 20, 128, 0]]


def test_limits_and_damage():
    from pipeline.readers.scans import pictures

    def code(data: bytes) -> str:
        with pytest.raises(SourceError) as caught:
            list(pictures.open_pictures(data))
        return caught.value.code

    assert code(picture(20_000, 20_000, mode="1")) == "too_large"
    assert code(picture(10, 10)) == "unsupported"
    assert code(b"\x89PNG\r\n\x1a\nnothing") == "corrupt"
    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300), np.uint8)).save(out, "JPEG")
    assert code(out.getvalue()[: len(out.getvalue()) // 2]) == "truncated"


def test_pages_and_resolution_of_a_tiff():
    pytest.importorskip("numpy")
    from PIL import Image

    from pipeline.readers.scans.pictures import open_pictures

    out = io.BytesIO()
    pages = [Image.new("1", (1654, 2339), 1), Image.new("L", (2339, 1654), 200)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], dpi=(200, 200), compression="raw")
    read_ = list(open_pictures(out.getvalue()))
    assert [one.grey.shape for one in read_] == [(2339, 1654), (1654, 2339)]
    assert [round(one.dpi) for one in read_] == [200, 200]


def test_widths_of_brackets():
    from pipeline.readers.scans.widths import chinese_widths

    assert chinese_widths("(2020年度)") == "（2020年度）"
    assert chinese_widths("满意度(%)") == "满意度（%）"
    assert chinese_widths("f(x)=3,000.5") == "f(x)=3,000.5"
    assert chinese_widths("发(发放)", (0.99,) * 5) == "发(发放)"
    assert chinese_widths("会(场次)", (0.99, 0.51, 0.99, 0.99, 0.98)) == "会（场次）"
    assert chinese_widths("(%)", (0.99,) * 3, "满意度") == "（%）"
    assert chinese_widths("(A)") == "(A)"
    assert chinese_widths("其中:财政,拨款;") == "其中：财政，拨款;"


@pytest.mark.parametrize(
    ("text", "strokes", "doubtful"),
    [
        ("1", [((20, 6), (20, 28))], False),
        ("1", [((20, 6), (20, 28)), ((16, 10), (20, 6)), ((16, 28), (24, 28))], False),
        ("1", [((10, 28), (22, 6))], True),
        ("11", [((20, 6), (20, 28)), ((30, 6), (30, 28))], False),
        ("一", [((8, 16), (26, 16))], True),
        ("7", [((10, 28), (22, 6))], False),
    ],
)
def test_a_one_must_stand(text, strokes, doubtful):
    pytest.importorskip("cv2")
    import numpy as np
    from PIL import Image, ImageDraw

    from pipeline.readers.scans.strokes import is_doubtful

    image = Image.new("L", (44, 34), 0)
    for ends in strokes:
        ImageDraw.Draw(image).line(ends, fill=255, width=2)
    assert is_doubtful(text, np.asarray(image) > 0) == doubtful


# with the extra: what is read off a picture is what the text layer says

needs_ocr = pytest.mark.skipif(bool(engine.missing()), reason="the OCR extra is not installed")


def rendered(name: str, dpi: int = 200):
    from pypdfium2 import PdfDocument

    pdf_ = PdfDocument((FORMS / name).read_bytes())
    page = pdf_[0].render(scale=dpi / 72, rev_byteorder=True).to_pil().convert("RGB")
    pdf_.close()
    return page


def saved(page, dpi: int = 200, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    page.save(out, kind, **({"resolution": dpi} if kind == "PDF" else {"dpi": (dpi, dpi)}))
    return out.getvalue()


def rows_of(document):
    """Return the values of a document's forms and their rows, provenance aside."""
    from pipeline.extractors import extract
    from pipeline.matcher import match
    from pipeline.rulebook.index import Index
    from pipeline.rulebook.load import load_rulebook

    index = Index(load_rulebook())
    found = []
    for form in match(document, index):
        out = extract(form, index)
        assert not out.problems
        found.append((out.forms, out.rows))
    return found


@needs_ocr
@pytest.mark.slow
def test_a_rendered_form_gives_the_rows_of_its_text():
    page = rendered("form_1.pdf")
    document = read(source(saved(page)))
    text = read(source((FORMS / "form_1.pdf").read_bytes(), "application/pdf"))
    assert rows_of(document) == rows_of(text)
    assert [c[:4] for c in document.grids[0].cells] == [c[:4] for c in text.grids[0].cells]
    assert document.reader == "image/1" and document.pages == 1 and document.problems == ()
    for cell, other in zip(document.grids[0].cells, text.grids[0].cells, strict=True):
        assert (cell.confidence is None) == (not other.text.strip())
        assert cell.bbox == pytest.approx([edge * 200 / 72 for edge in other.bbox], abs=8)


@needs_ocr
@pytest.mark.slow
def test_a_scanned_page_of_a_pdf_gives_rows_and_text_pages_stay():
    from pypdfium2 import PdfDocument

    both = PdfDocument.new()
    both.import_pages(PdfDocument((FORMS / "form_1.pdf").read_bytes()))
    both.import_pages(PdfDocument(saved(rendered("form_2.pdf"), kind="PDF")))
    out = io.BytesIO()
    both.save(out)
    document = read(source(out.getvalue(), "application/pdf"))
    first, second = rows_of(document)
    assert [first] == rows_of(read(source((FORMS / "form_1.pdf").read_bytes(), "application/pdf")))
    assert [second[0]] == [
        one for one, _ in rows_of(read(source((FORMS / "form_2.pdf").read_bytes(), "application/pdf")))
    ]
    assert len(second[1]["indicators"]) == 13
    confidences = [{c.confidence is None for c in grid.cells if c.text} for grid in document.grids]
    assert confidences == [{True}, {False}]
    assert [grid.page for grid in document.grids] == [1, 2]


@needs_ocr
@pytest.mark.slow
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_read_upright(turn):
    page = rendered("form_1.pdf", 150)
    part = page.crop((0, 0, page.width, int(page.height * 0.30)))
    (grid,) = read(source(saved(part.rotate(turn, expand=True), 150))).grids
    texts = [cell.text for cell in grid.cells]
    assert texts[:3] == ["项目支出绩效自评表", "（2020年度）", "项目名称"]
    assert {"年初预算数", "全年执行数", "昌吉回族自治州人力资源和社会保障局"} <= set(texts)
    if turn == 180:
        # boxes are those of the picture as it is: the title stands at its foot
        assert grid.cells[0].bbox[1] > part.height * 0.7


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_a_table_cut_off_by_the_edge_of_the_picture_is_not_bent(share):
    page = ruled(SPANS, XS, YS)
    height = int(YS[-1] * share) if share < 1 else page.shape[0]
    _, (table,) = found(page[:height].copy())
    assert list(table.xs) == pytest.approx(XS, abs=3)
    whole = [y for y in YS if y < height]
    assert list(table.ys[: len(whole)]) == pytest.approx(whole, abs=3)


def test_keystone_is_taken_out():
    cv2 = pytest.importorskip("cv2")
    import numpy as np

    page = ruled(SPANS, XS, YS)
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[40, 20], [width - 60, 0], [width, height], [0, height - 25]], np.float32)
    bent = cv2.warpPerspective(
        page, cv2.getPerspectiveTransform(corners, seen), (width, height), borderValue=255
    )
    _, (table,) = found(bent)
    assert [span[:4] for span in table.spans] == SPANS


def test_a_cell_narrower_than_its_walls_holds_no_ink():
    pytest.importorskip("cv2")
    numpy = pytest.importorskip("numpy")
    from pipeline.readers.scans.writing import own_ink

    dark = numpy.ones((20, 20), bool)
    assert not own_ink(dark, (5.0, 5.0, 5.0, 15.0), 200).any()
    assert not own_ink(dark, (9.0, 9.0, 4.0, 4.0), 200).any()
