"""Excel workbooks in XML (``.xlsx``, ``.xlsm``): every sheet as grids with shown texts and merged ranges.

Hidden rows and columns are read like others; the grid of a hidden sheet says so in its locator. Headers,
footers and text boxes become blocks. A formula gives its stored result. Numbers are shown by their format.
"""

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.sheets.compound import MAGIC, Compound
from pipeline.readers.sheets.layout import Layout
from pipeline.readers.sheets.workbook import open_workbook, read_sheets

MEDIA = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel.sheet.macroEnabled.12",
)
VERSION = 1


def read(source: Source) -> Document:
    """Return one grid per used region of each sheet; ``pages`` counts the sheets.

    SourceError where nothing can be read; a sheet or part that is damaged beside others that are whole is
    named in ``problems``.
    """
    if source.data[:8] == MAGIC:
        locked = Compound(source.data).has("EncryptedPackage")
        raise SourceError("encrypted" if locked else "corrupt", place="OLE container")
    book = open_workbook(source.data)
    layout = Layout()
    faulty = list(book.problems)
    whole = 0
    for sheet, faults in read_sheets(book):
        layout.add(sheet)
        faulty.extend(faults)
        whole += not faults
    if faulty and not whole and not layout.grids:
        raise SourceError("corrupt", detail=faulty[0])
    return Document(
        source.document_id,
        source.media_type,
        f"xlsx/{VERSION}",
        tuple(layout.grids),
        tuple(layout.blocks),
        len(book.sheets),
        tuple(faulty + layout.problems),
    )
