"""Reading must not depend on the machine's fonts; rendering must have them."""

import subprocess
import sys
from itertools import islice

from pipeline.readers.pages import plumber
from pipeline.readers.pages.pdfium import read_inks
from pipeline.readers.pages.pdfium_fonts import collection, fonts_of_the_machine
from tests.synthetic import FOLDER

# 宋体 by name only, as in most printed forms
FORM = FOLDER / "pdf" / "ditto_marks.pdf"

INK = """
import sys
from pypdfium2 import PdfDocument
pixels = PdfDocument(sys.argv[1])[0].render(scale=1.0, grayscale=True).to_numpy()
print(int((pixels < 128).sum()))
"""


def dark_pixels(data: bytes) -> int:
    """Return how many pixels of the first page are dark."""
    from pypdfium2 import PdfDocument

    pdf = PdfDocument(data)
    page = pdf[0]
    dark = int((page.render(scale=1.0, grayscale=True).to_numpy() < 128).sum())
    page.close()
    pdf.close()
    return dark


def test_a_character_is_as_tall_and_wide_as_the_file_says_whatever_fonts_are_installed() -> None:
    (ink,) = islice(read_inks(FORM.read_bytes()), 1)
    chinese = [char for char in ink.chars if "\u4e00" <= char[0] <= "\u9fff"]
    sizes = {(round(char[3] - char[1], 2), round(char[4] - char[2], 2)) for char in chinese}
    # an em wide, ascent and descent of the font's descriptor tall: one pair for each print size
    assert len(sizes) == len({wide for wide, _ in sizes}) <= 4


def test_the_same_word_in_two_rows_is_read_twice() -> None:
    data = FORM.read_bytes()
    (ink,), (reference,) = islice(read_inks(data), 1), islice(plumber.read_inks(data), 1)
    marks, expected = ([char for char in one.chars if char[0] == "〃"] for one in (ink, reference))
    assert len(marks) == len(expected) > 10


def test_a_page_is_rendered_with_the_fonts_of_the_machine_while_it_is_read_without() -> None:
    data = FORM.read_bytes()
    inks = read_inks(data)
    before = next(inks)
    command = [sys.executable, "-c", INK, str(FORM)]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    with fonts_of_the_machine():
        assert dark_pixels(data) == int(alone.stdout)
    inks.close()
    assert next(iter(read_inks(data))) == before


def test_who_renders_after_a_page_was_read_has_the_fonts_of_the_machine() -> None:
    data = FORM.read_bytes()
    list(read_inks(data))
    alone = subprocess.run([sys.executable, "-c", INK, str(FORM)], capture_output=True, text=True, check=True)
    assert dark_pixels(data) == int(alone.stdout)


def test_the_font_is_a_collection_that_pdfium_can_tell_from_others() -> None:
    whole, start = collection()
    assert whole.startswith(b"ttcf") and len(whole) >= 1024
    assert whole[start : start + 4] == b"\0\1\0\0"
