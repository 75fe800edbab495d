"""Whole files of every medium for the fuzz run: committed fixtures, made ones, and what is in given folders."""

import base64
import io
import random
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.readers.mutation import mutate

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"
LARGEST = 200_000
OOXML = "application/vnd.openxmlformats-officedocument."
MEDIA = {
    "txt": "text/plain",
    "docx": OOXML + "wordprocessingml.document",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "xlsx": OOXML + "spreadsheetml.sheet",
    "html": "text/html",
    "mht": "multipart/related",
    "pdf": "application/pdf",
    "ofd": "application/ofd",
}
_BEGINS = {
    "doc": b"\xd0\xcf\x11\xe0",
    "xls": b"\xd0\xcf\x11\xe0",
    "docx": b"PK",
    "xlsx": b"PK",
    "ofd": b"PK",
    "pdf": b"%PDF",
}
# What a parser of markup, text or numbers trips over, put in place of what stood there.
_HOSTILE = (
    b"",
    b"0",
    b"-1",
    b"2147483648",
    b"99999999999999999999",
    b"1e308",
    b"NaN",
    b"'\"<>",
    b"&#x110000;",
    b"&#0;",
    b"]]>",
    b"<!--",
    b"\xff\xfe",
    b"\xe4\xb8",
    b"\0" * 8,
    b"\t" * 300,
    b"| " * 300,
    "┌┬┐│├┼┤└┴┘─".encode() * 30,
    b"<table><tr><td>" * 60,
    b"</table>",
    b"{" * 200,
    b"(" * 200,
    b"[" * 200,
    b"<<" * 200,
)
_TOKEN = re.compile(rb"<[^<>]{0,200}>|[0-9.]+|[A-Za-z:]{2,}|[\x80-\xff]{3,}")


def seeds(kind: str, folders: Sequence[Path] = ()) -> list[bytes]:
    """Return whole files of a medium, small ones first come from this repository."""
    found = [path.read_bytes() for path in sorted((ROOT / "fixtures").rglob(f"*.{kind}"))]
    found += _made(kind)
    for folder in folders:
        found += [path.read_bytes() for path in sorted(folder.rglob(f"*.{kind}"))]
    start = _BEGINS.get(kind, b"")
    return [data for data in found if 0 < len(data) <= LARGEST and data.startswith(start)]


def _made(kind: str) -> list[bytes]:
    from tests.readers import sheet_samples, word_forms

    if kind == "txt":
        text = (SOURCE / "000_86f82d1fac994588.txt").read_text(encoding="utf-8")
        drawn = "┌──┬──┐\n│项目│甲 │\n├──┼──┤\n│得分│96│\n└──┴──┘\n"
        wide = "项目名称    公共服务    得分\n数量指标    ≥98%        10\n质量指标    100%        9.5\n"
        pipes = "| 指标 | 目标 |\n|---|---|\n| 数量 | ≥3个 |\n"
        all_of_it = text + drawn + wide + pipes
        return [all_of_it.encode(codec) for codec in ("utf-8", "gb18030", "utf-16", "utf-16-le")]
    if kind == "xls":
        return sheet_samples.xls_samples()
    if kind == "xlsx":
        return sheet_samples.xlsx_samples()
    if kind == "docx":
        bodies = [word_forms.form_xml(word_forms.form(random.Random(seed), 12)) for seed in range(3)]
        nested = word_forms.tbl(
            word_forms.tr(word_forms.tc(bodies[0] + word_forms.p("")), word_forms.tc("x"))
        )
        return [word_forms.package(word_forms.document(body)) for body in (*bodies, nested)]
    if kind in ("html", "mht"):
        pages = [_page(random.Random(seed), codec) for seed, codec in enumerate(("utf-8", "gb18030", "big5"))]
        return pages if kind == "html" else [_archive(page) for page in pages]
    if kind == "pdf":
        return _pdfs()
    return []


def _page(chance: random.Random, codec: str) -> bytes:
    """Return a saved page: spans, a layout table around the form, notes that browsers keep from Word."""
    rows = "".join(
        f"<tr><td rowspan={chance.randint(1, 3)}>{word}</td><td colspan='{chance.randint(1, 4)}'>"
        f"<p class=MsoNormal>{chance.random():.2f}<o:p></o:p></p></td><td>&#8805;{chance.randint(1, 99)}%&nbsp;</td></tr>"
        for word in ("一", "二", "三", "十", "百", "千", "文", "中")
    )
    inner = f"<table border=1><caption>表</caption><thead><tr><th>名<th>目<th>分</thead>{rows}</table>"
    page = (
        f"<html><head><meta http-equiv=Content-Type content='text/html; charset={codec}'><style>td{{width:9}}</style>"
        f"</head><body><!--[if gte mso 9]><xml></xml><![endif]--><script>var a='<table>';</script>"
        f"<table><tr><td>{inner}</td><td><table><tr><td>子</td></tr></table></td></tr></table>"
        f"<p>中文</p>{inner}</body></html>"
    )
    return page.encode(codec)


def _archive(page: bytes) -> bytes:
    packed = base64.encodebytes(page).replace(b"\n", b"\r\n")
    return (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b1"; type="text/html"\r\n\r\n'
        b"--b1\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Location: file:///C:/a.htm\r\n\r\n" + packed + b"\r\n--b1\r\nContent-Type: text/html\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\nContent-Location: file:///C:/b.htm\r\n\r\n"
        b"<table><tr><td rowspan=3D2>=B1=ED</td><td>1</td></tr><tr><td>2</td></tr></table>\r\n--b1--\r\n"
    )


def _pdfs() -> list[bytes]:
    """Return a PDF with its page in plain text, so that damage reaches operators and numbers."""
    from reportlab.pdfgen.canvas import Canvas

    found = []
    for compressed in (0, 1):
        out = io.BytesIO()
        page = Canvas(out, pageCompression=compressed, invariant=1)
        for sheet in range(2):
            page.grid([50, 150, 300, 450], [100, 200, 300, 400, 700])
            for row in range(4):
                page.drawString(60, 120 + 100 * row, f"cell {sheet} {row}")
                page.drawString(160, 120 + 100 * row, f"{row * 12.5} %")
            page.showPage()
        page.save()
        found.append(out.getvalue())
    return found


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return a damaged copy: bytes changed as disks and transfers do, tokens replaced as hostile hands do.

    Of a package (docx, xlsx) mostly the parts are damaged and packed again, so that the zip is whole.
    """
    if data.startswith(b"PK") and chance.random() < 0.8:
        return _damaged_package(data, chance)
    return _damaged_bytes(data, chance)


def _damaged_bytes(data: bytes, chance: random.Random) -> bytes:
    is_binary = data[:4] in (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")
    return mutate(data, chance) if is_binary or chance.random() < 0.5 else _reworded(data, chance)


def _reworded(data: bytes, chance: random.Random) -> bytes:
    """Return text or markup with a few tokens replaced, doubled, moved or left out."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return mutate(data, chance)
    changed = data
    chosen = chance.sample(tokens, min(len(tokens), chance.choice((1, 1, 2, 4, 16))))
    for token in sorted(chosen, key=lambda found: -found.start()):
        other = chance.choice(tokens).group()
        new = chance.choice((chance.choice(_HOSTILE), other, token.group() * chance.choice((2, 50))))
        changed = changed[: token.start()] + new + changed[token.end() :]
    return changed


def _damaged_package(data: bytes, chance: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
    except Exception:  # a specimen may be damaged already
        return _damaged_bytes(data, chance)
    names = [name for name in parts if name.endswith((".xml", ".rels"))]
    for name in chance.sample(names, min(len(names), chance.choice((1, 1, 2)))):
        part = parts[name]
        parts[name] = _reworded(part, chance) if chance.random() < 0.6 else mutate(part, chance)
    if names and chance.random() < 0.05:
        del parts[chance.choice(names)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()
