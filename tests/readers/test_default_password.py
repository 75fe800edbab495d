"""Books locked with Excel's default password are read; those with any other are refused."""

import random
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import xls
from pipeline.readers.sheets import default_password
from tests.readers.locked_books import book, locked
from tests.readers.mutation import mutate

SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens"
DEFAULT = "VelvetSweatshop"


def read(data):
    return xls.read(Source("0" * 64, ("a.xls",), len(data), "application/vnd.ms-excel", data))


@pytest.mark.parametrize("bits", [0, 40, 56, 128])
def test_the_default_password_opens_every_cipher(bits):
    assert read(locked(DEFAULT, bits)) == read(book())


@pytest.mark.parametrize("bits", [0, 40, 128])
def test_another_password_is_refused(bits):
    with pytest.raises(SourceError) as caught:
        read(locked("secret", bits))
    assert caught.value.code == "encrypted"


def test_a_book_too_large_to_decipher_is_refused(monkeypatch):
    monkeypatch.setattr(default_password, "_LIMIT", 1000)
    with pytest.raises(SourceError) as caught:
        read(locked(DEFAULT))
    assert caught.value.code == "encrypted"


def test_the_key_stream_is_that_of_rfc_6229():
    assert default_password._rc4(bytes([1, 2, 3, 4, 5]), 16).hex() == "b2396305f03dc027ccc3524a0a1118a8"
    long = bytes(range(1, 17))
    assert default_password._rc4(long, 32).hex() == (
        "9ac7cc9a609d1ef7b2932899cde41b97" + "5248c4959014126a6e8a84f11d1a9e1c"
    )


def test_a_plain_stream_comes_back_as_it_is():
    for stream in (b"", b"\x09", b"\x09\x08\x10\x00" + bytes(16), b"\x2f\x00\x01\x00\x01", bytes(100)):
        assert default_password.unlocked(stream) == stream


@pytest.mark.parametrize("bits", [0, 128])
def test_damage_gives_a_document_or_the_declared_error(bits):
    data = locked(DEFAULT, bits)
    for number in range(60):
        damaged = mutate(data, random.Random(number), [(512, 1024)])
        try:
            read(damaged)
        except SourceError:
            continue


@pytest.mark.skipif(not SPECIMENS.exists(), reason="the specimens of others are not here")
def test_a_real_book_with_the_default_password_and_one_with_another():
    data = next(SPECIMENS.rglob("50833.xls")).read_bytes()
    assert [cell.text for cell in read(data).grids[0].cells] == ["test cell value"]
    with pytest.raises(SourceError) as caught:
        read(next(SPECIMENS.rglob("password.xls")).read_bytes())
    assert caught.value.code == "encrypted"
