"""What a lookup costs: texts screened once for all forms, words cut for few, each distinct text compared once."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.matcher import match
from pipeline.model import Spelling
from pipeline.rulebook.index import FormIndex, Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.one import open_document
from pipeline.text import segment

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEXTS = [
    "项目名称", "★ 项 目 名 称：", "主管部门（单位）", "全年预算数（A）", "产出指标(50分)", "合计", "总分", "年度资金总额",
    "道路养护", "100.00", "", " ", "——", "水" * 300, "项目名称" + " " * 400, "≥98%", "得分", "绩效指标", "其中：财政拨款",
]  # fmt: skip


def test_a_plain_run_over_the_fixtures_loads_no_jieba(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.run import run;"
        "run([Path(sys.argv[1])], Path(sys.argv[2]));"
        "assert 'jieba' not in sys.modules, 'jieba'"
    )
    for folder in ("project_self_evaluation", "benchmark/html"):
        arguments = [str(FIXTURES / folder), str(tmp_path / folder.replace("/", "-"))]
        subprocess.run([sys.executable, "-c", code, *arguments], check=True)


def test_a_distinct_text_is_compared_once_however_often_it_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    original = segment.nearest

    def counting(label: str, *args: object, **options: object) -> segment.Nearest:
        compared.append(label)
        return original(label, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(segment, "nearest", counting)
    index = Index(load_rulebook())
    path = FIXTURES / "benchmark" / "html" / "extra_columns.html"
    for _again in range(3):
        for _name, document in open_document(path):
            match(document, index)  # type: ignore[arg-type]
    asked = counted(compared)
    assert asked and max(asked.values()) <= len(index.forms["project_self_evaluation"].sections)
    index = Index(load_rulebook())
    before = len(compared)
    for _name, document in open_document(path):
        match(document, index)  # type: ignore[arg-type]
    assert len(compared) - before == before


def counted(texts: list[str]) -> dict[str, int]:
    return {text: texts.count(text) for text in texts}


@pytest.mark.parametrize("text", TEXTS)
def test_the_screen_loses_nothing_that_a_form_knows(text: str) -> None:
    index = Index(load_rulebook())
    for rule in index.rulebook.forms:
        alone = FormIndex(rule)
        seen = alone._look(text)
        assert index.forms[rule.name].look(text) == seen
        if index.screen.idle(text):
            assert not (seen.names_section or seen.columns or seen.totals or seen.ignored)


def test_a_changed_rulebook_lets_its_new_spellings_through() -> None:
    index = Index(load_rulebook())
    assert index.screen.idle("道路养护")
    rule = index.forms["project_self_evaluation"].rule
    section = next(one for one in rule.sections if one.kind == "fields")

    label = replace(section.labels[0], spellings=(Spelling("道路养护", "道路养护", "alias", "x.yaml:1"),))
    sections = tuple(
        replace(one, labels=(label, *one.labels[1:])) if one is section else one for one in rule.sections
    )
    other = index.changed(forms=[replace(rule, sections=sections)])
    named = other.forms[rule.name].look("道路养护").fields
    assert named is not None and named.rule.field == label.field
