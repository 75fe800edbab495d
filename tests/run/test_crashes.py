"""Writers that are stopped, full disks, read-only folders, two writers: what is published stays whole.

A share of what tests/benchmarks/crash_points.py does in full.
"""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import GuibiaoError
from pipeline.store import Workspace
from tests.run.crashes import (
    ACTS,
    ROOT,
    Scene,
    complete,
    every_call,
    full_disks,
    published,
    random_kills,
    read_only,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork")
SLOW = {"ingest", "grow", "plan", "apply"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    before = os.environ.get("GUIBIAO_ISOLATION")
    os.environ["GUIBIAO_ISOLATION"] = "off"
    yield Scene(tmp_path_factory.mktemp("scene"))
    if before is None:
        del os.environ["GUIBIAO_ISOLATION"]
    else:
        os.environ["GUIBIAO_ISOLATION"] = before


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _handle: None)


@pytest.mark.parametrize("act", ACTS)
def test_a_stop_before_any_call_leaves_what_is_published(scene: Scene, act: str) -> None:
    dice = random.Random(act)

    def share(total: int) -> Iterator[int]:
        yield from sorted(dice.sample(range(total), 3) if act in SLOW else range(total))
        yield total

    calls, stops, _through = every_call(scene, act, share)
    assert calls > 10
    assert stops == (3 if act in SLOW else calls)


@pytest.mark.parametrize("act", ["grow", "apply"])
def test_a_kill_at_any_moment_leaves_what_is_published(scene: Scene, act: str) -> None:
    random_kills(scene, act, 2, random.Random(act))


@pytest.mark.parametrize("act", ["grow", "apply"])
def test_a_full_disk_is_named_and_leaves_what_is_published(scene: Scene, tmp_path: Path, act: str) -> None:
    tried = (2, 40, 80, 110, 150, 190, 250, 4000)
    assert 3 <= full_disks(scene, act, tmp_path / "disk", tried) < len(tried)


@pytest.mark.parametrize("act", ["grow", "plan", "apply", "rollback", "prune"])
def test_a_read_only_folder_is_named_and_stays_as_it_is(scene: Scene, act: str) -> None:
    workspace = scene.start(act, f"{act}-read-only")
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*")}
    with read_only(workspace):
        with pytest.raises(GuibiaoError) as caught:
            getattr(scene, act)(workspace)
        assert " | " in str(caught.value) and str(workspace) in str(caught.value)
        assert "read-only" in str(caught.value)
        assert published(workspace) is not None
    assert {path: path.stat().st_mtime_ns for path in workspace.rglob("*")} == before
    getattr(scene, act)(workspace)


_HOLD = """
import sys
from pathlib import Path
from pipeline.store import Workspace
with Workspace(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read(1)
"""


@pytest.mark.parametrize("act", ["grow", "plan", "apply", "rollback", "prune"])
def test_a_second_writer_is_refused_and_names_the_first(scene: Scene, act: str) -> None:
    workspace = scene.start(act, f"{act}-second")
    before = published(workspace)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(workspace)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as first:
        assert first.stdin is not None and first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(GuibiaoError, match=rf"another run is writing here \({first.pid}"):
            getattr(scene, act)(workspace)
        assert published(workspace) == before  # a reader needs no lock
        first.stdin.write(b"x")
    getattr(scene, act)(workspace)


def test_readers_notice_nothing_of_runs_rollbacks_and_applies(scene: Scene) -> None:
    workspace = scene.start("rollback", "readers")
    known = [complete(workspace / "snapshots" / name) for name in ("000001", "000002")]
    stop, seen, wrong = threading.Event(), 0, []

    def read() -> None:
        nonlocal seen
        while not stop.is_set():
            current = Workspace(workspace).current()
            assert current is not None
            found = complete(current)
            seen += 1
            if len(Workspace(workspace).snapshots()) == 2 and found not in known:
                wrong.append(current)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        Workspace(workspace).switch(1)
        Workspace(workspace).switch(2)
    scene.plan(workspace)
    scene.apply(workspace)
    scene.ingest(workspace)
    stop.set()
    reader.join()
    assert (wrong, seen > 3) == ([], True)
