"""The stretches of plain cells give what the records give one by one."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers.sheets import biff
from pipeline.readers.sheets.biff import read_book, read_sheets
from pipeline.readers.sheets.columns import ColumnSheet
from pipeline.readers.sheets.stretches import PLAIN, Shown, put_stretch
from pipeline.readers.sheets.strings import shared_texts
from pipeline.readers.sheets.styles import Styles

Seen = list[tuple[list[tuple[int, str]], str]]


def record(code: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", code, len(body)) + body


BOF, EOF = record(0x0809, struct.pack("<HH12x", 0x0600, 0x10)), record(0x000A)
STRINGS = ["甲", "a", "", "乙丙"]
FORMATS = ["0.00", "0%", "@"]


def stream(cells: bytes) -> bytes:
    """Return a workbook of one sheet with these records, styles 0 to 3 (General and FORMATS)."""
    shared = b"".join(struct.pack("<HB", len(text), 1) + text.encode("utf-16-le") for text in STRINGS)
    codes = [(164 + at, code.encode("latin-1")) for at, code in enumerate(FORMATS)]
    head = BOF + b"".join(
        record(0x041E, struct.pack("<HHB", number, len(code), 0) + code) for number, code in codes
    )
    head += b"".join(
        record(0x00E0, struct.pack("<HH16x", 0, number)) for number in (0, *(number for number, _ in codes))
    )
    tail = record(0x00FC, struct.pack("<II", 4, 4) + shared) + EOF
    name = b"s"
    listed = record(0x0085, struct.pack("<IBBBB", 0, 0, 0, len(name), 0) + name)
    at = len(head) + len(listed) + len(tail)
    return head + listed[:4] + struct.pack("<I", at) + listed[8:] + tail + BOF + cells + EOF


ROWS, COLS, XFS = st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)
PACKED = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from((0x3FF00000, 1002, 4003)))
RECORDS = st.one_of(
    st.builds(
        lambda *cell: record(0x00FD, struct.pack("<HHHI", *cell)),
        ROWS,
        COLS,
        XFS,
        st.one_of(st.integers(0, 4), st.just(0x10001)),
    ),
    st.builds(
        lambda *cell: record(0x0203, struct.pack("<HHHd", *cell)),
        ROWS,
        COLS,
        XFS,
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.builds(lambda *cell: record(0x027E, struct.pack("<HHHI", *cell)), ROWS, COLS, XFS, PACKED),
    st.builds(
        lambda row, col, items: record(
            0x00BD,
            struct.pack("<HH", row, col)
            + b"".join(struct.pack("<HI", *item) for item in items)
            + struct.pack("<H", col + len(items) - 1),
        ),
        ROWS,
        COLS,
        st.lists(st.tuples(XFS, PACKED), min_size=1, max_size=4),
    ),
    st.builds(lambda row, col: record(0x0201, struct.pack("<HHH", row, col, 0)), ROWS, COLS),
    st.builds(
        lambda row, count: record(0x00BE, struct.pack("<HH", row, 0) + bytes(2 * count + 2)), ROWS, COLS
    ),
    st.just(record(0x0208, bytes(16))),
    st.builds(lambda count: record(0x00D7, bytes(4 + 2 * count)), COLS),
    st.builds(lambda size: record(0x00FD, bytes(size)), st.integers(0, 12)),  # not of the usual shape
    st.builds(lambda size: record(0x00BD, bytes(size)), st.integers(4, 30)),
    st.just(record(0x0006, struct.pack("<HHHd8x", 1, 1, 1, 0.5))),
    st.just(record(0x00E5, struct.pack("<HHHHH", 1, 0, 1, 2, 3))),
    st.just(record(0x1234, b"\xfd\0\x0a")),
)


def seen(data: bytes, plain: frozenset[int]) -> Seen:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(biff, "PLAIN", plain)
        return [
            (sorted(sheet.texts.items()), f"{problem}{sheet.merges}")
            for sheet, problem in read_sheets(read_book(data))
        ]


@given(st.lists(RECORDS, max_size=40), st.one_of(st.none(), st.integers(0, 400)))
def test_stretches_give_what_single_records_give(records: Sequence[bytes], cut: int | None) -> None:
    data = stream(b"".join(records))
    if cut is not None:
        data = data[: len(data) - min(cut, sum(map(len, records)))]
    assert seen(data, PLAIN) == seen(data, frozenset())


def test_a_stretch_is_as_long_as_its_records() -> None:
    def end(data: bytes, stop: int) -> int:
        sheet = ColumnSheet("s", 1)
        shown = Shown(Styles((), {}))
        return put_stretch(data, 0, stop, sheet, STRINGS, shown, lambda *_: None)

    cells = record(0x00FD, struct.pack("<HHHI", 0, 0, 0, 1)) + record(0x0208, bytes(16))
    assert end(cells + EOF, len(cells) + 4) == len(cells)
    assert end(cells, len(cells) - 1) == 14
    assert end(cells[14:], 20) == 20
    assert end(EOF, 4) == 0


def test_a_cell_written_twice_keeps_the_later_value() -> None:
    number, label = (
        record(0x0203, struct.pack("<HHHd", 0, 0, 1, 2.5)),
        record(0x00FD, struct.pack("<HHHI", 0, 0, 0, 3)),
    )
    assert seen(stream(number + label), PLAIN)[0][0] == [(0, "乙丙")]
    assert seen(stream(label + number), PLAIN)[0][0] == [(0, "2.50")]


def test_what_looks_like_a_cell_within_another_record_is_none() -> None:
    label = record(0x00FD, struct.pack("<HHHI", 2, 2, 0, 1))
    for hidden in (record(0x0208, label + b"\0\0"), record(0x0208, b"\0\0" + label)):
        for cells in (hidden, hidden + hidden, hidden + record(0x0201, bytes(6))):
            assert seen(stream(cells), PLAIN) == seen(stream(cells), frozenset()) == [([], "[]")]
            assert len(seen(stream(cells + label + hidden), PLAIN)[0][0]) == 1


@pytest.mark.parametrize("units", [[0xD800], [0x4E59, 0xD800], [0xDC00, 0x4E59], [0xD800, 0x4E59]])
def test_half_a_surrogate_pair_is_a_replacement_and_the_strings_behind_it_are_whole(units: list[int]) -> None:
    def shared(*texts: bytes) -> list[str]:
        body = b"".join(struct.pack("<HB", len(text) // 2, 1) + text for text in texts)
        return shared_texts([struct.pack("<II", len(texts), len(texts)) + body])

    half = struct.pack(f"<{len(units)}H", *units)
    marked = "\ufeff甲".encode("utf-16-le")
    whole = "乙丙".encode("utf-16-le")
    expected = "".join("\ufffd" if 0xD800 <= unit < 0xE000 else chr(unit) for unit in units)
    assert shared(whole, half, whole) == ["乙丙", expected, "乙丙"]
    assert shared(whole, half, marked) == ["乙丙", expected, "\ufeff甲"]
