"""A long PDF costs no more memory than its longest page and its text; a bad page costs that page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.readers.pages.pdfium import read_inks
from tests.readers.drawn_pdf import canvas, finish, plain, table
from tests.readers.test_pdf import read

PAGES = 500
PEAK = """
import re, sys
from pathlib import Path
from pipeline.model import Source
from pipeline.readers import pdf
data = Path(sys.argv[1]).read_bytes()
found = pdf.read(Source("0" * 64, ("long.pdf",), len(data), "application/pdf", data))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]  # getrusage would count the parent's
print(found.pages, len(found.grids), int(peak) // 1024)
"""


def report(pages: int) -> bytes:
    """Return a report of so many pages, 30 rows of 4 cells on each."""
    page, buffer = canvas()
    for number in range(1, pages + 1):
        rows = [[f"第{number}页第{row}项", "资金使用合规率", "≥95%", "13.00"] for row in range(30)]
        table(page, 60, 80, (140, 160, 80, 80), (20,) * 30, plain(rows))
        page.showPage()
    return finish(page, buffer)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is counted in KiB on Linux")
def test_five_hundred_pages_stay_below_500_mb(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(report(PAGES))
    done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    pages, grids, peak = map(int, done.stdout.split())
    assert (pages, bool(grids)) == (PAGES, True)
    assert peak < 500


def test_a_page_is_closed_before_the_next_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.readers.pages import pdfium

    usual, calls = pdfium.call, []

    def noted(name: str) -> object:
        if name in ("FPDF_LoadPage", "FPDF_ClosePage"):
            calls.append(name)
        return usual(name)

    monkeypatch.setattr(pdfium, "call", noted)
    assert len(list(read_inks(report(3)))) == 3
    assert calls == ["FPDF_LoadPage", "FPDF_ClosePage"] * 3


def test_a_page_that_cannot_be_loaded_costs_that_page() -> None:
    data = report(3)
    # the second page's object is no page any more; nothing else moves
    places = [found.start() for found in re.finditer(rb"/Type /Page\b", data)]
    assert len(places) == 3
    damaged = data[: places[1]] + b"/Type /Pgae" + data[places[1] + 11 :]
    kids = re.search(rb"/Kids \[ (\d+ 0 R) (\d+ 0 R) (\d+ 0 R)", damaged)
    assert kids
    damaged = damaged.replace(kids[2], b"0" * (len(kids[2]) - 4) + b" 0 R")
    found = read(damaged, "pdfium")
    assert found.problems and "page 2" in found.problems[0]
    texts = {cell.text for grid in found.grids for cell in grid.cells}
    assert {"第1页第0项", "第3页第29项"} <= texts
    assert not any(text.startswith("第2页") for text in texts)
