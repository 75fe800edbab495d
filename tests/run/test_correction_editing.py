"""A line is tried before it is written; the file keeps its encoding, its columns and its other lines."""

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import RuleError, StoreError
from pipeline.run import run
from pipeline.run.correction_editing import add, states
from tests.run.archives import form


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("editing")
    (root / "in").mkdir()
    for number in range(3):
        (root / "in" / f"{number}.txt").write_text(form(number), encoding="utf-8")
    (root / "in" / "empty.docx").write_bytes(b"")
    run([root / "in"], root / "out")
    return root / "out"


@pytest.fixture
def workspace(base: Path, tmp_path: Path) -> Path:
    shutil.copytree(base, tmp_path / "out", symlinks=True)
    return tmp_path / "out"


SCORE = {
    "document": "1.txt",
    "dataset": "indicators",
    "row": "0",
    "field": "得分",
    "new": "85",
    "who": "王五",
}


def test_the_old_value_is_taken_from_the_document_and_the_new_file_opens_in_excel(workspace: Path) -> None:
    one = add(workspace, SCORE)
    assert (one.line, one.old, one.new, one.field) == (2, "90", "85", "score")
    data = (workspace / "corrections.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and data.endswith(b"\r\n")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1] == [
        "1.txt", "", "", "indicators", "0", "得分", "90", "85", "王五", "",
    ]  # fmt: skip
    (state,) = states(workspace)
    assert (state.state, state.path, state.published) == ("applied", "1.txt", False)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_line_is_added_to_a_file_as_it_is(workspace: Path, codec: str) -> None:
    path = workspace / "corrections.csv"
    before = "原值,新值,行,字段,文件\n90,80,1,三级指标,9.txt\n90,70,1,偏差原因,0.txt".encode(codec)
    path.write_bytes(before)
    path.chmod(0o640)
    add(
        workspace,
        {name: text for name, text in SCORE.items() if name not in ("who", "dataset")}
        | {"field": "reviewed_score", "old": "", "row": "0"},
    )
    data = path.read_bytes()
    assert data == before + "\n,85,0,reviewed_score,1.txt\n".encode(codec)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640
    assert [one.state for one in states(workspace)] == ["stale", "stale", "applied"]


def test_what_would_not_be_applied_is_not_written(workspace: Path) -> None:
    with pytest.raises(StoreError, match="it is 90"):
        add(workspace, SCORE | {"old": "91"})
    with pytest.raises(StoreError, match="no row 9"):
        add(workspace, SCORE | {"row": "9"})
    with pytest.raises(StoreError, match="no such document"):
        add(workspace, SCORE | {"document": "7.txt"})
    with pytest.raises(RuleError, match="no score"):
        add(workspace, SCORE | {"new": "很好"})
    assert not (workspace / "corrections.csv").exists()
    add(workspace, SCORE)
    before = (workspace / "corrections.csv").read_bytes()
    with pytest.raises(RuleError, match="line 2 corrects the same"):
        add(workspace, SCORE | {"new": "84"})
    (workspace / "corrections.csv").write_bytes(before.replace("修改人".encode(), b""))
    with pytest.raises(RuleError, match="add the columns first"):
        add(workspace, SCORE | {"row": "1"})
    assert (workspace / "corrections.csv").read_bytes() == before.replace("修改人".encode(), b"")


def test_a_formula_is_guarded_and_comes_back_as_it_was(workspace: Path) -> None:
    add(workspace, SCORE | {"field": "三级指标", "new": "=HYPERLINK(1)"})
    assert "'=HYPERLINK(1)" in (workspace / "corrections.csv").read_text("utf-8-sig")
    assert states(workspace)[0].correction.new == "=HYPERLINK(1)"


def test_without_a_snapshot_there_is_nothing_to_correct(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run guibiao run first"):
        states(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_lists_and_adds(workspace: Path, guibiao: list[str]) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*guibiao, "corrections", *arguments], capture_output=True, text=True, encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
        )  # fmt: skip

    assert "0 处更正" in call(str(workspace)).stdout
    added = call(
        "add",
        str(workspace),
        "--document",
        "2.txt",
        "--field",
        "项目名称",
        "--new",
        "新名称",
        "--why",
        "笔误",
    )
    assert (added.returncode, "项目2 → 新名称" in added.stdout) == (0, True), added.stderr
    listed = call(str(workspace))
    assert (
        listed.returncode == 0
        and "已应用 applied" in listed.stdout
        and "forms project_name: 项目2" in listed.stdout
    )
    text = (workspace / "corrections.csv").read_text("utf-8-sig")
    (workspace / "corrections.csv").write_text(text.replace("项目2", "项目3"), encoding="utf-8")
    listed = call(str(workspace), "--json")
    assert (listed.returncode, json.loads(listed.stdout)[0]["state"]) == (1, "stale")
    (workspace / "corrections.csv").write_text(text.replace("项目名称", "工程名称"), encoding="utf-8")
    listed = call(str(workspace))
    assert listed.returncode == 2 and "corrections.csv:2:6: " in listed.stderr
    assert "add" in call("--help").stdout
