"""Read hand-written Word documents both ways, and with python-docx, for the tests of the docx reader."""

from io import BytesIO

from word_forms import document, p, package, source, tbl, tc, tr

from pipeline.model import Document
from pipeline.readers import docx
from pipeline.readers.wordml.package import Package

Row = tuple[int, int, int, int, str]


def by_tokens(data: bytes) -> Document:
    opened = Package(data)
    return docx.by_tokens(source(data), opened.main_part(), opened.part(opened.main_part()))


def by_tree(data: bytes) -> Document:
    opened = Package(data)
    return docx.by_tree(source(data), opened.main_part(), opened.part(opened.main_part()), opened)


def read(body: str, **parts: str) -> Document:
    """Read a body; where the quick way takes it, both ways must agree."""
    data = package(document(body), **parts)
    found = docx.read(source(data))
    assert found == by_tree(data)
    return found


def grids(found: Document) -> list[list[Row]]:
    return [[cell[:5] for cell in grid.cells] for grid in found.grids]


def texts(found: Document) -> list[list[str]]:
    return [[cell.text for cell in grid.cells] for grid in found.grids]


def blocks(found: Document) -> list[tuple[str, int]]:
    return [(block.text, block.before_grid) for block in found.blocks]


def run(content: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr>{content}</w:r>"


def t(text: str) -> str:
    return f'<w:t xml:space="preserve">{text}</w:t>'


def para(*content: str) -> str:
    return f"<w:p>{''.join(content)}</w:p>"


def cell_text(content: str, **parts: str) -> str:
    return texts(read(tbl(tr(tc(content))), **parts))[0][0]


# --- python-docx, the reference ---


def reference(data: bytes) -> list[list[Row]]:
    from docx import Document as open_docx

    tables = []
    for table in open_docx(BytesIO(data)).tables:
        boxes: dict[object, list[int]] = {}
        words: dict[object, str] = {}
        for number, row in enumerate(table.rows):
            for col, cell in enumerate(row.cells, row.grid_cols_before):
                box = boxes.setdefault(cell._tc, [number, col, number, col])
                words.setdefault(cell._tc, cell.text)
                box[2], box[3] = number, max(box[3], col)
        tables.append([(a, b, c - a + 1, d - b + 1, words[key]) for key, (a, b, c, d) in boxes.items()])
    return tables


def boxed(content: str) -> str:
    inside = f"<w:txbxContent>{content}</w:txbxContent>"
    return run(
        f'<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{inside}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{inside}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
    )


PLAIN_BODY = p("题") + tbl(tr(tc("甲", '<w:gridSpan w:val="2"/>')), tr(tc("乙"), tc("&"))) + p("尾")
