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
