"""Corrections in whole runs: published, counted by the checks, kept up with by runs, plans, rollbacks and proofs."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.errors import RuleError, StoreError
from pipeline.run import run
from pipeline.run.correction_editing import states
from pipeline.run.correction_lines import HEADER
from pipeline.run.rerun import apply, plan
from pipeline.run.rulesets import between_rules
from pipeline.run.snapshots import between, verify
from pipeline.store import Workspace
from tests.published import rows
from tests.run.archives import data_files, form

OVERLAY = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
    "    labels:\n      project_name: [工程名字]\n"
)
SCORE = "1.txt,,,indicators,0,得分,90,85,王五,复核"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIBIAO_ISOLATION", "off")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        label = "工程名字" if number == 3 else "项目名称"
        (folder / f"{number}.txt").write_text(form(number, label=label), encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "again.txt").write_text(form(2), encoding="utf-8")
    (folder / "empty.docx").write_bytes(b"")
    return folder


def write(workspace: Path, *lines: str, codec: str = "utf-8") -> None:
    workspace.mkdir(exist_ok=True)
    text = "\r\n".join([",".join(HEADER), *lines]) + "\r\n"
    (workspace / "corrections.csv").write_bytes(text.encode(codec))


def manifest(workspace: Path) -> dict[str, Any]:
    current = Workspace(workspace).current()
    assert current is not None
    return Workspace(workspace).manifest(current)


def kept(workspace: Path) -> list[str]:
    return [entry["state"] for entry in manifest(workspace).get("corrections", [])]


def fresh(archive: Path, workspace: Path, target: Path, rules: Path | None = None) -> dict[str, bytes]:
    """Return what a first run gives with the same corrections."""
    target.mkdir()
    shutil.copy(workspace / "corrections.csv", target)
    run([archive], target, rules=rules)
    return data_files(target)


def scores(workspace: Path) -> list[float]:
    return sorted(row["score"] for row in rows(workspace, "indicators") if row["corrected_from"])


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_first_run_and_a_later_one_publish_the_same(
    archive: Path, tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if codec == "gb18030":
        monkeypatch.delenv("GUIBIAO_ISOLATION")  # once as users run it: in children
    workspace = tmp_path / "out"
    run([archive], workspace)
    assert "corrections" not in manifest(workspace)
    plain = data_files(workspace)
    write(workspace, SCORE, "sub/again.txt,,,,1,level3,合格率,优良率,,", codec=codec)
    summary = run([archive], workspace)
    assert any("2 corrections applied" in line for line in summary.notices)
    assert kept(workspace) == ["applied", "applied"]
    assert data_files(workspace) == fresh(archive, workspace, tmp_path / "fresh")
    (row,) = [row for row in rows(workspace, "indicators") if row["level3"] == "优良率"]
    assert row["corrected_from"] == ["level3: 合格率"]
    (row,) = [row for row in rows(workspace, "indicators") if row["score"] == 85]
    checks = rows(workspace, "checks", f"form_id = '{row['form_id']}' and \"check\" = 'scores_total'")
    assert [check["outcome"] for check in checks] == ["fail"]
    assert all(one.published and one.state == "applied" for one in states(workspace))
    write(workspace)  # taken back
    run([archive], workspace)
    assert data_files(workspace) == plain


def test_only_the_documents_concerned_are_interpreted_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.run import work

    workspace = tmp_path / "out"
    (archive / "empty.docx").unlink()  # what cannot be read is tried at each run
    run([archive], workspace)
    seen: list[str] = []
    real = work._extraction
    monkeypatch.setattr(
        work, "_extraction", lambda reading, index, path: (seen.append(path), real(reading, index, path))[1]
    )
    write(workspace, SCORE)
    run([archive], workspace)
    assert seen == ["1.txt"]
    run([archive], workspace)
    assert seen == ["1.txt"] and kept(workspace) == ["applied"] and len(Workspace(workspace).snapshots()) == 2
    write(workspace, SCORE.replace("王五", "李四"))  # who says so changes no row
    run([archive], workspace)
    assert seen == ["1.txt"] and manifest(workspace)["corrections"][0]["who"] == "李四"
    write(workspace, SCORE.replace("85", "84"))
    run([archive], workspace)
    assert seen == ["1.txt"] * 2 and scores(workspace) == [84]


def test_what_is_wrong_in_the_file_stops_a_run_and_what_does_not_fit_is_named(
    archive: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "out"
    write(workspace, SCORE, SCORE.replace("1.txt", "2.txt").replace("85", "很好"))
    with pytest.raises(RuleError, match=r"corrections\.csv:3:8: "):
        run([archive], workspace)
    assert not (workspace / "current").exists()
    write(
        workspace,
        "nowhere.txt,,,indicators,0,得分,90,85,,",
        SCORE.replace(",90,", ",91,"),
        "empty.docx,,,indicators,0,得分,90,85,,",
    )
    summary = run([archive], workspace)
    assert kept(workspace) == ["stale"] * 3
    said = [line for line in summary.notices if line.startswith("corrections.csv:")]
    assert ["no document nowhere.txt" in said[0], "it is 90" in said[1], "could not be read" in said[2]] == [
        True
    ] * 3
    run([archive], tmp_path / "plain")
    assert data_files(workspace) == data_files(tmp_path / "plain")


def test_plan_and_apply_keep_the_corrections(archive: Path, tmp_path: Path) -> None:
    workspace, rules = tmp_path / "out", tmp_path / "rules"
    (rules / "forms").mkdir(parents=True)
    (rules / "forms" / "mine.yaml").write_text(OVERLAY, encoding="utf-8")
    write(workspace, SCORE, "3.txt,,,,0,target_text,≥3公里,≥4公里,,")
    run([archive], workspace)
    foretold = between_rules(workspace, "1", str(rules))
    found = plan(workspace, rules)
    assert foretold.differences == found.differences
    assert not [one for one in found.differences if one.column in ("score", "corrected_from")]
    apply(workspace)
    assert kept(workspace) == ["applied"] * 2
    assert tuple(between(workspace, 1, 2)[1]) == found.differences
    assert data_files(workspace) == fresh(archive, workspace, tmp_path / "fresh", rules)
    assert verify(workspace, everything=True).faults == ()


def test_a_plan_takes_up_new_corrections_and_apply_refuses_newer_ones(archive: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "out"
    run([archive], workspace)
    write(workspace, SCORE)
    found = plan(workspace, None)
    assert [one.new for one in found.differences if one.column == "score"] == ["85.0"]
    write(workspace, SCORE.replace("85", "84"))
    with pytest.raises(StoreError, match="the corrections changed since the plan"):
        apply(workspace)
    plan(workspace, None)
    apply(workspace)
    assert scores(workspace) == [84]
    assert data_files(workspace) == fresh(archive, workspace, tmp_path / "fresh")


def test_rules_that_give_the_value_from_elsewhere_make_a_line_stale(archive: Path, tmp_path: Path) -> None:
    from pipeline.rulebook.load import shipped_rules

    workspace, rules = tmp_path / "out", tmp_path / "rules"
    write(workspace, "1.txt,,,forms,,project_name,项目1,新名称,,")
    run([archive], workspace)
    (rules / "forms").mkdir(parents=True)
    text = (shipped_rules() / "forms" / "project_self_evaluation.yaml").read_text(encoding="utf-8")
    text = text.replace("project_name: [项目名称, ", "project_name: [").replace(
        "implementing_unit: [实施单位, ", "implementing_unit: [项目名称, "
    )
    (rules / "forms" / "project_self_evaluation.yaml").write_text(text, encoding="utf-8")
    plan(workspace, rules)
    apply(workspace)
    assert kept(workspace) == ["stale"]
    assert not [row for row in rows(workspace, "forms") if row["corrected_from"]]
    plan(workspace, None)
    apply(workspace)
    assert kept(workspace) == ["applied"]
    assert [row["project_name"] for row in rows(workspace, "forms") if row["corrected_from"]] == ["新名称"]


def test_old_snapshots_are_proved_by_their_own_corrections(archive: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "out"
    write(workspace, SCORE)
    run([archive], workspace)
    write(workspace, SCORE.replace("85", "84"), "2.txt,,,,,fiscal_year,2021,2023,,")
    run([archive], workspace)
    assert kept(workspace) == ["applied", "applied"]
    for number in (1, 2):
        assert verify(workspace, number, everything=True).faults == ()
    assert scores(workspace) == [84]
    Workspace(workspace).switch(1)
    assert scores(workspace) == [85]
    run([archive], workspace)
    assert data_files(workspace) == fresh(archive, workspace, tmp_path / "fresh")


def test_a_document_that_goes_takes_its_correction_and_brings_it_back(archive: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "out"
    write(workspace, SCORE)
    run([archive], workspace)
    text = (archive / "1.txt").read_text("utf-8")
    (archive / "1.txt").unlink()
    run([archive], workspace)
    assert (kept(workspace), scores(workspace)) == (["applied"], [85])  # its data are kept
    run([archive], workspace, prune_missing=True)
    assert (kept(workspace), scores(workspace)) == (["stale"], [])
    (archive / "1.txt").write_text(text.replace("养护里程1", "别的事"), encoding="utf-8")
    run([archive], workspace)
    assert (kept(workspace), scores(workspace)) == (["stale"], [])
    (archive / "1.txt").write_text(text, encoding="utf-8")
    run([archive], workspace)
    assert (kept(workspace), scores(workspace)) == (["applied"], [85])


def test_the_column_is_there_and_empty_without_corrections(archive: Path, tmp_path: Path) -> None:
    run([archive], tmp_path / "out")
    for dataset in ("forms", "funding", "indicators"):
        for path in (tmp_path / "out" / "current" / dataset).rglob("*.parquet"):
            table = pq.ParquetFile(path).read()
            assert str(table.schema.field("corrected_from").type).endswith(": string>")
            assert table.column("corrected_from").null_count == table.num_rows
