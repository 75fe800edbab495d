"""Make an archive full of lies: wrong names, locked, empty and cut files, bombs, loops, among good documents."""

import base64
import os
import shutil
import socket
import struct
import zlib
from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures"
BENCHMARK = FIXTURES / "benchmark"
CUTS = 10
CUT_MEDIA = ("docx", "doc", "xls", "xlsx", "pdf", "zip", "html")
GOOD = [f"model_2020.{medium}" for medium in ("txt", "docx", "doc", "xls", "xlsx", "html", "pdf")]
GBK_MEMBERS = ("学校/绩效自评表.txt", "小学.txt")
# lying name -> the file behind it
MISNAMED = {
    "lies/网页.doc": "three_columns.html",
    "lies/网页.xls": "wide_table.html",
    "lies/新格式.doc": "three_columns.docx",
    "lies/新格式.xls": "three_columns.xlsx",
    "lies/旧格式.xlsx": "three_columns.xls",
    "lies/旧格式.docx": "three_columns.doc",
    "lies/版式.doc": "three_columns.pdf",
    "lies/文本.doc": "three_columns.txt",
}


def whole(name: str) -> bytes:
    """Return a file of the public benchmark."""
    return (BENCHMARK / name.rpartition(".")[2] / name).read_bytes()


def text() -> str:
    """Return a form as text."""
    return whole("two_levels.txt").decode("utf-8")


def web_archive(page: bytes) -> bytes:
    """Return a web page as a browser saves it in one file."""
    return (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="=_1"; type="text/html"\r\n\r\n--=_1\r\n'
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\nContent-Location: file:///C:/a.htm\r\n\r\n"
        + base64.encodebytes(page).replace(b"\n", b"\r\n")
        + b"\r\n--=_1--\r\n"
    )


def rich_text(table: str) -> bytes:
    """Return an RTF file of one paragraph and one table of two cells."""
    units = "".join(f"\\u{ord(char)}?" for char in table)
    row = rf"\trowd\cellx3000\cellx6000\intbl {units}\cell 12.5\cell\row\pard "
    return f"{{\\rtf1\\ansi\\ansicpg936\\deff0 {units}\\par {row}}}".encode("ascii")


def locked_doc() -> bytes:
    """Return a Word document whose header says that it is encrypted and obfuscated."""
    from tests.readers.word_binary import Doc, Part, build

    return build(Doc([Part("x\r")], flags=0x8100))


def locked_pdf() -> bytes:
    """Return a PDF that needs a password to be opened."""
    from tests.readers.drawn_pdf import canvas, finish

    page, buffer = canvas(encrypt="secret")
    page.drawString(100, 100, "locked")
    page.showPage()
    return finish(page, buffer)


def zeros(size: int, wrap: int) -> tuple[bytes, int]:
    """Return so many zero bytes deflated, and their CRC; ``wrap`` is zlib's. Costs one block: the rest repeats it."""
    block = 64 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, wrap)
    head = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(size // block if size <= 1 << 30 else 0):
        crc = zlib.crc32(bytes(block), crc)
    return head + again * (size // block - 1) + packer.flush(), crc


def bomb(name: bytes, members: int, *, declared: int | None = None) -> bytes:
    """Return a ZIP with members of one gigabyte of zeros each, a thousandth of it packed; ``declared`` lies."""
    packed, crc = zeros(1 << 30, -15)
    size = 1 << 30 if declared is None else declared
    body, directory = [], []
    offset = 0
    for number in range(members):
        title = name % number if b"%d" in name else name
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), size, len(title), 0)
        directory.append(b"PK\x01\x02" + struct.pack("<H", 20) + common)
        directory.append(struct.pack("<HHHII", 0, 0, 0, 0, offset) + title)
        body += [b"PK\x03\x04" + common + title, packed]
        offset += 30 + len(title) + len(packed)
    listing = b"".join(directory)
    end = struct.pack("<HHHHIIH", 0, 0, members, members, len(listing), offset, 0)
    return b"".join([*body, listing, b"PK\x05\x06" + end])


def bombs() -> dict[str, bytes]:
    """Return path -> a small file that unfolds into gigabytes."""
    gz = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zeros(10 << 30, -15)[0] + bytes(8)
    return {
        "bombs/十个G.zip": bomb(b"%d.doc", 10),
        "bombs/谎报大小.zip": bomb(b"%d.doc", 2, declared=1000),
        "bombs/十个G.txt.gz": gz,
        "bombs/炸弹.docx": bomb(b"word/document.xml", 1),
    }


def cut_source(medium: str) -> bytes:
    """Return the whole file that is cut."""
    from tests.sources.made_files import zipped

    if medium == "zip":
        return zipped(
            {name: whole(name) for name in ("two_levels.doc", "two_levels.docx", "two_levels.html")}
        )
    return whole(f"two_levels.{medium}")


def cut_files() -> dict[str, bytes]:
    """Return path -> a file cut off, at ten places for each medium."""
    found = {}
    for medium in CUT_MEDIA:
        data = cut_source(medium)
        for place in range(1, CUTS + 1):
            found[f"cut/{medium}{place:02}.{medium}"] = data[: len(data) * place // (CUTS + 1)]
    return found


def misnamed() -> dict[str, bytes]:
    """Return lying path -> bytes of what is another format, or seems locked and is not."""
    from tests.readers.locked_books import locked as locked_book

    return {
        **{path: whole(name) for path, name in MISNAMED.items()},
        "lies/单文件网页.doc": web_archive(whole("many_rows.html")),
        "lies/默认口令.xls": locked_book("VelvetSweatshop"),
        "lies/写字板.doc": rich_text("项目支出绩效自评表"),
    }


def recoded() -> dict[str, bytes]:
    """Return path -> one form in encodings that nobody declares."""
    marked = {"utf-16": "utf-16", "utf-8-sig": "utf-8-sig"}
    codecs = ("gb18030", "utf-16-le", "utf-16-be", *marked)
    return {f"recoded/{codec}.txt": text().encode(codec) for codec in codecs}


def traditional() -> bytes:
    """Return a text in Big5."""
    return "項目支出績效自評表\n\n\t項目名稱\n\t農村飲水安全工程\n\n\t主管部門\n\t教育局\n".encode("big5")


def locked() -> dict[str, bytes]:
    """Return path -> a file that needs a password."""
    from tests.readers.locked_books import locked as locked_book
    from tests.sources.made_files import raw_zip

    return {
        "locked/locked.docx": (FIXTURES / "lies" / "locked.docx").read_bytes(),
        "locked/locked.xlsx": (FIXTURES / "lies" / "locked.xlsx").read_bytes(),
        "locked/locked.xls": locked_book("归表"),
        "locked/locked128.xls": locked_book("归表", 128),
        "locked/locked.doc": locked_doc(),
        "locked/locked.pdf": locked_pdf(),
        "locked/locked.zip": raw_zip([(b"a.txt", b"x" * 99)], flags=1),
    }


def gbk_zip() -> bytes:
    """Return a ZIP as Chinese Windows makes it: names in GBK and no word of it. The first member lies outside too."""
    from tests.sources.made_files import raw_zip

    contents = (whole("model_2020.txt"), text().encode("gb18030") + b"\n\n")
    return raw_zip([(n.encode("gbk"), data) for n, data in zip(GBK_MEMBERS, contents, strict=True)])


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def write_good(folder: Path) -> None:
    """Write the good documents."""
    write(folder, {f"good/{name}": whole(name) for name in GOOD})


def write_odd(folder: Path) -> None:
    """Write what is no regular file: loops of links, a link to the outside, a pipe, a socket."""
    odd = folder / "odd"
    odd.mkdir()
    (odd / "loop").symlink_to(folder, target_is_directory=True)
    (odd / "itself").symlink_to(odd / "itself")
    (odd / "outside.txt").symlink_to("/etc/passwd")
    (odd / "inside.txt").symlink_to(folder / "good" / "model_2020.txt")
    os.mkfifo(odd / "pipe.doc")
    with socket.socket(socket.AF_UNIX) as end:
        here = Path.cwd()
        os.chdir(odd)  # the path of a socket is short
        end.bind("socket.doc")
        os.chdir(here)


def archive(folder: Path) -> None:
    """Write everything."""
    write_good(folder)
    write(folder, {**misnamed(), **recoded(), **locked(), **cut_files(), **bombs()})
    write(folder, {"recoded/big5.txt": traditional(), "lies/压缩.zip": gbk_zip()})
    write(folder, {"empty/空.doc": b"", "empty/zeros.doc": bytes(4096), "empty/空.zip": b""})
    write_odd(folder)


if __name__ == "__main__":
    import sys

    shutil.rmtree(sys.argv[1], ignore_errors=True)
    Path(sys.argv[1]).mkdir(parents=True)
    archive(Path(sys.argv[1]))
