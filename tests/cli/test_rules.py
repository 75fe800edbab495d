"""``guibiao rules``: exit codes and what is printed, as a rule author sees it."""

import subprocess
from pathlib import Path

import pytest

from pipeline.cli import rules
from pipeline.rulebook.lint import lint
from pipeline.rulebook.load import load_rulebook

OWN = """\
form: own
extends: project_self_evaluation
sections:
  basics:
    labels:
      project_name: [工程名称]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_shipped_rules_have_no_warning() -> None:
    assert lint(load_rulebook()) == ()


def test_test_of_an_overlay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "forms/own.yaml", OWN)
    example = "form: project_self_evaluation\nspellings:\n  basics.project_name: [工程名称]\n"
    write(tmp_path, "examples/own.yaml", example)
    assert rules.test(tmp_path) == 0
    write(tmp_path, "examples/own.yaml", example.replace("[工程名称]", "[工程名称, 工程名]"))
    assert rules.test(tmp_path) == 1
    assert "examples/own.yaml:3:31:" in capsys.readouterr().out


def test_exit_codes_of_the_command(tmp_path: Path, guibiao: list[str]) -> None:
    write(tmp_path, "examples/own.yaml", "form: nothing\n")
    broken = subprocess.run([*guibiao, "rules", "test", str(tmp_path)], capture_output=True, text=True)
    assert (broken.returncode, "examples/own.yaml:1:7:" in broken.stderr) == (2, True)
    unknown = subprocess.run([*guibiao, "rules", "explain", "牵头部门"], capture_output=True, text=True)
    assert (unknown.returncode, "主管部门" in unknown.stdout) == (1, True)


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules.explain("★ 产 出 指 标（50分）：", None, None) == 0
    shown = capsys.readouterr().out
    assert "折叠 folded: 产出指标(50分)" in shown and "去括注 without notes: 产出指标" in shown
    assert "indicator_level1 output: exact 产出指标  vocabularies/indicator_level1.yaml:7" in shown
    assert rules.explain("年度指标值", "project_target", None) == 0
    shown = capsys.readouterr().out
    assert (
        "project_target indicators.target_text: exact" in shown and "project_self_evaluation ind" not in shown
    )
    assert rules.explain("x", "no_form", None) == 2


def warnings(tmp_path: Path) -> list[tuple[str, int, str]]:
    found = lint(load_rulebook(tmp_path))
    return [(one.path, one.line, one.message.partition("：")[0]) for one in found]


def test_lint_redundant_and_ambiguous_notes(tmp_path: Path) -> None:
    text = OWN.replace("[工程名称]", "[项目名称(全称)]") + "      project_leader: [联系电话(手机)]\n"
    write(tmp_path, "forms/own.yaml", text)
    assert warnings(tmp_path) == [("forms/own.yaml", 6, "多余"), ("forms/own.yaml", 7, "歧义")]


def test_lint_titles_unused_and_unreachable(tmp_path: Path) -> None:
    text = "form: own\nextends: project_target\ntitles: [某部门整体支出绩效自评表]\nsections: {}\n"
    write(tmp_path, "forms/own.yaml", text)
    write(tmp_path, "forms/long.yaml", OWN.replace("form: own", "form: long").replace("工程名称", "长" * 61))
    write(
        tmp_path, "vocabularies/spare.yaml", "vocabulary: spare\nentries:\n  a: {zh: 甲, spellings: [甲]}\n"
    )
    assert warnings(tmp_path) == [
        ("forms/long.yaml", 6, "无法匹配"),
        ("forms/own.yaml", 3, "歧义"),
        ("vocabularies/spare.yaml", 1, "未使用"),
    ]


def test_a_wrong_check_stops_the_run_before_the_first_document(tmp_path: Path, guibiao: list[str]) -> None:
    sql = "-- name: own\n-- severity: info\n-- zh: 甲\n-- en: a\nselect nothing from forms\n"
    write(tmp_path / "rules", "checks/own.sql", sql)
    write(tmp_path / "in", "a.txt", "x")
    command = [*guibiao, "run", "in", "--to", "out", "--rules", "rules"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert (done.returncode, "checks/own.sql:5" in done.stderr, (tmp_path / "out").exists()) == (
        2,
        True,
        False,
    )
    with pytest.raises(rules.RuleError):
        rules.check(tmp_path / "rules")


def _environment() -> dict[str, str]:
    import os

    root = str(Path(__file__).parent.parent.parent)
    return {**os.environ, "PYTHONPATH": root}
