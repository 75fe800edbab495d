"""Plan and apply: the difference is foretold exactly, and the bytes are those of a full rebuild."""

import random
import shutil
from pathlib import Path

import pytest

from pipeline.errors import RuleError, StoreError
from pipeline.rulebook.load import load_rulebook
from pipeline.run import run
from pipeline.run.difference import compare_tables
from pipeline.run.footprint import compare, concerns
from pipeline.run.previous import KEPT, open_snapshot
from pipeline.run.rerun import apply, plan
from pipeline.store import Workspace
from tests.run.archives import TITLES, data_files, form
from tests.run.edits import KINDS, edited

OVERLAY = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
    "    labels:\n      project_name: [{}]\n"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, seed_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for number in range(8):
        label = "工程名字" if number == 3 else "项目名称"
        title = TITLES[1] if number == 5 else TITLES[0]
        money = "实际花费" if number in (3, 6) else "全年执行数"
        (folder / f"{number}.txt").write_text(
            form(number, title=title, label=label, money=money), encoding="utf-8"
        )
    (folder / "none.txt").write_text("没有表格\n", encoding="utf-8")
    (folder / "empty.docx").write_bytes(b"")
    shutil.copy(seed_folder / "form_1.docx", folder)
    shutil.copy(seed_folder / "form_2.pdf", folder)
    return folder


@pytest.fixture(scope="module")
def base(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("base") / "out"
    run([archive], workspace)
    return workspace


@pytest.fixture
def workspace(base: Path, tmp_path: Path) -> Path:
    shutil.copytree(base, tmp_path / "out", symlinks=True)
    return tmp_path / "out"


def overlay(folder: Path, text: str) -> Path:
    (folder / "forms").mkdir(parents=True)
    (folder / "forms" / "mine.yaml").write_text(text, encoding="utf-8")
    return folder


def test_an_added_spelling_touches_only_the_documents_that_print_it(
    archive: Path, workspace: Path, tmp_path: Path
) -> None:
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    before = data_files(workspace)
    found = plan(workspace, rules)
    assert data_files(workspace) == before
    assert (found.everything, found.touched) == ("", 1)
    changed = [one for one in found.differences if one.column == "project_name"]
    assert [(one.kind, one.old, one.new, one.rule) for one in changed] == [
        ("changed", "", "项目3", "forms/mine.yaml:7")
    ]
    assert [(one.kind, one.name.rsplit("/", 2)[1]) for one in found.changes] == [("+spelling", "工程名字")]
    applied, snapshot = apply(workspace)
    assert applied == found
    assert snapshot.name == "000002"
    run([archive], tmp_path / "fresh", rules=rules)
    assert data_files(workspace) == data_files(tmp_path / "fresh")


SCOPED = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n    labels:\n"
    "      project_name: [{{text: 工程名字, {}}}]\n      project_leader: [{{text: 工程名字, {}}}]\n"
)


@pytest.mark.parametrize(
    ("scopes", "later", "column"),
    [
        (("years: 2018", "years: 2020"), ("years: 2019", "years: 2020"), "project_name"),
        (("years: 2018", "years: 2020"), ("years: 2018", "years: 2019-2020"), "project_leader"),
        (("regions: 四川", "regions: 西藏"), ("regions: 交通局3", "regions: 西藏"), "project_name"),
    ],
)
def test_a_changed_scope_touches_the_documents_that_hold_its_text(
    archive: Path,
    workspace: Path,
    tmp_path: Path,
    scopes: tuple[str, str],
    later: tuple[str, str],
    column: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The form in question prints 2019 and 交通局3; the first scopes leave it out, the later ones let it in."""
    monkeypatch.setenv("GUIBIAO_ISOLATION", "off")
    rules = overlay(tmp_path / "rules", SCOPED.format(*scopes))
    found = plan(workspace, rules)
    assert (found.everything, found.touched, found.differences) == ("", 1, ())
    apply(workspace)
    (rules / "forms" / "mine.yaml").write_text(SCOPED.format(*later), encoding="utf-8")
    found = plan(workspace, rules)
    assert (found.everything, found.touched) == ("", 1)
    assert [one.new for one in found.differences if one.column == column] == ["项目3"]
    apply(workspace)
    run([archive], tmp_path / "fresh", rules=rules)
    assert data_files(workspace) == data_files(tmp_path / "fresh")


def test_the_applied_difference_is_the_planned_one(workspace: Path, tmp_path: Path) -> None:
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字, 主管部门"))
    with pytest.raises(RuleError):
        plan(workspace, rules)
    shutil.rmtree(rules)
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    found = plan(workspace, rules)
    apply(workspace)
    assert tuple(between(workspace, 1, 2)) == found.differences


def between(workspace: Path, one: int, other: int) -> list[object]:
    store, rulebook = Workspace(workspace), load_rulebook()
    sides = [open_snapshot(store, store.snapshots_dir / f"{number:06d}", rulebook) for number in (one, other)]
    tables = [{name: side.table(name) for name in KEPT} for side in sides]
    return list(compare_tables(tables[0], tables[1]))


def test_apply_refuses_when_workspace_or_rules_have_moved(
    archive: Path, workspace: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="run guibiao plan first"):
        apply(workspace)
    rules = overlay(tmp_path / "rules", OVERLAY.format("工程名字"))
    plan(workspace, rules)
    (rules / "forms" / "mine.yaml").write_text(OVERLAY.format("工程大名"), encoding="utf-8")
    with pytest.raises(StoreError, match="the rules changed since the plan"):
        apply(workspace)
    plan(workspace, rules)
    shutil.copytree(archive, tmp_path / "grown")
    (tmp_path / "grown" / "new.txt").write_text(form(70), encoding="utf-8")
    run([tmp_path / "grown"], workspace)
    before = data_files(workspace)
    with pytest.raises(StoreError, match="the workspace moved"):
        apply(workspace)
    assert data_files(workspace) == before


def test_a_plan_without_a_snapshot_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run guibiao run first"):
        plan(tmp_path / "nothing", None)


def test_the_archive_is_not_needed(workspace: Path, archive: Path, tmp_path: Path) -> None:
    rules = overlay(
        tmp_path / "rules", OVERLAY.format("工程名字").replace("fields\n", "fields\n    starts: [概况]\n")
    )
    hidden = archive.rename(archive.with_name("hidden"))
    try:
        assert plan(workspace, rules).touched < 9
        apply(workspace)
    finally:
        hidden.rename(archive)
    run([archive], tmp_path / "fresh", rules=rules)
    assert data_files(workspace) == data_files(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("全年执行数", True),
        ("★ 全 年 执 行 数（B）：", True),
        ("全年", True),
        ("全年执行数：13万元", True),
        ("⼋", False),
        ("其中：全年执行数", True),
        ("一、全年执行数", True),
        ("执行数", True),  # like enough to untie two meanings in the loose tier
        ("执行率", False),
        ("道路养护", False),
    ],
)
def test_a_text_concerns_a_key_that_it_folds_to_or_begins(text: str, hit: bool) -> None:
    key = frozenset({"全年执行数"})
    assert concerns(text, key, key) == hit
    assert concerns(text, key, frozenset()) == (hit and text != "全年")


def test_rules_without_a_difference_touch_nothing() -> None:
    found = compare(load_rulebook(), load_rulebook())
    assert (found.everything, found.keys, found.moved, found.lost, found.changes) == (
        "",
        frozenset(),
        {},
        frozenset(),
        (),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_plan_and_apply_equal_a_full_rebuild_for_any_edit(
    archive: Path, workspace: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of what tests/benchmarks/random_edits.py does with hundreds."""
    monkeypatch.setenv("GUIBIAO_ISOLATION", "off")
    rules = edited(tmp_path / "rules", kind, random.Random(kind))
    found = plan(workspace, rules)
    apply(workspace)
    run([archive], tmp_path / "fresh", rules=rules)
    assert data_files(workspace) == data_files(tmp_path / "fresh"), (found.everything, found.changes)
    if Workspace(workspace).snapshots() == [1, 2]:
        assert tuple(between(workspace, 1, 2)) == found.differences


@pytest.mark.parametrize("text", ["項目名稱", "專案名稱", "⼯程名字", "工程名字："])
def test_the_footprint_knows_every_way_to_write_a_label(tmp_path: Path, text: str) -> None:
    """A label in traditional characters, radicals or with a colon is found for the key that it folds to."""
    from pipeline.run.footprint import touched
    from pipeline.store.grids import GridStore
    from pipeline.text.labels import fold

    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / "a.txt").write_text(form(1, label=text), encoding="utf-8")
    run([inputs], tmp_path / "out")
    assert touched(GridStore(tmp_path / "out"), frozenset({fold(text)}), frozenset())


def test_a_spelling_touches_documents_whose_labels_are_merely_like_it(tmp_path: Path) -> None:
    """The loose tier takes 全年实际花销总数 for the new spelling: the plan must say so and the bytes must agree."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / "0.txt").write_text(form(0, money="全年实际花销总数"), encoding="utf-8")
    run([inputs], tmp_path / "out")
    rules = tmp_path / "rules"
    (rules / "forms").mkdir(parents=True)
    (rules / "forms" / "mine.yaml").write_text(
        "form: mine\nextends: project_self_evaluation\nsections:\n  funding:\n    labels:\n"
        "      full_year_executed: [全年的实际花销总数]\n",
        encoding="utf-8",
    )
    assert plan(tmp_path / "out", rules).touched == 1
    apply(tmp_path / "out")
    run([inputs], tmp_path / "fresh", rules=rules)
    assert data_files(tmp_path / "out") == data_files(tmp_path / "fresh")
