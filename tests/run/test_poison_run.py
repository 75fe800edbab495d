"""A run over an archive with a document that cannot be survived: one quarantined row, every other row there."""

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
