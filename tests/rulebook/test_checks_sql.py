from pathlib import Path

import pytest

from pipeline.rulebook.checks import load_checks

HEAD = "-- name: my_check\n-- severity: warning\n-- zh: 我的检查\n-- en: my check\n"
SQL = "\n-- note: free text\nSELECT 1\n"


def load(folder: Path, text: str | bytes, name: str = "my_check.sql") -> tuple[list[str], list[str]]:
    place = folder / "checks"
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    checks, faults = load_checks(place)
    return [check.name for check in checks], [str(fault) for fault in faults]


def test_a_check_has_its_head_and_the_whole_text_as_sql(tmp_path: Path) -> None:
    load(tmp_path, HEAD + SQL)
    ((check,), faults) = load_checks(tmp_path / "checks")
    assert faults == ()
    assert (check.name, check.severity) == ("my_check", "warning")
    assert (check.title_zh, check.title_en, check.path) == ("我的检查", "my check", "checks/my_check.sql")
    assert check.sql == HEAD + SQL


def test_a_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    text = "\ufeff" + (HEAD + SQL).replace("\n", "\r\n")
    assert load(tmp_path, text) == (["my_check"], [])


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (HEAD.replace("severity", "severty") + SQL, "2:4", "did you mean severity?"),
        (HEAD.replace("warning", "warn") + SQL, "2:14", "did you mean warning?"),
        (HEAD.replace("my_check", "other") + SQL, "1:10", "must be that of the file, my_check"),
        (HEAD + "-- en: again\n" + SQL, "5:4", "duplicate key en (first on line 4)"),
        (HEAD.replace("-- zh: 我的检查\n", "") + SQL, "1:1", "missing key zh"),
        (HEAD.replace("我的检查", "") + SQL, "3:7", "empty"),
        (HEAD + "-- nothing\n", "1:1", "holds no SQL"),
        ((HEAD + SQL).encode("gbk"), "3:1", "not UTF-8"),
    ],
)
def test_a_fault_has_its_place_and_the_file_gives_no_check(
    tmp_path: Path, text: str | bytes, place: str, words: str
) -> None:
    checks, faults = load(tmp_path, text)
    assert checks == []
    assert any(fault.startswith(f"checks/my_check.sql:{place}: ") and words in fault for fault in faults)


def test_without_a_head_every_key_is_missing(tmp_path: Path) -> None:
    _, faults = load(tmp_path, "SELECT 1\n")
    assert len(faults) == 4


def test_a_file_name_is_a_plain_name(tmp_path: Path) -> None:
    _, faults = load(tmp_path, HEAD.replace("my_check", "My-Check") + SQL, "My-Check.sql")
    assert "lower-case" in faults[0]


def test_the_faults_of_all_files_come_at_once_and_the_good_ones_load(tmp_path: Path) -> None:
    load(tmp_path, "SELECT 1\n", "b.sql")
    load(tmp_path, "", "c.sql")
    checks, faults = load(tmp_path, HEAD + SQL)
    assert checks == ["my_check"]
    assert {fault.split(":")[0] for fault in faults} == {"checks/b.sql", "checks/c.sql"}


def test_a_folder_that_does_not_exist_has_no_checks(tmp_path: Path) -> None:
    assert load_checks(tmp_path / "none") == ((), ())
