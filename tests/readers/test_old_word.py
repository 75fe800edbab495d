"""Word 6/95, older Word and Works: through LibreOffice where it is there, refused with the remedy where not."""

import hashlib
import random
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import doc, libreoffice, office, read
from pipeline.sources import sniff
from tests.readers import word_binary, word_forms

SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens"
BUILT = word_binary.build(word_binary.Doc([word_binary.Part("x\r")], ident=0xA5DC, version=101))
OLD = {
    "Word 6/95": BUILT,
    "Word 97 beta": word_binary.build(word_binary.Doc([word_binary.Part("x\r")], version=104)),
    "Word 2": b"\xdb\xa5-\x00" + b"\x00" * 2000,
}
WORKS = word_binary.container({"MN0": b"x" * 5000, "MM": b"y"})
CONVERTED = word_forms.package(
    word_forms.document(word_forms.tbl(word_forms.tr(word_forms.tc("项目名称"), word_forms.tc("甲"))))
)


def source(data, name="a.doc"):
    return Source(hashlib.sha256(data).hexdigest(), (name,), len(data), sniff(data, name), data)


@pytest.fixture
def converter(monkeypatch):
    """Stand in for LibreOffice: keep what it is asked and give a whole docx."""
    asked = []

    def convert(data, suffix, target):
        asked.append((data, suffix, target))
        return CONVERTED

    monkeypatch.setattr(office, "convert", convert)
    return asked


@pytest.mark.parametrize("kind", OLD)
def test_old_word_goes_through_libreoffice_under_its_own_identity(converter, kind):
    data = OLD[kind]
    document = read(source(data))
    assert converter == [(data, "doc", "docx")]
    assert document.document_id == hashlib.sha256(data).hexdigest()
    assert (document.media_type, document.reader) == ("application/msword", "office/1")
    assert [cell.text for cell in document.grids[0].cells] == ["项目名称", "甲"]


def test_works_goes_through_libreoffice(converter):
    document = read(source(WORKS, "a.wps"))
    assert converter == [(WORKS, "wps", "docx")]
    assert (document.media_type, document.reader) == ("application/vnd.ms-works", "office/1")


@pytest.mark.parametrize("data", OLD.values(), ids=OLD)
def test_without_libreoffice_the_message_names_the_remedy(monkeypatch, data):
    monkeypatch.setattr(libreoffice, "find", lambda: None)
    with pytest.raises(SourceError) as caught:
        read(source(data))
    assert caught.value.code == "old_format"
    message = caught.value.message("2003/a.doc")
    assert message.startswith("2003/a.doc ") and "Word" in message
    assert "请安装 LibreOffice" in message and "install LibreOffice" in message and "apt install" in message
    with pytest.raises(SourceError) as caught:
        read(source(WORKS))
    assert caught.value.code == "needs_libreoffice"


def test_what_libreoffice_cannot_read_keeps_its_own_error(monkeypatch):
    def convert(data, suffix, target):
        raise SourceError("timeout", detail="LibreOffice needed more than 60 s")

    monkeypatch.setattr(office, "convert", convert)
    with pytest.raises(SourceError) as caught:
        doc.read(source(BUILT))
    assert caught.value.code == "timeout"


def test_other_damage_never_starts_libreoffice(converter):
    chance = random.Random(1)
    whole = word_binary.build(word_binary.Doc([word_binary.Part("x\r")]))
    cut, locked = (
        whole[: len(whole) // 2],
        word_binary.build(word_binary.Doc([word_binary.Part("x\r")], flags=0x0100)),
    )
    for data in (cut, locked, whole[:512] + chance.randbytes(4096)):
        with pytest.raises(SourceError):
            doc.read(source(data))
    assert converter == []


@pytest.mark.skipif(libreoffice.find() is None, reason="LibreOffice is not installed")
@pytest.mark.skipif(not SPECIMENS.exists(), reason="the specimens of others are not here")
def test_real_old_documents_through_the_real_libreoffice():
    names = ("57843", "Bug51944", "Bug60942b", "Word6_sections", "Word6_sections2", "Word95")
    try:
        for name in names:
            path = next(SPECIMENS.rglob(f"{name}.doc"))
            document = read(source(path.read_bytes(), path.name))
            assert (document.reader, document.media_type) == ("office/1", "application/msword")
            assert sum(len(block.text) for block in document.blocks) > 15, name
            if name == "Word95":
                assert document.blocks[0].text == "The quick brown fox jumps over the lazy dog"
    finally:
        libreoffice.close()
