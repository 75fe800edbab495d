"""LibreOffice's route: one process for many files, time limits, crashes, its absence, and its results."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import libreoffice, media, office

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
needs_libreoffice = pytest.mark.skipif(libreoffice.find() is None, reason="LibreOffice is not installed")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a POSIX script")

# 绩效自评 / 项目 | 12.5, with GBK bytes and Unicode escapes as Word writes them
RTF = (
    rb"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fnil\fcharset134 SimSun;}}\f0\fs24 \'bc\'a8\'d0\'a7\'d7\'d4\'c6\'c0\par"
    rb"\trowd\cellx2000\cellx4000\intbl \u39033?\u30446?\cell 12.5\cell\row\pard }"
)
EXCEL_2003 = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="表一"><Table><Row><Cell ss:MergeAcross="1"><Data ss:Type="String">绩效自评表</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">项目名称</Data></Cell><Cell><Data ss:Type="String">甲</Data></Cell></Row></Table>
</Worksheet></Workbook>""".encode()


def source(data, media_type):
    return Source(hashlib.sha256(data).hexdigest(), ("a",), len(data), media_type, data)


def open_document(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Return (the Office over a stand-in, a function that sets how the stand-in behaves)."""
    shutil.copy(HERE / "fake_office.py", tmp_path / "fake_office.py")
    command = tmp_path / "soffice"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/fake_office.py "$@"\n')
    command.chmod(0o755)
    monkeypatch.setattr(libreoffice, "_SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(libreoffice, "_ORPHAN_SECONDS", 0.2)
    running = libreoffice.Office(str(command))

    def behave(mode):
        (tmp_path / "mode").write_text(mode)

    behave("ok")
    yield running, behave
    running.close()
    assert not running.folder.exists()


@needs_posix
def test_one_process_serves_many_files(fake):
    running, _ = fake
    assert running.convert(b"abc", "rtf", "docx", 10) == b"abc"
    first = running.process.pid
    assert running.convert(b"def", "ods", "xlsx", 10) == b"def"
    assert running.process.pid == first
    assert list(running.folder.iterdir()) == [running.folder / "profile"]


@needs_posix
def test_a_process_is_replaced_after_many_files(fake, monkeypatch):
    running, _ = fake
    monkeypatch.setattr(libreoffice, "_FILES_PER_PROCESS", 2)
    pids = []
    for _ in range(4):
        running.convert(b"abc", "rtf", "docx", 10)
        pids.append(running.process.pid)
    assert pids[0] == pids[1] != pids[2] == pids[3]


@needs_posix
def test_a_first_start_that_asks_for_another(fake):
    running, behave = fake
    behave("again")
    assert running.convert(b"abc", "rtf", "docx", 10) == b"abc"


@needs_posix
def test_a_hang_ends_with_the_time_limit_and_the_next_file_is_read(fake):
    running, behave = fake
    behave("hang")
    with pytest.raises(SourceError) as caught:
        running.convert(b"abc", "rtf", "docx", 0.3)
    assert caught.value.code == "timeout"
    assert running.process is None
    behave("ok")
    assert running.convert(b"abc", "rtf", "docx", 10) == b"abc"


@needs_posix
@pytest.mark.parametrize(
    ("mode", "detail"), [("refuse", "cannot load"), ("crash", "crashes on it")], ids=["refuse", "crash"]
)
def test_no_output_is_corrupt_whatever_the_exit_code(fake, mode, detail):
    running, behave = fake
    behave(mode)
    with pytest.raises(SourceError) as caught:
        running.convert(b"abc", "rtf", "docx", 10)
    assert (caught.value.code, detail in caught.value.detail) == ("corrupt", True)


@needs_posix
def test_a_file_is_given_again_after_a_crash(fake):
    running, behave = fake
    behave("crash_once")
    assert running.convert(b"abc", "rtf", "docx", 10) == b"abc"


@needs_posix
def test_a_process_that_never_starts_is_told(fake):
    running, behave = fake
    behave("no_start")
    with pytest.raises(SourceError) as caught:
        running.convert(b"abc", "rtf", "docx", 10)
    assert (caught.value.code, caught.value.detail) == (
        "internal",
        "LibreOffice does not start (exit code 3)",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_no_orphan_when_the_reader_is_killed(fake):
    running, _ = fake
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pipeline.readers import libreoffice\n"
        "office = libreoffice.Office(sys.argv[2])\n"
        "office.convert(b'abc', 'rtf', 'docx', 10)\n"
        "print(office.process.pid, office.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(ROOT), running.command], stdout=subprocess.PIPE, text=True
    )
    pid, folder = child.stdout.readline().split()
    assert Path(f"/proc/{pid}").exists()
    child.kill()
    child.wait()
    child.stdout.close()
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(pid)
    _check_sweep(Path(folder))


def _check_sweep(folder):
    """What a killed reader leaves is removed once it is old, and not before."""
    sockets = libreoffice._sockets((folder / "profile").as_uri())
    assert folder.exists() and any(socket.exists() for socket in sockets)
    libreoffice._sweep()
    assert folder.exists()
    os.utime(folder, (1, 1))
    libreoffice._sweep()
    assert not folder.exists() and not any(socket.exists() for socket in sockets)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("media_type", ["application/rtf", "application/vnd.ms-excel.xml2003"])
def test_without_libreoffice_the_message_names_the_package(monkeypatch, media_type):
    monkeypatch.setattr(libreoffice, "find", lambda: None)
    with pytest.raises(SourceError) as caught:
        office.read(source(RTF, media_type))
    assert caught.value.code == "needs_libreoffice"
    assert "apt install libreoffice-writer-nogui" in caught.value.message("a.rtf")


def test_what_is_cut_off_damaged_or_encrypted_is_told_before_libreoffice(monkeypatch):
    monkeypatch.setattr(libreoffice, "find", lambda: None)
    text = "application/vnd.oasis.opendocument.text"
    whole = open_document(("mimetype", text), ("META-INF/manifest.xml", "<manifest/>"))
    encrypted = open_document(("META-INF/manifest.xml", "<manifest:encryption-data/>"))
    for data, media_type, code in (
        (RTF[:-1], "application/rtf", "truncated"),
        (RTF[:-1] + rb"\\{ \} }", "application/rtf", "truncated"),
        (RTF[:-1] + rb"\{ \\ }", "application/rtf", "needs_libreoffice"),
        (whole, text, "needs_libreoffice"),
        (whole[:-30], text, "corrupt"),
        (open_document(("mimetype", text)), text, "corrupt"),
        (encrypted, text, "encrypted"),
    ):
        with pytest.raises(SourceError) as caught:
            office.read(source(data, media_type))
        assert caught.value.code == code


def test_availability_follows_what_is_installed(monkeypatch):
    monkeypatch.setattr(libreoffice, "find", lambda: None)
    found = {entry.name: entry for entry in media.availability()}
    assert found["html"].readable and found["docx"].readable and found["zip"].readable
    assert (found["rtf"].readable, found["rtf"].missing) == (False, "LibreOffice")
    assert "apt install" in found["rtf"].remedy_zh and "apt install" in found["rtf"].remedy_en
    monkeypatch.setattr(libreoffice, "find", lambda: "/usr/bin/soffice")
    monkeypatch.setattr(media, "_importable", lambda module: module != "selectolax")
    found = {entry.name: entry for entry in media.availability()}
    assert found["rtf"].readable and not found["html"].readable
    assert (found["html"].missing, found["html"].remedy_en) == ("selectolax", "pip install guibiao")
    for entry in found.values():
        assert bool(entry.missing) == (not entry.readable) == bool(entry.remedy_zh) == bool(entry.remedy_en)


@pytest.fixture(scope="module")
def libre():
    yield
    libreoffice.close()


@needs_libreoffice
def test_rtf_through_libreoffice(libre):
    pytest.importorskip("pipeline.readers.docx")
    document = office.read(source(RTF, "application/rtf"))
    assert (document.reader, document.media_type) == ("office/1", "application/rtf")
    assert document.document_id == hashlib.sha256(RTF).hexdigest()
    assert [cell.text for cell in document.grids[0].cells] == ["项目", "12.5"]
    assert "绩效自评" in [block.text for block in document.blocks]


@needs_libreoffice
def test_a_2003_workbook_through_libreoffice(libre):
    pytest.importorskip("pipeline.readers.xlsx")
    document = office.read(source(EXCEL_2003, "application/vnd.ms-excel.xml2003"))
    assert [tuple(cell)[:5] for cell in document.grids[0].cells if cell.text] == [
        (0, 0, 1, 2, "绩效自评表"),
        (1, 0, 1, 1, "项目名称"),
        (1, 1, 1, 1, "甲"),
    ]


@needs_libreoffice
def test_libreoffice_restarts_after_it_was_killed(libre):
    assert libreoffice.convert(RTF, "rtf", "docx")[:2] == b"PK"
    os.kill(libreoffice._office.process.pid, signal.SIGKILL)
    assert libreoffice.convert(RTF, "rtf", "docx")[:2] == b"PK"


@needs_libreoffice
def test_what_libreoffice_cannot_load_is_corrupt(libre):
    data = open_document(
        ("mimetype", "application/vnd.oasis.opendocument.text"), ("META-INF/manifest.xml", "<manifest/>")
    )
    with pytest.raises(SourceError) as caught:
        office.read(source(data, "application/vnd.oasis.opendocument.text"))
    assert caught.value.code == "corrupt"
