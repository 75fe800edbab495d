"""The form type and the example that the README of the rules shows are a form type, by one file, and pass."""

import re
from pathlib import Path

from pipeline.cli import rules
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook, shipped_rules

BLOCKS = re.findall(
    r"^```yaml\n(.*?)^```$", (shipped_rules() / "README.md").read_text(encoding="utf-8"), re.M | re.S
)


def test_a_form_type_is_one_yaml_file(tmp_path: Path) -> None:
    form, example = BLOCKS
    for folder, text in (("forms", form), ("examples", example)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "research_report.yaml").write_text(text, encoding="utf-8")
    assert rules.test(tmp_path) == 0
    assert rules.check(tmp_path) == 0


def test_a_title_that_a_shipped_pattern_matches_too_is_the_users(tmp_path: Path) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "research_report.yaml").write_text(BLOCKS[0], encoding="utf-8")
    text = "2021年度科研项目绩效报告表"
    shipped, own = Index(load_rulebook()).title(text), Index(load_rulebook(tmp_path)).title(text)
    assert own is not None and own[0].name == "research_report"
    assert shipped is None or shipped[0].name != "research_report"
