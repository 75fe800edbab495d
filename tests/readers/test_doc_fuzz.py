"""Damaged .doc files: the reader may refuse them, in its one way; the long run is tests/benchmarks/fuzz_doc.py."""

import random
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import doc, libreoffice
from tests.readers import word_binary as wb
from tests.readers.mutation import mutate

FIXTURES = Path(__file__).parents[2] / "fixtures" / "doc"


@pytest.fixture(autouse=True)
def no_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep mutants that say Word 6 from LibreOffice."""
    monkeypatch.setattr(libreoffice, "find", lambda: None)


def seeds() -> list[bytes]:
    edges = wb.define([0, 1000, 2000], [0b11 << 5, 0])
    parts = [
        *wb.row(["a", "b"], edges),
        *wb.row(["c", "d"], edges, depth=2),
        wb.Part("x\x13 PAGE \x141\x15\r"),
    ]
    return [path.read_bytes() for path in sorted(FIXTURES.glob("*.doc"))] + [wb.build(wb.Doc(parts))]


@pytest.mark.parametrize("part", range(5))
def test_damage_gives_a_document_or_the_one_declared_error(part: int) -> None:
    files = seeds()
    outcome = {"read": 0, "refused": 0}
    for number in range(80):
        chance = random.Random(f"{part}/{number}")
        data = mutate(
            files[part], chance, [(0, 0x200), (0x200, 0x800), (len(files[part]) // 2, len(files[part]))]
        )
        try:
            document = doc.read(Source("0" * 64, ("a.doc",), len(data), "application/msword", data))
            outcome["read"] += 1
            for grid in document.grids:
                assert all(cell.row_span > 0 and cell.col_span > 0 for cell in grid.cells)
        except SourceError:
            outcome["refused"] += 1
    assert min(outcome.values()) > 0  # the damage is neither harmless nor total


def test_a_claim_of_endless_allocation_tables_is_refused() -> None:
    data = bytearray((FIXTURES / "merges.doc").read_bytes())
    for place in (44, 64, 72):
        claim = bytearray(data)
        claim[place : place + 4] = b"\xff\xff\xff\x7f"
        with pytest.raises(SourceError):
            doc.read(Source("0" * 64, ("a.doc",), len(claim), "application/msword", bytes(claim)))


def test_property_lists_without_end_are_refused() -> None:
    """A million paragraphs that each point to the longest list in the Data stream must not cost hours."""
    size = 0x3FA2
    data = size.to_bytes(2, "little") + b"\x00" * size
    outside = wb.sprm(0x6646, (0).to_bytes(4, "little"))
    parts = [wb.Part("x\r", outside + wb.sprm(0x6649, k.to_bytes(4, "little"))) for k in range(600)]
    with pytest.raises(SourceError, match="too many property lists"):
        doc.read(Source("0" * 64, ("a.doc",), 1, "application/msword", wb.build(wb.Doc(parts, data=data))))
