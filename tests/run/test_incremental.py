"""A second run over a changed archive: only what is new is read, and the bytes are those of a first run."""

import os
import random
import shutil
import zipfile
from pathlib import Path

import pytest

from pipeline.readers import docx, txt
from pipeline.run import reading as reading_module
from pipeline.run import run
from pipeline.store.grids import GridStore
from tests.published import rows
from tests.run.archives import TITLES, data_files, form


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "2020").mkdir(parents=True)
    for number in range(6):
        write(folder / "2020" / f"{number}.txt", form(number))
    write(folder / "none.txt", "没有表格\n")
    (folder / "empty.docx").write_bytes(b"")
    (folder / "odd.bin").write_bytes(b"\x01\x02\x03\xff" * 40)
    with zipfile.ZipFile(folder / "more.zip", "w") as packed:
        packed.writestr("inner/7.txt", form(7))
        packed.writestr("inner/same.txt", form(1))
        packed.writestr("__MACOSX/x", b"x")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + b"junk" * 30)
    age(folder)
    return folder


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def age(folder: Path) -> None:
    """Set all times back, as those of an archive are; a file just written is never trusted."""
    for path in folder.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))


@pytest.fixture(autouse=True)
def _old_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let change times, which nobody can set back, count as old."""
    monkeypatch.setenv("GUIBIAO_ISOLATION", "off")  # what is watched here is read in this process
    from pipeline.store import catalogue

    monkeypatch.setattr(catalogue, "_RACY", -(1 << 62))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which every document that a reader is given adds its path."""
    seen: list[str] = []
    real = reading_module.read

    def note(source):  # type: ignore[no-untyped-def]
        seen.append(source.paths[0])
        return real(source)

    monkeypatch.setattr(reading_module, "read", note)
    return seen


def fresh(archive: Path, workspace: Path, rules: Path | None = None) -> dict[str, bytes]:
    run([archive], workspace, rules=rules)
    return data_files(workspace)


def test_a_run_over_the_same_archive_reads_nothing_and_publishes_nothing(
    archive: Path, tmp_path: Path, opened: list[str]
) -> None:
    first = run([archive], tmp_path / "out")
    assert len(opened) == 10
    opened.clear()
    second = run([archive], tmp_path / "out")
    assert opened == []
    assert second == first
    assert second.snapshot.name == "000001"


def test_only_new_content_is_read(archive: Path, tmp_path: Path, opened: list[str]) -> None:
    run([archive], tmp_path / "out")
    opened.clear()
    write(archive / "2020" / "new.txt", form(50))
    write(archive / "copy.txt", form(2))
    summary = run([archive], tmp_path / "out")
    assert opened == ["2020/new.txt"]
    assert summary.notices == run([archive], tmp_path / "fresh").notices
    assert data_files(tmp_path / "out") == data_files(tmp_path / "fresh")


def test_without_the_catalogue_files_are_hashed_and_not_read(
    archive: Path, tmp_path: Path, opened: list[str]
) -> None:
    run([archive], tmp_path / "out")
    opened.clear()
    (tmp_path / "out" / "catalogue.sqlite").write_bytes(b"not a database" * 100)
    run([archive], tmp_path / "out")
    assert opened == []
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


def test_an_edit_that_keeps_size_and_time_is_noticed(archive: Path, tmp_path: Path) -> None:
    run([archive], tmp_path / "out")
    path = archive / "2020" / "3.txt"
    write(path, form(4).replace("公路段", "公安段"))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    summary = run([archive], tmp_path / "out")
    assert any("files have new content: 2020/3.txt" in line for line in summary.notices)
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


def test_moved_files_are_named_and_not_read(archive: Path, tmp_path: Path, opened: list[str]) -> None:
    run([archive], tmp_path / "out")
    opened.clear()
    (archive / "2021").mkdir()
    (archive / "2020" / "3.txt").rename(archive / "2021" / "3.txt")
    summary = run([archive], tmp_path / "out")
    assert opened == []
    assert any("paths moved or gone" in line and "2020/3.txt" in line for line in summary.notices)
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


def test_vanished_files_are_kept_and_reported_until_they_are_pruned(archive: Path, tmp_path: Path) -> None:
    run([archive], tmp_path / "out")
    before = data_files(tmp_path / "out")
    shutil.copytree(archive, tmp_path / "whole", copy_function=shutil.copy2)
    for name in ("2020/3.txt", "more.zip", "empty.docx"):
        (archive / name).unlink()
    for _ in range(2):
        summary = run([archive], tmp_path / "out")
        # a second path of 1.txt was in more.zip: that content is elsewhere, the rest is gone
        assert any("3 files are gone" in line and "2020/3.txt" in line for line in summary.notices)
    assert {name for name in data_files(tmp_path / "out") if not name.startswith("documents/")} == {
        name for name in before if not name.startswith("documents/")
    }
    kept = {path for row in rows(tmp_path / "out", "documents") for path in row["paths"]}
    assert {"2020/3.txt", "more.zip!inner/7.txt", "empty.docx"} <= kept
    summary = run([archive], tmp_path / "out", prune_missing=True)
    assert any("removed" in line for line in summary.notices)
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


def test_a_reader_whose_version_rose_rereads_its_own_media(
    archive: Path, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch, seed_folder: Path
) -> None:
    shutil.copy(seed_folder / "form_1.docx", archive / "one.docx")
    run([archive], tmp_path / "out")
    opened.clear()
    monkeypatch.setattr(docx, "VERSION", docx.VERSION + 1)
    reading_module.reader_key.cache_clear()
    try:
        run([archive], tmp_path / "out")
        assert opened == ["one.docx"]
        opened.clear()
        monkeypatch.setattr(txt, "VERSION", txt.VERSION + 1)
        reading_module.reader_key.cache_clear()
        run([archive], tmp_path / "out")
        assert sorted(opened) == [
            *(f"2020/{number}.txt" for number in range(6)),
            "more.zip!inner/7.txt",
            "none.txt",
        ]
    finally:
        reading_module.reader_key.cache_clear()


def test_a_failure_that_may_pass_is_tried_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = txt.read

    def fail(_source: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(txt, "read", fail)
    assert run([archive], tmp_path / "out").documents["failed"] > 6
    monkeypatch.setattr(txt, "read", real)
    run([archive], tmp_path / "out")
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


def test_other_rules_are_applied_without_reading(archive: Path, tmp_path: Path, opened: list[str]) -> None:
    write(archive / "other.txt", form(9, label="工程名字"))
    run([archive], tmp_path / "out")
    opened.clear()
    rules = tmp_path / "rules" / "forms"
    rules.mkdir(parents=True)
    write(
        rules / "mine.yaml",
        "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
        "    labels:\n      project_name: [工程名字]\n",
    )
    run([archive], tmp_path / "out", rules=tmp_path / "rules")
    assert opened == []
    assert "项目9" in {row["project_name"] for row in rows(tmp_path / "out", "forms")}
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh", tmp_path / "rules")


def test_compaction_changes_nothing(archive: Path, tmp_path: Path, opened: list[str]) -> None:
    for number in range(4):
        write(archive / f"more{number}.txt", form(60 + number))
        run([archive], tmp_path / "out")
    store = GridStore(tmp_path / "out")
    assert len(store.shards()) == 4
    assert store.compact() == 3
    opened.clear()
    run([archive], tmp_path / "out")
    assert opened == []
    assert data_files(tmp_path / "out") == fresh(archive, tmp_path / "fresh")


@pytest.mark.parametrize("seed", range(2))
def test_any_history_ends_in_the_bytes_of_a_first_run(archive: Path, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    for step in range(4):
        for _ in range(dice.randrange(1, 4)):
            change(archive, dice)
        run([archive], tmp_path / "out", prune_missing=True)
        assert data_files(tmp_path / "out") == fresh(archive, tmp_path / f"fresh{step}")


def change(archive: Path, dice: random.Random) -> None:
    """Change an archive in one way: a file new, edited, gone, moved, copied, renamed, packed."""
    files = [path for path in archive.rglob("*") if path.is_file()]
    one = dice.choice(files)
    kind = dice.randrange(7)
    text = form(dice.randrange(30), title=dice.choice(TITLES), label=dice.choice(["项目名称", "名字"]))
    if kind == 0:
        write(archive / f"new{dice.randrange(9)}.txt", text)
    elif kind == 1:
        write(one.with_suffix(".txt"), text)
    elif kind == 2 and len(files) > 3:
        one.unlink()
    elif kind == 3:
        one.rename(archive / f"moved{dice.randrange(9)}{one.suffix}")
    elif kind == 4:
        shutil.copy2(one, archive / f"copy{dice.randrange(9)}{dice.choice([one.suffix, '.docx', ''])}")
    elif kind == 5:
        one.rename(one.with_suffix(dice.choice([".doc", ".txt", ".bin"])))
    else:
        with zipfile.ZipFile(archive / f"packed{dice.randrange(3)}.zip", "w") as packed:
            for path in dice.sample(files, min(3, len(files))):
                packed.writestr(path.name, path.read_bytes())
