"""A snapshot of many small parts: the same bytes by any road, and untouched parts are the same files."""

import random
import shutil
from pathlib import Path

import pytest

from pipeline.run import run
from pipeline.run.batch import Limits
from pipeline.run.rerun import apply, plan
from pipeline.run.snapshots import verify
from pipeline.writers import layout
from tests.published import rows
from tests.run.archives import data_files, form


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut years into parts of a few documents, and let times just set count as old."""
    from pipeline.store import catalogue

    monkeypatch.setattr(layout, "PART_ROWS", 256)
    monkeypatch.setattr(catalogue, "_RACY", -(1 << 62))


def archive(folder: Path, count: int = 24) -> Path:
    for number in range(count):
        path = folder / str(2019 + number % 3) / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(form(number), encoding="utf-8")
    (folder / "empty.docx").write_bytes(b"")
    return folder


def overlay(folder: Path, label: str) -> Path:
    path = folder / "forms" / "mine.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
        f"    labels:\n      project_name: [{label}]\n",
        encoding="utf-8",
    )
    return folder


def test_one_process_and_two_give_the_same_bytes(tmp_path: Path) -> None:
    inputs = archive(tmp_path / "in")
    for workers in (1, 2):
        run([inputs], tmp_path / f"out{workers}", limits=Limits(workers=workers))
    assert data_files(tmp_path / "out1") == data_files(tmp_path / "out2")
    assert len(rows(tmp_path / "out1", "forms")) == 24
    assert any("-of-0008-" in name for name in data_files(tmp_path / "out1"))


def test_a_new_document_leaves_other_parts_alone(tmp_path: Path) -> None:
    inputs = archive(tmp_path / "in", 15)
    run([inputs], tmp_path / "out")
    before = data_files(tmp_path / "out")
    (inputs / "2019" / "new.txt").write_text(form(300), encoding="utf-8")
    run([inputs], tmp_path / "out")
    after = data_files(tmp_path / "out")
    run([inputs], tmp_path / "fresh")
    assert after == data_files(tmp_path / "fresh")
    cells = {name for name in before if name.startswith("cells/")}
    assert len(cells - after.keys()) <= 1  # one document, one year, one part of that year


@pytest.mark.parametrize("seed", range(3))
def test_any_history_over_many_parts_ends_in_the_bytes_of_a_first_run(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    inputs = archive(tmp_path / "in", 12)
    run([inputs], tmp_path / "out", prune_missing=True)
    for step in range(4):
        for _ in range(dice.randrange(1, 9)):
            files = sorted(path for path in inputs.rglob("*.txt"))
            one = dice.choice(files)
            kind = dice.randrange(4)
            if kind == 0 and len(files) > 3:
                one.unlink()
            elif kind == 1:
                one.write_text(form(dice.randrange(90)), encoding="utf-8")
            elif kind == 2:
                shutil.copy(one, inputs / f"copy{dice.randrange(30)}.txt")
            else:
                (inputs / f"new{dice.randrange(90)}.txt").write_text(
                    form(dice.randrange(900)), encoding="utf-8"
                )
        run([inputs], tmp_path / "out", prune_missing=True)
        run([inputs], tmp_path / f"fresh{step}")
        assert data_files(tmp_path / "out") == data_files(tmp_path / f"fresh{step}")


def test_a_plan_over_many_parts_is_what_a_rebuild_gives(tmp_path: Path) -> None:
    inputs = archive(tmp_path / "in")
    (inputs / "2020" / "other.txt").write_text(form(77, label="工程名字"), encoding="utf-8")
    run([inputs], tmp_path / "out")
    before = data_files(tmp_path / "out")
    rules = overlay(tmp_path / "rules", "工程名字")
    found = plan(tmp_path / "out", rules)
    assert found.touched == 1 and any(one.new == "项目77" for one in found.differences)
    apply(tmp_path / "out")
    run([inputs], tmp_path / "fresh", rules=rules)
    after = data_files(tmp_path / "out")
    assert after == data_files(tmp_path / "fresh")
    cells = {name for name in before if name.startswith("cells/")}
    assert len(cells - after.keys()) == 1
    assert verify(tmp_path / "out", everything=True).faults == ()


def test_a_stopped_run_publishes_what_is_whole_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes in the middle of the walk, as Ctrl-C does."""
    from pipeline.run import batch
    from pipeline.run.tally import Tally

    monkeypatch.setenv("GUIBIAO_ISOLATION", "off")
    monkeypatch.setattr(batch, "CHUNK", 5)
    inputs = archive(tmp_path / "in")

    class Stop(Tally):
        __slots__ = ()

        @property
        def stopping(self) -> bool:
            return self.found >= 13

        @stopping.setter
        def stopping(self, value: bool) -> None:
            return None

    summary = run([inputs], tmp_path / "out", tally=Stop())
    assert any("stopped" in line for line in summary.notices)
    first = len(rows(tmp_path / "out", "forms"))
    assert 0 < first < 24
    assert verify(tmp_path / "out", everything=True).faults == ()
    run([inputs], tmp_path / "out")
    run([inputs], tmp_path / "fresh")
    assert data_files(tmp_path / "out") == data_files(tmp_path / "fresh")


def test_every_link_of_a_snapshot_is_one_file_of_the_data(tmp_path: Path) -> None:
    inputs = archive(tmp_path / "in", 6)
    run([inputs], tmp_path / "out")
    root = (tmp_path / "out" / "current").resolve()
    for path in root.rglob("*.parquet"):
        twin = tmp_path / "out" / "data" / path.relative_to(root)
        assert path.samefile(twin)


def test_a_run_that_compacts_its_store_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the workers wrote is not in the index that the driver loaded before they did."""
    from pipeline.run import batch, ingest
    from pipeline.store.grids import GridStore

    monkeypatch.setattr(ingest, "_MANY_SHARDS", 2)
    monkeypatch.setattr(batch, "CHUNK", 3)
    inputs = archive(tmp_path / "in", 12)
    run([inputs], tmp_path / "out", limits=Limits(workers=1))
    store = GridStore(tmp_path / "out")
    assert len(store.shards()) == 1 and len(store.index) == 13
    assert verify(tmp_path / "out", everything=True).faults == ()


def test_big_files_go_first_and_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.run import batch

    seen: list[list[str]] = []
    real = batch.Batch._submit

    def note(self, work, documents):  # type: ignore[no-untyped-def]
        seen.append([item.path for item in work.items])
        real(self, work, documents)

    monkeypatch.setattr(batch, "BIG", 3000)
    monkeypatch.setattr(batch.Batch, "_submit", note)
    inputs = archive(tmp_path / "in", 4)
    (inputs / "2021" / "big.txt").write_text(form(50) + "\n" + "说明" * 2000 + "\n", encoding="utf-8")
    run([inputs], tmp_path / "out")
    assert seen[0] == ["2021/big.txt"] and len(seen[1]) == 5
    assert len(rows(tmp_path / "out", "forms")) == 5
