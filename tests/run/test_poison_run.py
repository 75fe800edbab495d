"""A run over an archive with a document that cannot be survived: one quarantined row, every other row there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run import run
from pipeline.run.batch import Limits
from tests.published import rows


@pytest.mark.skipif(sys.platform != "linux", reason="limits are tested on Linux")
def test_a_poison_document_is_quarantined(
    tmp_path: Path, seed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "in"
    archive.mkdir()
    for name in ("segv", "hang"):
        (archive / f"{name}.txt").write_text(name + "\n", encoding="utf-8")
    good = seed_folder / "form_1.docx"
    (archive / "good.docx").write_bytes(good.read_bytes())
    monkeypatch.setenv("GUIBIAO_READ", "tests.run.poison:read")
    summary = run([archive], tmp_path / "out", limits=Limits(seconds=3))
    documents = {row["paths"][0]: row for row in rows(tmp_path / "out", "documents")}
    assert (documents["segv.txt"]["status"], documents["segv.txt"]["error_code"]) == ("quarantined", "crash")
    assert (documents["hang.txt"]["status"], documents["hang.txt"]["error_code"]) == (
        "quarantined",
        "timeout",
    )
    assert "SIGSEGV" in documents["segv.txt"]["error_message"]
    assert documents["good.docx"]["status"] == "ok" and len(rows(tmp_path / "out", "forms")) == 1
    assert not summary.all_read


@pytest.mark.skipif(sys.platform != "linux", reason="limits are tested on Linux")
def test_the_command_lists_the_quarantined_and_reads_them_again(
    tmp_path: Path, seed_folder: Path, monkeypatch: pytest.MonkeyPatch, guibiao: list[str]
) -> None:
    """The second try has a reader that does not crash: what was lost comes back, everything else stays."""
    archive = tmp_path / "in"
    (archive / "a").mkdir(parents=True)
    (archive / "a" / "bad.txt").write_text("segv\n", encoding="utf-8")
    (archive / "good.docx").write_bytes((seed_folder / "form_1.docx").read_bytes())
    monkeypatch.setenv("GUIBIAO_READ", "tests.run.poison:read")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    out = str(tmp_path / "out")

    def call(*words: str) -> tuple[int, str]:
        found = subprocess.run([*guibiao, *words], capture_output=True, text=True, encoding="utf-8")
        return found.returncode, found.stdout + found.stderr

    assert call("run", str(archive), "--to", out, "-q")[0] == 1
    code, said = call("quarantine", out)
    assert code == 1 and "a/bad.txt" in said and "SIGSEGV" in said and "--retry" in said
    assert call("quarantine", out, "--retry", "-q")[0] == 1
    monkeypatch.delenv("GUIBIAO_READ")
    code, said = call("quarantine", out, "--retry", "-q")
    assert code == 0, said
    documents = {row["paths"][0]: row["status"] for row in rows(tmp_path / "out", "documents")}
    assert documents == {"a/bad.txt": "no_form", "good.docx": "ok"}
    assert "没有被隔离的文件" in call("quarantine", out)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="signals are tested on Linux")
def test_ctrl_c_publishes_what_is_whole_and_says_that_it_is_not_all(
    tmp_path: Path, seed_folder: Path, monkeypatch: pytest.MonkeyPatch, guibiao: list[str]
) -> None:
    """The signal comes while a document hangs: that one is given up, what was read is published, exit code 1."""
    archive = tmp_path / "in"
    archive.mkdir()
    (archive / "a.docx").write_bytes((seed_folder / "form_1.docx").read_bytes())
    (archive / "b.txt").write_text("hang\n", encoding="utf-8")
    monkeypatch.setenv("GUIBIAO_READ", "tests.run.poison:read")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    command = [
        *guibiao,
        "run",
        str(archive),
        "--to",
        str(tmp_path / "out"),
        "--timeout",
        "8",
        "--log",
        "json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and process.stderr.readline().startswith("{")  # five seconds in
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert [row["project_name"] is not None for row in rows(tmp_path / "out", "forms")] == [True]
