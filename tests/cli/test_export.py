import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.run.hostile import workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("ws"))


def guibiao(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["guibiao", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_export_tells_what_it_wrote(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("export", made, "--to", tmp_path / "o.xlsx", "--headers", "zh", "--where", "年度 = 2020")
    assert guibiao(monkeypatch, *arguments) == 0
    out = capsys.readouterr().out
    assert str(tmp_path / "o.xlsx") in out and "dictionary" in out and "documents" in out
    assert (tmp_path / "o.dictionary.md").is_file()
    assert guibiao(monkeypatch, *arguments) == 2
    assert "已存在" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--where", "nonsense = 1"),
        ("--format", "ods"),
        ("--headers", "fr"),
        ("--dataset", "nonsense"),
    ],
)
def test_a_wrong_call_is_one_message_in_both_languages(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, str],
) -> None:
    assert guibiao(monkeypatch, "export", made, "--to", tmp_path / "o.duckdb", *arguments) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and "Traceback" not in said
    assert any("一" <= char <= "鿿" for char in said) and arguments[1] in said
    assert not list(tmp_path.iterdir())


def test_report_lies_in_the_workspace_unless_told(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guibiao(monkeypatch, "report", made) == 0
    assert str(made / "report.html") in capsys.readouterr().out
    assert guibiao(monkeypatch, "report", made, "--to", tmp_path / "new" / "r.html") == 0
    assert (tmp_path / "new" / "r.html").read_bytes() == (made / "report.html").read_bytes()
    assert guibiao(monkeypatch, "report", tmp_path / "nothing") == 2
    assert "guibiao run" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["export", "report"])
def test_help_speaks_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert guibiao(monkeypatch, command, "--help") == 0
    out = capsys.readouterr().out
    for option in [line for line in out.splitlines() if line.strip().startswith("--")]:
        assert option.isascii() or any("一" <= char <= "鿿" for char in option)
    assert "workspace" in out and "工作目录" in out
