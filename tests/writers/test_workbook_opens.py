"""The workbook as a spreadsheet program sees it, not as the library that might share our mistakes."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.run.export import export
from tests.run.hostile import LONG, TEXTS, workspace

ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
def test_libreoffice_opens_it_and_shows_every_text(tmp_path: Path) -> None:
    export(workspace(tmp_path / "ws"), tmp_path / "out.xlsx", datasets=["indicators", "funding"])
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            ALL_SHEETS,
            "out.xlsx",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=180,
    )

    def column(sheet: str, name: str) -> list[str]:
        with (tmp_path / f"out-{sheet}.csv").open(encoding="utf-8-sig", newline="") as file:
            return [row[name] for row in csv.DictReader(file)]

    # its own CSV ends lines with \n only
    shown = column("indicators", "level3")
    assert shown[: len(TEXTS)] == [text.replace("\r\n", "\n") for text in TEXTS]
    assert shown[len(TEXTS)].startswith("→ 长文本")
    assert "".join(column("长文本 long texts", "文本 text")) == LONG
    assert set(column("funding", "initial_budget")) == {"123456789012345678.25"}
    assert set(column("funding", "full_year_budget")) == {"1234567890123.25"}
