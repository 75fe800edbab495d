"""Word documents for tests and benchmarks: packages from hand-written XML, forms as Word writes them."""

import hashlib
import random
import re
import zipfile
from io import BytesIO
from xml.sax.saxutils import escape

from pipeline.model import Source

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" mc:Ignorable="w14"'
)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>'
)
RELS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>'
)


def document(body: str, namespaces: str = NAMESPACES) -> str:
    """Return a main part around a body."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f"<w:document {namespaces}><w:body>{body}<w:sectPr/></w:body></w:document>"
    )


def package(xml: str | bytes, **parts: str) -> bytes:
    """Return a Word package with this main part; ``footnotes=...`` adds word/footnotes.xml."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELS,
        "word/document.xml": xml,
    }
    members |= {f"word/{name}.xml": part for name, part in parts.items()}
    return zipped(members)


def zipped(members: dict[str, str | bytes]) -> bytes:
    """Return a zip of these members with fixed times."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return buffer.getvalue()


def source(data: bytes) -> Source:
    """Return bytes as a Source."""
    return Source(hashlib.sha256(data).hexdigest(), ("x.docx",), len(data), DOCX, data)


def p(text: str) -> str:
    """Return a paragraph of one plain run."""
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def tc(content: str, properties: str = "") -> str:
    """Return a cell; content is text or, when it starts with a tag, XML."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content if content.startswith('<') else p(content)}</w:tc>"


def tr(*cells: str, properties: str = "") -> str:
    """Return a row."""
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def tbl(*rows: str) -> str:
    """Return a table."""
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"


# --- forms as Word writes them ---

Truth = list[tuple[int, int, int, int, str]]
WORDS = (
    "数量指标",
    "质量指标",
    "慰问贫困户",
    "≥98%",
    "102人次",
    "12个月",
    "A & B <c>",
    "进一步提高",
    "20万元",
    "/",
    "",
    "第1行\n第2行",
)
SIDES = ("top", "left", "bottom", "right")
COLUMNS = 9


def form(rng: random.Random, indicators: int) -> Truth:
    """Return a form of nine columns: 8 rows of head and money, then indicators under merged levels."""
    cells: Truth = []

    def line(row: int, col: int, *spans: int, down: int = 1) -> None:
        for span in spans:
            cells.append((row, col, down, span, rng.choice(WORDS)))
            col += span

    for row, spans in enumerate(((9,), (9,), (2, 7), (2, 3, 1, 3))):
        line(row, 0, *spans)
    line(4, 0, 2, down=4)
    for row in range(4, 8):
        line(row, 2, 1, 1, 1, 1, 1, 1, 1)
    line(8, 0, 1, down=indicators)
    for col, longest in ((1, 14), (2, 6)):
        row = 8
        while row < 8 + indicators:
            down = min(rng.randint(1, longest), 8 + indicators - row)
            line(row, col, 1, down=down)
            row += down
    for row in range(8, 8 + indicators):
        line(row, 3, 1, 1, *rng.choice(((1, 1, 2), (2, 1, 1), (1, 1, 1, 1))))
    return sorted(cells)


def form_xml(cells: Truth, identity: int = 0x10000000) -> str:
    """Return the w:tbl of a form with the properties, ids and split runs that Word adds."""
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for side in SIDES)
    out = ['<w:tbl><w:tblPr><w:tblW w:w="10440" w:type="dxa"/><w:jc w:val="center"/></w:tblPr><w:tblGrid>']
    out += ['<w:gridCol w:w="1160"/>'] * COLUMNS + ["</w:tblGrid>"]
    rows = max(row + down for row, _, down, _, _ in cells)
    parts: list[list[tuple[int, int, str, str]]] = [[] for _ in range(rows)]
    for row, col, down, span, text in cells:
        merge = '<w:vMerge w:val="restart"/>' if down > 1 else ""
        parts[row].append((col, span, merge, text))
        for below in range(row + 1, row + down):
            parts[below].append((col, span, "<w:vMerge/>", ""))
    for row, line in enumerate(parts):
        out.append(f'<w:tr w:rsidR="00C{row:05X}" w14:paraId="{identity + row:08X}">')
        out.append('<w:trPr><w:trHeight w:val="400" w:hRule="atLeast"/><w:jc w:val="center"/></w:trPr>')
        for col, span, merge, text in sorted(line):
            width = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
            out.append(f'<w:tc><w:tcPr><w:tcW w:w="1160" w:type="dxa"/>{width}{merge}<w:tcBorders>{borders}')
            out.append('</w:tcBorders><w:noWrap w:val="0"/><w:vAlign w:val="center"/></w:tcPr>')
            out += [word_paragraph(part, identity + row * 99 + col) for part in text.split("\n")]
            out.append("</w:tc>")
        out.append("</w:tr>")
    return "".join([*out, "</w:tbl>"])


def word_paragraph(text: str, identity: int) -> str:
    """Return a paragraph with the run properties that Word repeats, runs split where the script changes."""
    look = (
        '<w:rPr><w:rFonts{} w:ascii="宋体" w:eastAsia="宋体" w:hAnsi="宋体" w:cs="宋体"/>'
        '<w:color w:val="000000"/><w:kern w:val="0"/><w:sz w:val="18"/><w:szCs w:val="18"/>'
        '<w:lang w:bidi="ar"/></w:rPr>'
    )
    hint = ' w:hint="eastAsia"'
    runs = "".join(
        f'<w:r w:rsidRPr="00B11111">{look.format("" if part.isascii() else hint)}'
        f'<w:t xml:space="preserve">{escape(part)}</w:t></w:r>'
        for part in re.findall(r"[!-~]+|[^!-~]+", text)
    )
    return (
        f'<w:p w14:paraId="{identity:08X}" w14:textId="77777777" w:rsidR="00A0{identity % 4096:04X}" '
        'w:rsidRDefault="00A00001"><w:pPr><w:keepNext w:val="0"/><w:widowControl/>'
        '<w:tabs><w:tab w:val="left" w:pos="420"/></w:tabs><w:spacing w:line="240" w:lineRule="exact"/>'
        f'<w:jc w:val="center"/>{look.format(hint)}</w:pPr>{runs}</w:p>'
    )
