"""The form type and the example that the README of the rules shows are a form type, by one file, and pass."""

import re
from pathlib import Path

from pipeline.cli import rules
from pipeline.rulebook.load import shipped_rules

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
