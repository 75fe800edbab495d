"""Web archives: transfer encodings, frames, charsets, damage."""

import base64
import hashlib
import quopri
import random

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import mht

TABLE = (
    '<html><head><meta http-equiv=Content-Type content="text/html; charset=gb2312"></head><body>'
    "<p>项目支出绩效自评表</p><table><tr><td rowspan=2>项目资金</td><td>年初预算数</td></tr>"
    "<tr><td>100.00</td></tr></table></body></html>"
)


def part(body, encoding="base64", content_type="text/html", **headers):
    if encoding == "base64":
        coded = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        coded = quopri.encodestring(body)
    else:
        coded = body
    lines = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + coded


def archive(*parts, start="", closed=True):
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=_x"; type="text/html"{start}\r\n\r\n'
    body = b"".join(b"----=_x\r\n" + one + b"\r\n" for one in parts)
    return head.encode() + body + (b"----=_x--\r\n" if closed else b"")


def read(data):
    return mht.read(
        Source(hashlib.sha256(data).hexdigest(), ("a.mht",), len(data), "multipart/related", data)
    )


def cells(grid):
    return [tuple(cell)[:5] for cell in grid.cells]


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit", "binary"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_transfer_encodings_and_a_lying_charset(transfer, encoding):
    content_type = 'text/html; charset="gb2312"'
    document = read(
        archive(
            part(TABLE.encode(encoding), transfer, content_type), part(b"\x89PNG", content_type="image/png")
        )
    )
    assert cells(document.grids[0]) == [
        (0, 0, 2, 1, "项目资金"),
        (0, 1, 1, 1, "年初预算数"),
        (1, 1, 1, 1, "100.00"),
    ]
    assert [block.text for block in document.blocks] == ["项目支出绩效自评表"]
    assert (document.reader, document.problems) == ("mht/1", ())
    assert document.grids[0].locator == "table 1"


def test_the_start_part_is_the_page():
    data = archive(
        part("<p>别的</p>".encode(), Content_ID="<other>"),
        part(TABLE.encode("gb18030"), Content_ID="<main@x>"),
        start='; start="<main@x>"',
    )
    assert [block.text for block in read(data).blocks] == ["项目支出绩效自评表"]


def test_frames_are_read_in_order_and_named():
    root = '<html><frameset rows="*,39"><frame src="Book1.files/sheet001.htm"><frame src="Book1.files/tabstrip.htm">'
    root += '<frame src="cid:frame-7@x"></frameset></html>'
    sheet = "<table><tr><td>{}</td></tr></table>"
    data = archive(
        part(root.encode(), Content_Location="file:///C:/Book1.htm"),
        part(b"<p>advertisement</p>", Content_Location="http://ads/ad.htm"),
        part(sheet.format("表一").encode(), Content_Location="file:///C:/Book1.files/sheet001.htm"),
        part(sheet.format("Sheet1").encode(), Content_Location="file:///C:/Book1.files/tabstrip.htm"),
        part(sheet.format("表二").encode(), Content_ID="<frame-7@x>", Content_Location="http://a/b.htm"),
    )
    document = read(data)
    assert [(grid.index, grid.cells[0].text, grid.locator) for grid in document.grids] == [
        (0, "表一", "sheet001.htm table 1"),
        (1, "表二", "b.htm table 1"),
    ]
    assert document.blocks == ()


def test_a_letter_with_a_single_html_part():
    assert read(part(TABLE.encode("gb18030"))).grids[0].cells[0].text == "项目资金"


def test_an_archive_without_its_end_is_partial():
    document = read(archive(part(TABLE.encode("gb18030")), closed=False))
    assert len(document.grids) == 1
    assert document.problems == ("the web archive is cut off: its closing boundary is missing",)


def test_no_html_part_is_corrupt():
    for data in (archive(part(b"x", content_type="image/png")), b"MIME-Version: 1.0\r\n\r\n"):
        with pytest.raises(SourceError) as caught:
            read(data)
        assert caught.value.code == "corrupt"


def test_mutated_archives_give_a_document_or_a_source_error():
    rng = random.Random(3)
    base = archive(
        part(TABLE.encode("gb18030")),
        part(TABLE.encode(), "quoted-printable"),
        part(b"GIF", content_type="image/gif"),
    )
    outcomes = set()
    for _ in range(400):
        data = bytearray(base)
        for _ in range(rng.randint(1, 10)):
            at = rng.randrange(len(data))
            kind = rng.randrange(3)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                del data[at : at + rng.randint(1, 200)]
            else:
                data[at:at] = data[: rng.randint(1, 200)]
            data = data or bytearray(b"\n")
        try:
            read(bytes(data))
            outcomes.add("read")
        except SourceError as error:
            outcomes.add(error.code)
    assert {"read", "corrupt"} <= outcomes
