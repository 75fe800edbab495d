"""Build OFD packages for tests, part by part."""

import hashlib
import io
import zipfile
from xml.sax.saxutils import escape

from pipeline.model import Source

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
MM = 25.4 / 72.0


def text_object(text, x, y, size=4.0, boundary=None, attributes="", code="", inner=""):
    """Return a text object whose first character stands at x, y (baseline) in mm."""
    left, top = boundary or (x, y - size)
    advance = code or f'DeltaX="g {max(len(text) - 1, 1)} {size}"'
    return (
        f'<ofd:TextObject ID="1" Boundary="{left} {top} 100 {size * 1.3}" Font="1" Size="{size}" {attributes}>'
        f'{inner}<ofd:TextCode X="{x - left}" Y="{y - top}" {advance}>{escape(text)}</ofd:TextCode></ofd:TextObject>'
    )


def line_object(x0, y0, x1, y1, attributes='LineWidth="0.2"'):
    return (
        f'<ofd:PathObject ID="2" Boundary="{x0} {y0} {x1 - x0} {y1 - y0}" {attributes}>'
        f"<ofd:AbbreviatedData>M 0 0 L {x1 - x0} {y1 - y0}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def table_objects(x, y, widths, heights, rows, size=4.0):
    """Return the rules and texts of a plain table; sizes in mm."""
    right, bottom = x + sum(widths), y + sum(heights)
    xs = [x + sum(widths[:i]) for i in range(len(widths) + 1)]
    ys = [y + sum(heights[:i]) for i in range(len(heights) + 1)]
    rules = [line_object(x, at, right, at) for at in ys] + [line_object(at, y, at, bottom) for at in xs]
    texts = [
        text_object(text, xs[c] + 1, ys[r] + size + 1, size)
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
        if text
    ]
    return "".join(rules + texts)


def layer(*objects):
    return f'<ofd:Content><ofd:Layer ID="9">{"".join(objects)}</ofd:Layer></ofd:Content>'


def page_part(content, box="0 0 210 297", extra=""):
    area = f"<ofd:Area><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:Area>"
    return f'<?xml version="1.0" encoding="UTF-8"?><ofd:Page {NS}>{area}{extra}{content}</ofd:Page>'


def package(pages, common="", parts=None, tail="", root_extra=""):
    """Return the bytes of an OFD of page parts; ``parts`` are more parts by name."""
    listed = "".join(f'<ofd:Page ID="{i}" BaseLoc="Pages/P{i}.xml"/>' for i in range(len(pages)))
    document = (
        f"<ofd:Document {NS}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>"
        f"</ofd:PageArea>{common}</ofd:CommonData><ofd:Pages>{listed}</ofd:Pages>{tail}</ofd:Document>"
    )
    root = (
        f'<ofd:OFD {NS} DocType="OFD" Version="1.1"><ofd:DocBody><ofd:DocRoot>/Doc_0/Document.xml</ofd:DocRoot>'
        f"</ofd:DocBody>{root_extra}</ofd:OFD>"
    )
    every = {"OFD.xml": root, "Doc_0/Document.xml": document}
    every |= {f"Doc_0/Pages/P{i}.xml": page for i, page in enumerate(pages) if page is not None}
    every |= parts or {}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in every.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def source(data):
    return Source(hashlib.sha256(data).hexdigest(), ("a.ofd",), len(data), "application/ofd", data)


def from_inks(inks):
    """Return an OFD that shows what the pages of another file show: their characters and rules."""
    pages = []
    for ink in inks:
        objects = [
            text_object(char, x0 * MM, (top + 0.86 * (bottom - top)) * MM, (bottom - top) * MM, code=" ")
            for char, x0, top, _, bottom in ink.chars
            if char != " "
        ]
        objects += [line_object(a * MM, at * MM, b * MM, at * MM) for at, a, b in ink.horizontals]
        objects += [line_object(at * MM, a * MM, at * MM, b * MM) for at, a, b in ink.verticals]
        pages.append(page_part(layer(*objects), f"0 0 {ink.width * MM} {ink.height * MM}"))
    return package(pages)
