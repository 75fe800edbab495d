"""Two sets of rules compared: their lines, and the rows that each gives."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import RuleError, StoreError
from pipeline.run import run
from pipeline.run.rerun import apply, plan
from pipeline.run.rulesets import between_rules
from pipeline.run.snapshots import between
from tests.run.archives import form

OVERLAY = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
    "    labels:\n      project_name: [{}]\n"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rulesets")
    (root / "in").mkdir()
    for number in range(5):
        label = "工程名字" if number == 3 else "项目名称"
        (root / "in" / f"{number}.txt").write_text(form(number, label=label), encoding="utf-8")
    (root / "in" / "empty.docx").write_bytes(b"")
    run([root / "in"], root / "out")
    return root / "out"


@pytest.fixture
def workspace(base: Path, tmp_path: Path) -> Path:
    shutil.copytree(base, tmp_path / "out", symlinks=True)
    return tmp_path / "out"


def overlay(folder: Path, text: str) -> Path:
    (folder / "forms").mkdir(parents=True)
    (folder / "forms" / "mine.yaml").write_text(text, encoding="utf-8")
    return folder


def test_two_folders_are_compared_without_publishing(workspace: Path, tmp_path: Path) -> None:
    one = overlay(tmp_path / "one", OVERLAY.format("工程大名"))
    two = overlay(tmp_path / "two", OVERLAY.format("工程名字"))
    found = between_rules(workspace, str(one), str(two))
    assert (found.everything, found.touched, found.documents) == ("", 1, 6)
    names = [change.name.rsplit("/", 2)[1] for change in found.changes]
    assert sorted(zip((change.kind for change in found.changes), names, strict=True)) == [
        ("+spelling", "工程名字"),
        ("-spelling", "工程大名"),
    ]
    changed = [one for one in found.differences if one.column == "project_name"]
    assert [(one.old, one.new, one.rule) for one in changed] == [("", "项目3", "forms/mine.yaml:7")]
    assert between_rules(workspace, str(two), str(two)).differences == ()


def test_rules_of_a_snapshot_and_a_folder_foretell_what_the_snapshots_show(
    workspace: Path, tmp_path: Path
) -> None:
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    foretold = between_rules(workspace, "1", str(rules))
    back = between_rules(workspace, str(rules), "shipped")
    planned = plan(workspace, rules)
    apply(workspace)
    assert foretold.differences == planned.differences == tuple(between(workspace, 1, 2)[1])
    assert foretold.changes == planned.changes
    assert back.differences == tuple(between(workspace, 2, 1)[1])


def test_another_check_is_looked_at_on_all_documents(workspace: Path, tmp_path: Path) -> None:
    from pipeline.rulebook.load import shipped_rules

    (tmp_path / "rules" / "checks").mkdir(parents=True)
    sql = (shipped_rules() / "checks" / "scores_total.sql").read_text(encoding="utf-8")
    target = tmp_path / "rules" / "checks" / "scores_total.sql"
    target.write_text(re.sub(r"severity: \w+", "severity: info", sql), encoding="utf-8")
    found = between_rules(workspace, "shipped", str(tmp_path / "rules"))
    assert (found.everything, found.touched) == ("checks/scores_total.sql", 5)
    assert {(one.dataset, one.column, one.new) for one in found.differences} == {
        ("checks", "severity", "info")
    }
    assert len(found.differences) == 5


def test_without_a_workspace_only_the_rules_are_compared(tmp_path: Path) -> None:
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    found = between_rules(tmp_path / "nothing", "shipped", str(rules))
    assert [change.kind for change in found.changes] == ["+spelling"]
    assert (found.differences, found.documents) == ((), 0)
    assert not (tmp_path / "nothing").exists()


def test_a_side_that_is_not_there_is_named(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="000009"):
        between_rules(workspace, "9", "shipped")
    with pytest.raises(RuleError, match="no such rules directory"):
        between_rules(workspace, "shipped", str(tmp_path / "nowhere"))


def test_the_command_prints_json_table_and_page(workspace: Path, tmp_path: Path, guibiao: list[str]) -> None:
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    call = [*guibiao, "diff", "1", str(rules), "--to", str(workspace)]
    done = subprocess.run([*call, "--json", "--html", str(tmp_path / "x.html")], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    state = json.loads(done.stdout)
    assert [change["kind"] for change in state["changes"]] == ["+spelling"]
    assert [one["new"] for one in state["differences"] if one["column"] == "project_name"] == ["项目3"]
    assert "项目3" in (tmp_path / "x.html").read_text(encoding="utf-8")
    table = subprocess.run(call, capture_output=True).stdout.decode()
    assert "项目3" in table and "1 / 6" in table
