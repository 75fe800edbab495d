"""Bad input: the right status, message and exit code, and every other document published."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.published import rows

INVISIBLE_PDF = b"%PDF-1.4\n"


def scan_pdf() -> bytes:
    """Return a PDF of one page that holds lines and no text."""
    import io

    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    page = canvas.Canvas(out, invariant=1)
    page.rect(50, 50, 400, 600)
    page.line(50, 300, 450, 300)
    page.showPage()
    page.save()
    return out.getvalue()


@pytest.fixture
def archive(tmp_path: Path, seed_folder: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    shutil.copy(seed_folder / "000_86f82d1fac994588.txt", folder / "good.txt")
    shutil.copy(seed_folder / "form_1.pdf", folder / "good.pdf")
    (folder / "empty.docx").write_bytes(b"")
    whole = (seed_folder / "form_1.docx").read_bytes()
    (folder / "cut.docx").write_bytes(whole[: len(whole) // 2])
    (folder / "scan.pdf").write_bytes(scan_pdf())
    return folder


def call(guibiao: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONUTF8": "1", "COLUMNS": "200"}
    return subprocess.run(
        [*guibiao, *map(str, arguments)], capture_output=True, text=True, env=environment, encoding="utf-8"
    )


def test_bad_documents_cost_only_themselves(guibiao: list[str], archive: Path, tmp_path: Path) -> None:
    done = call(guibiao, "run", archive, "--to", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    documents = {row["paths"][0]: row for row in rows(tmp_path / "out", "documents")}
    assert documents["empty.docx"]["error_code"] == "empty_file"
    assert documents["cut.docx"]["error_code"] == "truncated"
    assert documents["scan.pdf"]["error_code"] == "needs_ocr"
    for name in ("empty.docx", "cut.docx", "scan.pdf"):
        assert documents[name]["status"] == "failed"
        message = documents[name]["error_message"]
        assert message.startswith(name) and "；" in message and " | " in message
        assert documents[name]["error_code"] in done.stdout
    assert {documents["good.txt"]["status"], documents["good.pdf"]["status"]} == {"ok"}
    assert len(rows(tmp_path / "out", "forms")) == 3


def test_a_directory_that_does_not_exist_is_a_wrong_call(guibiao: list[str], tmp_path: Path) -> None:
    done = call(guibiao, "run", tmp_path / "nowhere", "--to", tmp_path / "out")
    assert done.returncode == 2
    assert "nowhere" in done.stderr and "请检查路径" in done.stderr and "check the path" in done.stderr
    assert not (tmp_path / "out" / "current").exists()


def test_rule_faults_come_all_at_once_with_their_place(
    guibiao: list[str], archive: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules" / "forms"
    rules.mkdir(parents=True)
    (rules / "mine.yaml").write_text(
        "form: mine\n"
        "zh: 我的表\n"
        "en: mine\n"
        "titels: [我的表]\n"
        "sections:\n"
        "  basics:\n"
        "    kind: fields\n"
        "    labels:\n"
        "      project_name: [项目名称]\n"
        "      project_code: [项目编码, 项目名称]\n",
        encoding="utf-8",
    )
    for command in (("rules", "check", tmp_path / "rules"), ("run", archive, "--rules", tmp_path / "rules")):
        extra = ("--to", tmp_path / "out") if command[0] == "run" else ()
        done = call(guibiao, *command, *extra)
        assert done.returncode == 2
        assert "forms/mine.yaml:4:1" in done.stderr and "titles" in done.stderr
        assert "forms/mine.yaml:10:28" in done.stderr and "项目名称" in done.stderr
    assert not (tmp_path / "out" / "current").exists()


def test_help_loads_no_heavy_library() -> None:
    import sys

    code = (
        "import sys, pipeline.cli\n"
        "try:\n    pipeline.cli.app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'pyarrow', 'duckdb', 'docx', 'pdfplumber', 'jieba', 'lxml', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.stdout.strip().endswith("[]"), done.stdout[-200:]
