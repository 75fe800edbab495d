"""Stop before every call to the disk of the grid store, compaction and pruning: nothing kept is lost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.store import Workspace
from pipeline.store.grids import GridStore
from tests.store.test_grids import reading
from tests.test_store import NEW, OLD, publish, read, watched

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _handle: None)


def killed(act: Callable[[], object], point: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Act in a child that dies before its n-th call to the disk; say whether it died."""
    left = [point]

    def die(_event: str) -> None:
        if left[0] == 0:
            os._exit(99)
        left[0] -= 1

    pid = os.fork()
    if pid == 0:
        try:
            with watched(monkeypatch, die):
                act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 99)
    return code == 99


def moments(
    prepare: Callable[[str], Path], act: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, bool]]:
    """Yield (folder, whether it died) after a kill before each call in turn, until one comes through alive."""
    died, point = True, 0
    act(prepare("first"))  # what is imported on the way opens files, too
    while died:
        root = prepare(str(point))
        died = killed(lambda root=root: act(root), point, monkeypatch)  # type: ignore[misc]
        yield root, died
        point += 1
    assert point > 10


def add(root: Path, *numbers: int, text: str = "x") -> None:
    with Workspace(root).lock():
        store = GridStore(root)
        for number in numbers:
            store.add(reading(number, text))
        store.flush()


def compact(root: Path) -> None:
    with Workspace(root).lock():
        GridStore(root).compact()


def held(root: Path) -> dict[str, str]:
    store = GridStore(root)
    return {
        one.key.document_id: one.outcome.grids[0].cells[0].text  # type: ignore[union-attr]
        for one in store.get(store.index)
    }


def test_a_kill_while_a_shard_is_written_loses_no_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(name: str) -> Path:
        add(tmp_path / name, 1, 2)
        return tmp_path / name

    before = held(prepare("before"))
    add(tmp_path / "before", 3)
    whole = held(tmp_path / "before")
    for root, died in moments(prepare, lambda root: add(root, 3), monkeypatch):
        assert held(root) in ((before, whole) if died else (whole,))
        add(root, 3)
        assert held(root) == whole
        assert not (root / ".tmp").exists()


def test_a_kill_while_shards_are_merged_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(name: str) -> Path:
        root = tmp_path / name
        add(root, 1, 2, text="old")
        add(root, 2, 3, text="new")
        add(root, 4)
        return root

    whole = held(prepare("whole"))
    assert sorted(whole.values()) == ["new", "new", "old", "x"]
    for root, _died in moments(prepare, compact, monkeypatch):
        assert held(root) == whole
        compact(root)
        assert held(root) == whole
        assert len(GridStore(root).shards()) == 1


def test_a_kill_while_snapshots_are_pruned_leaves_every_other_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(name: str) -> Path:
        root = tmp_path / name
        publish(root, {"forms/fiscal_year=2019": b"oldest"})
        publish(root, OLD)
        publish(root, NEW)
        return root

    for root, _died in moments(prepare, lambda root: Workspace(root).prune(1), monkeypatch):
        assert read(root / "current") == NEW
        for number in Workspace(root).snapshots():
            read(root / "snapshots" / f"{number:06d}")
        assert read(publish(root, OLD)) == OLD
        Workspace(root).prune(1)
        assert Workspace(root).snapshots() == [4]
        assert read(root / "current") == OLD
        assert len(list((root / "data").rglob("*.parquet"))) == len(OLD)


def test_pruning_keeps_the_current_snapshot_wherever_it_stands(tmp_path: Path) -> None:
    for number in range(4):
        publish(tmp_path, {"forms/fiscal_year=2020": b"%d" % number})
    Workspace(tmp_path).switch(2)
    assert Workspace(tmp_path).prune(1) == [1, 3]
    assert Workspace(tmp_path).snapshots() == [2, 4]
    assert read(tmp_path / "current") == {"forms/fiscal_year=2020": b"1"}
    assert len(list((tmp_path / "data").rglob("*.parquet"))) == 2
