import random
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from word_forms import (
    NAMESPACES,
    RELS,
    TYPES,
    document,
    p,
    package,
    source,
    tbl,
    tc,
    tr,
    zipped,
)
from word_reading import (
    PLAIN_BODY,
    boxed,
    para,
)

from pipeline.errors import SourceError
from pipeline.readers import docx
from pipeline.readers.wordml import package as packages

REPOSITORY = Path(__file__).parents[2]
FIXTURE = REPOSITORY / "fixtures/project_self_evaluation/changji_2020"


def code(data: bytes) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        docx.read(source(data))
    return caught.value.code, caught.value.place


@pytest.mark.parametrize("tenth", range(10))
def test_a_truncated_document_says_where(tenth: int) -> None:
    data = (FIXTURE / "source" / "form_1.docx").read_bytes()
    cut = data[: len(data) * tenth // 10 + 3]
    found, place = code(cut)
    assert found == "truncated" and place.endswith(f"byte {len(cut)}")


def test_truncation_names_the_part_that_is_cut() -> None:
    data = (FIXTURE / "source" / "form_1.docx").read_bytes()
    at = data.index(b"word/document.xml") + 400
    assert code(data[:at]) == ("truncated", f"word/document.xml byte {at}")


def test_what_is_no_word_package_is_corrupt() -> None:
    assert code(b"hello, this is no zip")[0] == "corrupt"
    assert code(zipped({"a.txt": "x"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": "<Relationships/>"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": "<oops"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": RELS.replace("word/document", "word/none")})) == (
        "corrupt",
        "word/none.xml",
    )
    assert code(package("<html/>")) == ("corrupt", "word/document.xml")
    assert code(package(document(PLAIN_BODY)[:-30])) == ("corrupt", "word/document.xml")
    ole = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert code(ole)[0] == "encrypted"


def test_a_flipped_byte_in_the_packed_part_is_corrupt() -> None:
    data = bytearray(package(document(PLAIN_BODY * 50)))
    data[data.index(b"word/document.xml") + 60] ^= 0xFF
    assert code(bytes(data)) == ("corrupt", "word/document.xml")


def test_an_encrypted_member_is_said_to_be_encrypted() -> None:
    data = bytearray(package(document(PLAIN_BODY)))
    data[data.rindex(b"word/document.xml") - 46 + 8] |= 1
    assert code(bytes(data)) == ("encrypted", "word/document.xml")


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_document_types_are_refused(coding: str) -> None:
    entities = '<!DOCTYPE w:document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    xml = f'<?xml version="1.0" encoding="{coding}"?>{entities}<w:document {NAMESPACES}><w:body>{p("&b;")}</w:body></w:document>'
    assert code(package(xml.replace("&amp;", "&").encode(coding))) == ("corrupt", "word/document.xml")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_PART", 1 << 20)
    xml = document(p("0" * (3 << 20)))
    with pytest.raises(SourceError) as caught:
        docx.read(source(package(xml)))
    assert caught.value.code == "too_large" and str(len(xml.encode())) in caught.value.detail


def test_a_size_that_lies_costs_no_memory() -> None:
    data = bytearray(package(document(p("0" * (16 << 20)))))
    size = zipfile.ZipFile(BytesIO(data)).getinfo("word/document.xml").file_size.to_bytes(4, "little")
    assert data.count(size) == 2
    lie = bytes(data.replace(size, (1000).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        assert code(lie) == ("corrupt", "word/document.xml")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_part_of_too_many_tags_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_TAGS", 1000)
    assert code(package(document(p("a") * 300))) == ("too_large", "word/document.xml")


def mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at, kind = rng.randrange(len(changed) or 1), rng.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            del changed[at : at + rng.randint(1, 40)]
        elif kind == 2:
            other = rng.randrange(len(changed) or 1)
            changed[at:at] = changed[other : other + rng.randint(1, 60)]
        elif kind == 3:
            changed[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"))
        else:
            changed = changed[: at + 1]
    return bytes(changed)


def survives(data: bytes) -> None:
    try:
        found = docx.read(source(data))
    except SourceError as error:
        assert error.code != "internal", error
    else:
        assert all(cell.row_span > 0 and cell.col_span > 0 for grid in found.grids for cell in grid.cells)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files_give_a_document_or_a_source_error(seed: int) -> None:
    rng = random.Random(seed)
    body = PLAIN_BODY + para(boxed(p("框"))) * (seed % 2) + tbl(tr(tc(tbl(tr(tc("内"))) + p("外"))))
    xml = document(body).encode()
    data = package(xml.decode())
    for _ in range(60):
        survives(mutated(rng, data))
        survives(
            zipped(
                {"[Content_Types].xml": TYPES, "_rels/.rels": RELS, "word/document.xml": mutated(rng, xml)}
            )
        )
