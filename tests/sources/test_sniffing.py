import gzip
import io
import tarfile
from pathlib import Path

import made_files as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SOURCE_CODES, SourceError
from pipeline.model import Source
from pipeline.readers import refused
from pipeline.sources import sniff

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOC, XLS = "application/msword", "application/vnd.ms-excel"
HTML = "<html><head><meta charset=gb2312></head><body><table><tr><td>项目</td></tr></table></body></html>"
WORD_HTML = '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:x"><body>绩效</body></html>'
SHEET_HTML = '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><td>1</table></html>'
FORM = "\t项目支出绩效自评表\n\n\t项目名称\n\t访惠聚工作队经费\n" * 20
MHT = 'From: <Saved by WPS>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n'
EXCEL_XML = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
)
WORD_XML = (
    '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>'
)
ODT = made.zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})


def tar_of(name: str, data: bytes, form: int = tarfile.PAX_FORMAT) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return held.getvalue()


CASES = [
    ("html.doc", HTML.encode("gb18030"), "text/html"),
    ("html.xls", SHEET_HTML.encode(), "text/html"),
    ("word.doc", WORD_HTML.encode("utf-16"), "text/html"),
    ("unmarked.doc", WORD_HTML.encode("utf-16-le"), "text/html"),
    ("fragment.xls", "\r\n<table border=1><tr><td>得分</td></tr></table>".encode("gbk"), "text/html"),
    (
        "comment.htm",
        b"<!-- saved from url=(0022)http://x.gov.cn/ -->\r\n<html><body>1</body></html>",
        "text/html",
    ),
    ("xhtml.htm", b'<?xml version="1.0"?><!DOCTYPE html><html><body/></html>', "text/html"),
    ("docx.doc", made.docx(), DOCX),
    ("xlsx.xls", made.xlsx(), XLSX),
    ("doc.docx", made.word(), DOC),
    ("kingsoft.wps", made.word(), DOC),
    ("xls.xlsx", made.excel(), XLS),
    ("kingsoft.et", made.excel(), XLS),
    ("old.xls", made.compound(("Book", b"\x09\x08\x08\x00")), XLS),
    (
        "locked.docx",
        made.compound(("EncryptionInfo", b""), ("EncryptedPackage", b"")),
        "application/encrypted-ooxml",
    ),
    ("slides.ppt", made.compound(("PowerPoint Document", b"")), "application/vnd.ms-powerpoint"),
    ("letter.msg", made.compound(("__properties_version1.0", b"")), "application/vnd.ms-outlook"),
    ("other.doc", made.compound(("Something", b"")), "application/x-ole-storage"),
    ("word2.doc", b"\xdb\xa5\x2d\x00" + bytes(600), DOC),
    ("gbk.xls", FORM.encode("gb18030"), "text/plain"),
    ("utf16.txt", FORM.encode("utf-16"), "text/plain"),
    ("utf16be.txt", FORM.encode("utf-16-be"), "text/plain"),
    # 一 is 4E 00: beside ASCII it makes two zero bytes in a row that are no character
    ("utf16le1.txt", "\t一级指标\n\t二级指标\n\t10\n\t9.5\n\t一\n".encode("utf-16-le"), "text/plain"),
    ("utf16be1.txt", "\t一级指标\n\t二级指标\n\t10\n\t9.5\n\t一\n".encode("utf-16-be"), "text/plain"),
    ("big5.txt", "項目名稱\t得分\n".encode("big5"), "text/plain"),
    ("padded.txt", FORM.encode() + bytes(2), "text/plain"),
    ("letter.txt", "致：财政局\n".encode(), "text/plain"),
    ("mht.doc", MHT.encode(), "multipart/related"),
    ("mail.eml", b"Received: x\r\nFrom: a\r\nContent-Type: text/plain\r\n\r\nhi", "message/rfc822"),
    ("rtf.doc", rb"{\rtf1\ansi\ansicpg936 \'cf\'ee}", "application/rtf"),
    ("sheet.xls", EXCEL_XML.encode(), "application/vnd.ms-excel.xml2003"),
    ("sheet16.xls", EXCEL_XML.encode("utf-16"), "application/vnd.ms-excel.xml2003"),
    ("word.xml", WORD_XML.encode(), "application/vnd.ms-word.xml2003"),
    ("data.xml", b'<?xml version="1.0"?><data/>', "application/xml"),
    ("junk.pdf", b"\r\n\xef\xbb\xbf" + b"x" * 900 + b"%PDF-1.4\n", "application/pdf"),
    ("pdf.doc", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
    ("form.ofd", made.zipped({"OFD.xml": b"<x/>", "Doc_0/Document.xml": b"<x/>"}), "application/ofd"),
    ("text.doc", ODT, "application/vnd.oasis.opendocument.text"),
    ("many.doc", made.zipped({"2020/a.doc": b"1"}), "application/zip"),
    ("empty.zip", made.zipped({}), "application/zip"),
    ("a.tgz", gzip.compress(b"x"), "application/gzip"),
    ("a.bz2", b"BZh91AY&SY", "application/x-bzip2"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\x00\x04", "application/x-7z-compressed"),
    ("a.rar", made.stored_rar([("a.txt", b"x")]), "application/vnd.rar"),
    ("a.tar", tar_of("a.doc", b"x"), "application/x-tar"),
    (
        "v7.tar",
        tar_of("a.doc", b"x", tarfile.USTAR_FORMAT).replace(b"ustar\x0000", bytes(8)),
        "application/x-tar",
    ),
    ("x.doc", b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
    ("x.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    ("x.tif", b"II*\0\x08\0\0\0", "image/tiff"),
    ("x.bmp", b"BM\x36\x00\x00\x00\0\0\0\0", "image/bmp"),
    ("x.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ("x.bin", bytes(range(256)) * 8, "application/octet-stream"),
    ("zero.doc", bytes(5000), "application/octet-stream"),
    ("empty.doc", b"", "application/x-empty"),
]


@pytest.mark.parametrize(("name", "data", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bytes_tell_the_type_and_the_extension_does_not(name: str, data: bytes, expected: str) -> None:
    if name == "v7.tar":
        head = bytearray(data[:512])
        head[148:156] = b"%06o\0 " % (sum(head[:148]) + sum(head[156:]) + 256)
        data = bytes(head) + data[512:]
    assert sniff(data, name) == expected
    assert sniff(data, "x") == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/vnd.ms-excel.sheet.macroEnabled", "application/vnd.ms-excel.sheet.macroEnabled.12"),
        ("application/vnd.ms-word.document.macroEnabled", "application/vnd.ms-word.document.macroEnabled.12"),
    ],
)
def test_macro_documents_have_their_registered_type(content_type: str, expected: str) -> None:
    assert sniff(made.ooxml("xl/workbook.xml", content_type), "x.xlsm") == expected


@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        ("x.docx", made.docx, DOCX),
        ("x.xlsx", made.xlsx, XLSX),
        ("x.doc", made.word, DOC),
        ("x.xls", made.excel, XLS),
    ],
)
def test_a_file_cut_anywhere_keeps_its_type_so_that_its_reader_can_say_so(name, make, expected) -> None:
    whole = make()
    cuts = [2, 3, 7, *(len(whole) * tenth // 10 for tenth in range(1, 10)), len(whole) - 1]
    assert {sniff(whole[:cut], name) for cut in cuts} == {expected}


def test_a_cut_document_is_told_by_what_is_left_even_under_a_lying_extension() -> None:
    word, archive = made.word(), made.docx()
    assert sniff(word[: len(word) // 2], "x.xls") == DOC
    assert sniff(archive[: len(archive) - 40], "x.doc") == DOCX


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_damage_never_makes_sniffing_fail(case, data) -> None:
    name, whole, _ = case
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 6))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    assert "/" in sniff(bytes(broken[:cut]), name)


def source(name: str, data: bytes) -> Source:
    return Source("0" * 64, (name,), len(data), sniff(data, name), data)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.docx", made.compound(("EncryptedPackage", b"")), "encrypted"),
        ("a.gif", b"GIF89a\x01\x00", "needs_ocr"),
        ("a.ppt", made.compound(("PowerPoint Document", b"")), "unsupported"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "unsupported"),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", "unsupported"),
        ("a.doc", bytes(range(256)), "corrupt"),
        ("a.doc", bytes(100), "corrupt"),
    ],
)
def test_known_and_unreadable_media_get_their_code(name: str, data: bytes, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        refused.read(source(name, data))
    assert caught.value.code == code
    assert SOURCE_CODES[code][0] in caught.value.message(name)


SPECIMENS = Path(__file__).parents[2].parent / "shared" / "specimens"


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="specimens are not here")
def test_specimens_are_what_their_extension_says_with_known_exceptions() -> None:
    kinds = {".doc": DOC, ".xls": XLS, ".docx": DOCX, ".xlsx": XLSX, ".pdf": "application/pdf"}
    kinds |= {".ofd": "application/ofd", ".html": "text/html"}
    lies = set()
    for path in sorted(SPECIMENS.rglob("*")):
        if path.suffix in kinds and (found := sniff(path.read_bytes(), path.name)) != kinds[path.suffix]:
            lies.add((path.name[:25], found))
    assert lies == {
        ("bug53475-password-is-pass", "application/encrypted-ooxml"),
        ("bug53475-password-is-solr", "application/encrypted-ooxml"),
        ("clusterfuzz-testcase-mini", "application/x-ole-storage"),
        ("ex45698-22488.xls", "application/x-empty"),
    }
