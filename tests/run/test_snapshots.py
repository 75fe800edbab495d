"""List, compare and prove snapshots; the commands and the page that show it."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.cli.difference_page import page
from pipeline.run import run
from pipeline.run.difference import Difference
from pipeline.run.snapshots import between, listing, verify
from pipeline.store import Workspace
from pipeline.store.grids import GridStore
from tests.run.archives import form


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace of two snapshots: 4 documents, then one more and one with another project's name."""
    root = tmp_path_factory.mktemp("two")
    (root / "in").mkdir()
    for number in range(4):
        (root / "in" / f"{number}.txt").write_text(form(number), encoding="utf-8")
    (root / "in" / "empty.docx").write_bytes(b"")
    run([root / "in"], root / "out")
    (root / "in" / "4.txt").write_text(form(4), encoding="utf-8")
    run([root / "in"], root / "out")
    return root / "out"


@pytest.fixture
def workspace(two: Path, tmp_path: Path) -> Path:
    shutil.copytree(two, tmp_path / "out", symlinks=True)
    return tmp_path / "out"


def test_a_list_says_which_is_current(two: Path) -> None:
    assert [(one.number, one.current, one.parent, one.rows["forms"]) for one in listing(two)] == [
        (1, False, None, 4),
        (2, True, 1, 5),
    ]


def test_a_diff_lists_what_was_gained(two: Path) -> None:
    changes, found = between(two, 1, 2)
    assert changes == ()
    names = [one for one in found if one.column == "project_name"]
    assert [(one.kind, one.old, one.new) for one in names] == [("gained", "", "项目4")]
    assert re.fullmatch(r"forms/project_self_evaluation\.yaml:\d+", names[0].rule)
    assert {one.kind for one in found} == {"gained"}
    assert {one.kind for one in between(two, 2, 1)[1]} == {"lost"}
    assert between(two, 2, 2) == ((), [])


@pytest.mark.parametrize("everything", [False, True])
def test_a_true_snapshot_is_verified_without_the_archive(two: Path, everything: bool) -> None:
    for number in (None, 1, 2):
        found = verify(two, number, everything=everything)
        assert found.faults == ()
        assert found.recomputed == (4 if number == 1 else 5)
        assert found.cells > 50


def one_file(workspace: Path, dataset: str) -> Path:
    current = Workspace(workspace).current()
    assert current is not None
    path = max((current / dataset).rglob("*.parquet"), key=lambda path: path.stat().st_size)
    path.chmod(0o644)
    return path


def test_a_changed_missing_or_strange_file_is_named(workspace: Path) -> None:
    path = one_file(workspace, "forms")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert [str(path) in fault and "differs" in fault for fault in verify(workspace).faults] == [True]
    path.rename(path.with_name("part-strange.parquet"))
    assert [fault.rsplit("| ", 1)[1] for fault in verify(workspace).faults] == [
        "not in the manifest",
        "missing",
    ]


def forge(workspace: Path, dataset: str, column: str, value: object) -> None:
    """Change one value and the manifest with it, as no damage of a disk could."""
    import hashlib

    import pyarrow as pa

    path = one_file(workspace, dataset)
    table = pq.ParquetFile(path).read()
    place = table.schema.get_field_index(column)
    values = [value, *table.column(column).to_pylist()[1:]]
    field = table.schema.field(place)
    pq.write_table(table.set_column(place, field, pa.array(values, field.type)), path)
    manifest = path.parents[2] / "manifest.json"
    state = json.loads(manifest.read_text("utf-8"))
    for file in state["files"]:
        if file["path"] == path.relative_to(path.parents[2]).as_posix():
            file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")


def test_a_forged_value_is_found_by_recomputing(workspace: Path) -> None:
    forge(workspace, "indicators", "score", 77.0)
    faults = verify(workspace).faults
    assert len(faults) == 1 and "score" in faults[0] and "published '77.0', recomputed '90.0'" in faults[0]
    assert any("recomputed otherwise" in fault for fault in verify(workspace, everything=True).faults)


def test_a_value_without_its_cell_is_found(workspace: Path) -> None:
    forge(workspace, "lineage", "cell_id", "0123456789abcdef/0/0/0")
    assert any("a value's cell does not exist" in fault for fault in verify(workspace).faults)


def test_the_page_is_escaped_and_needs_nothing_else() -> None:
    nasty = "<script src='http://x'>&\"'"
    text = page("a", (), [Difference("forms", ("f",), "changed", "title", nasty, "新", "forms/x.yaml:3")])
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Collect(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attributes)))

    Collect().feed(text)
    assert [tag for tag, _ in tags].count("script") == 1
    assert not any({"src", "href"} & attributes.keys() for _tag, attributes in tags)
    assert "新" in text and "forms/x.yaml:3" in text


def test_the_commands_work_together(guibiao: list[str], workspace: Path, tmp_path: Path) -> None:
    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*guibiao, *map(str, arguments), "--to", str(workspace)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1", "COLUMNS": "200"},
        )

    rules = tmp_path / "rules" / "forms"
    rules.mkdir(parents=True)
    (rules / "mine.yaml").write_text(
        "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
        "    labels:\n      project_leader: [公路段负责人]\n",
        encoding="utf-8",
    )
    planned = call("plan", "--rules", tmp_path / "rules", "--json", "--html", tmp_path / "plan.html")
    assert planned.returncode == 0, planned.stderr
    state = json.loads(planned.stdout)
    assert (state["touched"], state["documents"], state["differences"]) == (0, 6, [])
    assert (tmp_path / "plan.html").read_text("utf-8").startswith("<!doctype html>")
    assert call("apply").returncode == 0
    assert "* 000003" in call("snapshots").stdout
    assert "无差异" in call("diff", "2", "3").stdout
    assert call("rollback", "1").returncode == 0
    assert call("rollback", "9").returncode == 2
    assert "2 snapshots removed" not in call("prune", "--keep", "1").stdout
    assert "* 000001" in call("snapshots").stdout
    assert call("verify", "--all").returncode == 0
    assert len(GridStore(workspace).index) == 6
    one_file(workspace, "forms").unlink()
    assert call("verify").returncode == 1
