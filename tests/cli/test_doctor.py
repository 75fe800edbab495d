"""``guibiao doctor``: what is readable here, what is missing, how to install it, and the exit code."""

import subprocess

import pytest

from pipeline.cli.doctor import doctor
from pipeline.readers import media, readers

BASE = {"txt", "docx", "doc", "xlsx", "xls", "html", "mht", "pdf", "ofd", "zip"}


@pytest.fixture
def without(monkeypatch):
    """Return a function that takes packages and programs away."""
    there = media._importable

    def take_away(*packages, libreoffice=False):
        monkeypatch.setattr(media, "_importable", lambda name: name not in packages and there(name))
        monkeypatch.setattr(
            "pipeline.readers.libreoffice.find", lambda: "/usr/bin/soffice" if libreoffice else None
        )
        monkeypatch.setattr(media, "_has_rar_tool", lambda: False)

    monkeypatch.setenv("COLUMNS", "100")
    return take_away


def row(printed, suffix):
    """Return the line of the table that names a suffix."""
    return next(line for line in printed.splitlines() if suffix in line.split())


def test_base_media_are_those_that_need_no_extra(without):
    without("rarfile", "py7zr", "rapidocr")
    assert {medium.name for medium in media.availability() if medium.is_base} == BASE
    assert {medium.name for medium in media.availability() if medium.readable} == BASE


def test_nothing_is_wrong_where_only_extras_are_missing(without, capsys):
    without("py7zr", "rapidocr")
    assert doctor() == 0
    printed = capsys.readouterr().out
    assert (
        "是 yes" in row(printed, ".docx")
        and "否 no" in row(printed, ".rtf")
        and "否 no" in row(printed, ".7z")
    )
    assert "pip install guibiao[7z]" in printed and "pip install guibiao[ocr]" in printed
    for words in (
        "安装: Debian/Ubuntu：apt install libreoffice-writer-nogui",
        "install: Debian/Ubuntu: apt install",
    ):
        assert words in printed
    assert printed.count("缺少 missing: LibreOffice\n") == 1, "one remedy for all the media that it serves"


def test_libreoffice_makes_its_media_readable(without, capsys):
    without(libreoffice=True)
    assert doctor() == 0
    printed = capsys.readouterr().out
    assert "是 yes" in row(printed, ".rtf") and "LibreOffice" not in printed


@pytest.mark.parametrize(
    ("package", "suffix"),
    [
        ("lxml", ".docx"),
        ("olefile", ".dot"),
        ("openpyxl", ".xlsx"),
        ("selectolax", ".mht"),
        ("pypdfium2", ".pdf"),
    ],
)
def test_a_broken_installation_is_told_and_fails(without, capsys, package, suffix):
    without(package)
    assert doctor() == 1
    printed = capsys.readouterr().out
    assert "否 no" in row(printed, suffix)
    assert "安装不完整 the installation is broken" in printed and package in printed


def test_the_command_answers(guibiao):
    done = subprocess.run([*guibiao, "doctor"], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "是 yes" in row(done.stdout, ".docx")


def test_every_base_document_medium_has_a_reader():
    claimed = set(readers())
    for media_type in (
        "text/plain",
        "application/msword",
        "application/vnd.ms-excel",
        "text/html",
        "multipart/related",
        "application/pdf",
    ):
        assert media_type in claimed
