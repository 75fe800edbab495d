"""Writers that are stopped: before any call to the disk, or at any moment; and what must hold afterwards."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.errors import GuibiaoError
from pipeline.run import run
from pipeline.run.rerun import apply, plan
from pipeline.store import Workspace
from pipeline.store.grids import GridStore
from tests.run.archives import data_files, form

ROOT = Path(__file__).parents[2]
DIED, STUCK = 99, 98
OVERLAY = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
    "    labels:\n      project_name: [工程名字]\n"
)


@dataclass
class Scene:
    """A folder with two archives (the second grown and changed), rules, and workspaces made from them once."""

    root: Path
    made: dict[str, Path] = field(default_factory=dict)
    judges: dict[str, "Judge"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, numbers in (("one", (0, 1)), ("two", (0, 2, 3))):
            (self.root / name).mkdir(parents=True)
            for number in numbers:
                label = "工程名字" if number == 0 else "项目名称"
                (self.root / name / f"{number}.txt").write_text(form(number, label=label), encoding="utf-8")
        (self.root / "two" / "1.txt").write_text(form(11), encoding="utf-8")
        (self.root / "rules" / "forms").mkdir(parents=True)
        (self.root / "rules" / "forms" / "mine.yaml").write_text(OVERLAY, encoding="utf-8")

    def ingest(self, workspace: Path) -> None:
        run([self.root / "one"], workspace)

    def grow(self, workspace: Path) -> None:
        run([self.root / "two"], workspace)

    def plan(self, workspace: Path) -> None:
        plan(workspace, self.root / "rules")

    def apply_once(self, workspace: Path) -> None:
        apply(workspace)

    def apply(self, workspace: Path) -> None:
        try:
            apply(workspace)
        except GuibiaoError:  # a plan cut short, or applied already: it is made anew
            self.plan(workspace)
            apply(workspace)

    def rollback(self, workspace: Path) -> None:
        Workspace(workspace).switch(1)

    def prune(self, workspace: Path) -> None:
        Workspace(workspace).prune(1)

    def compact(self, workspace: Path) -> None:
        with Workspace(workspace).lock():
            GridStore(workspace).compact()

    def start(self, act: str, name: str) -> Path:
        """Return a new workspace as it is before an act."""
        target = self.root / "work" / name
        source = self._before(act)
        if source.exists():
            shutil.copytree(source, target, symlinks=True)
        return target

    def judge(self, act: str) -> "Judge":
        """Return what an act gives undisturbed; found out once."""
        if act not in self.judges:
            self.judges[act] = Judge(self, act)
        return self.judges[act]

    def _before(self, act: str) -> Path:
        if act not in self.made:
            path = self.root / "made" / act
            if act != "ingest":
                self.ingest(path)
            if act in ("rollback", "prune", "compact"):
                self.grow(path)
            if act == "apply":
                self.plan(path)
            if act == "prune":
                self.apply(path)
            self.made[act] = path
        return self.made[act]


# -- what changes the disk -------------------------------------------------------------------------------------------

# Audit events cover every way of opening, renaming, linking and removing from Python, whatever module does it;
# writing and flushing have none and are wrapped. A stop before a call that only reads leaves the disk as the stop
# before the next change does, so those are not counted.
_CHANGES = {
    "os.rename",
    "os.link",
    "os.symlink",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
}
_watch: list[tuple[str, Callable[[], None]]] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if not _watch or (event != "open" and event not in _CHANGES):
        return
    if event == "open" and not _writes(arguments):
        return
    root, act = _watch[0]
    paths = [str(one) for one in arguments[:2] if isinstance(one, str | os.PathLike)]
    if any(root in path for path in paths):
        act()


def _writes(arguments: tuple[object, ...]) -> bool:
    mode, flags = arguments[1:3]
    if isinstance(mode, str):
        return any(char in mode for char in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


sys.addaudithook(_audit)  # cannot be taken back; does nothing while _watch is empty


@contextmanager
def watched(root: Path, act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` before every call that changes something under a folder, and amid every write."""
    real = {name: getattr(os, name) for name in ("write", "fsync", "ftruncate")}

    def half_write(handle: int, data: bytes) -> int:
        act()
        done: int = real["write"](handle, data[: max(1, len(data) // 2)])
        act()
        return done

    def plain(name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            act()
            return real[name](*arguments)

        return call

    os.write = half_write  # type: ignore[assignment]
    os.fsync, os.ftruncate = plain("fsync"), plain("ftruncate")  # type: ignore[assignment]
    _watch.append((str(root), act))
    try:
        yield
    finally:
        _watch.clear()
        for name, call in real.items():
            setattr(os, name, call)


ACTS = ("ingest", "grow", "plan", "apply", "rollback", "prune", "compact")


def complete(snapshot: Path) -> dict[str, str]:
    """Return path -> sha256 of a snapshot, read as a stranger would: by its manifest, every byte checked."""
    manifest = json.loads((snapshot / "manifest.json").read_text("utf-8"))
    found = {}
    for file in manifest["files"]:
        data = (snapshot / file["path"]).read_bytes()
        found[file["path"]] = hashlib.sha256(data).hexdigest()
        assert (len(data), found[file["path"]]) == (file["size"], file["sha256"]), file["path"]
    assert {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*.parquet")} == found.keys()
    return found


def published(workspace: Path) -> dict[str, str] | None:
    """Return the current snapshot, None without one; every other snapshot is looked at, too."""
    store = Workspace(workspace)
    for number in store.snapshots():
        complete(store.snapshots_dir / f"{number:06d}")
    current = store.current()
    return None if current is None else complete(current)


def held(workspace: Path) -> set[str]:
    """Return the contents in the grid store, each of them read in full."""
    store = GridStore(workspace)
    return {reading.key.document_id for reading in store.get(store.index)}


class Judge:
    """What an act gives when nobody disturbs it, and whether a disturbed one leaves nothing worse."""

    def __init__(self, scene: Scene, act: str) -> None:
        self.scene = scene
        self.act: Callable[[Path], None] = getattr(scene, act)
        self.name = act
        before, after = scene.start(act, f"{act}-before"), scene.start(act, f"{act}-after")
        self.act(after)
        self.before, self.after = published(before), published(after)
        self.stored = held(before)
        self.numbers = set(Workspace(before).snapshots())
        self.left = set(Workspace(after).snapshots())
        self.bytes = data_files(after)

    def examine(self, workspace: Path) -> bool:
        """Assert what must hold after a stop; then act again, and assert the result. Say whether the act was through."""
        now = published(workspace)
        assert now in (self.before, self.after)
        assert self.stored <= held(workspace)
        numbers = set(Workspace(workspace).snapshots())
        assert numbers >= (self.numbers & self.left if self.name == "prune" else self.numbers)
        self.act(workspace)
        assert published(workspace) == self.after
        assert data_files(workspace) == self.bytes
        assert not (workspace / ".tmp").exists()
        return now == self.after

    def commit_again(self, workspace: Path) -> None:
        """Assert that the next commit works."""
        self.scene.grow(workspace)
        fresh = self.scene.root / "work" / "fresh"
        if not fresh.exists():
            self.scene.grow(fresh)
        if self.name in ("ingest", "grow", "rollback", "compact"):
            gone = {path for path in data_files(workspace).keys() ^ data_files(fresh).keys()}
            assert not gone or self.name in ("ingest", "rollback")  # what vanished is kept
        assert published(workspace) is not None


def stopped(act: Callable[[Path], object], workspace: Path, point: int) -> bool:
    """Act in a child that dies before its n-th call to the disk; say whether it died."""
    pid = os.fork()
    if pid == 0:
        _child(act, workspace, point)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, DIED), f"call {point}: exit code {code}"
    return code == DIED


def _child(act: Callable[[Path], object], workspace: Path, point: int) -> None:
    left = [point]
    owner = os.getpid()

    def die() -> None:
        if os.getpid() != owner:
            return
        if left[0] == 0:
            os._exit(DIED)
        left[0] -= 1

    signal.signal(signal.SIGALRM, lambda *_: os._exit(STUCK))
    signal.alarm(60)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        with watched(workspace, die):
            act(workspace)
    except BaseException:
        os._exit(1)
    os._exit(0)


def count(act: Callable[[Path], object], workspace: Path) -> int:
    """Return how many calls of an act change the disk."""
    seen: list[None] = []
    with watched(workspace, lambda: seen.append(None)):
        act(workspace)
    return len(seen)


def every_call(
    scene: Scene, act: str, points: Callable[[int], Iterator[int]] | None = None
) -> tuple[int, int, int]:
    """Stop an act before its calls in turn; return (calls, stops, stops after which the act was through)."""
    judge = scene.judge(act)
    total = count(judge.act, scene.start(act, f"{act}-count"))
    through = stops = 0
    for number, point in enumerate(points(total) if points is not None else iter(range(total + 3))):
        workspace = scene.start(act, f"{act}-{point}")
        stops += stopped(judge.act, workspace, point)
        through += judge.examine(workspace)
        if number % 20 == 0:
            judge.commit_again(workspace)
        shutil.rmtree(workspace)
    return total, stops, through


# -- kill -9 ---------------------------------------------------------------------------------------------------------

_PROGRAM = """
import sys
from pathlib import Path
import duckdb, pyarrow.parquet
import pipeline.readers.txt, pipeline.checks, pipeline.writers.parquet
from pipeline.run import run
from pipeline.run.rerun import apply, plan
act, workspace, root = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
print("ready", flush=True)
sys.stdin.read(1)
if act in ("ingest", "grow"):
    run([root / ("one" if act == "ingest" else "two")], workspace)
elif act == "plan":
    plan(workspace, root / "rules")
else:
    apply(workspace)
"""


def killed(scene: Scene, act: str, workspace: Path, after: float | None) -> float:
    """Act in a process of its own, kill it so many seconds after it began; return how long it lived."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, act, str(workspace), str(scene.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        began = time.monotonic()
        child.stdin.write(b"x")
        child.stdin.flush()
        if after is not None:
            try:
                child.wait(after)
            except subprocess.TimeoutExpired:
                child.kill()
        child.wait(120)
        return time.monotonic() - began


def random_kills(scene: Scene, act: str, times: int, dice: random.Random) -> tuple[int, int]:
    """Kill an act at random moments; return (kills, those after which it was through)."""
    judge = scene.judge(act)
    whole = killed(scene, act, scene.start(act, f"{act}-timed"), None)
    kills = through = 0
    for number in range(times):
        workspace = scene.start(act, f"{act}-kill-{number}")
        moment = dice.random() * whole * 1.1
        kills += killed(scene, act, workspace, moment) < whole * 2
        through += judge.examine(workspace)
        if number % 20 == 0:
            judge.commit_again(workspace)
        shutil.rmtree(workspace)
    return kills, through


# -- a small disk, a read-only one -------------------------------------------------------------------------------------


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something on a folder; the test is skipped where that is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True) if _is_root() else None
    if done is None or done.returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system of so many bytes."""
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield


def full_disks(scene: Scene, act: str, disk: Path, spares: Iterable[int]) -> int:
    """Act where so many KiB are free; return how often that was too little. Every refusal is a clear one."""
    judge = scene.judge(act)
    refused = 0
    for spare in spares:
        with small_disk(disk, 8 << 20):
            workspace = disk / "out"
            shutil.copytree(scene.start(act, f"{act}-full-{spare}"), workspace, symlinks=True)
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - spare * 1024)))
            try:
                getattr(scene, f"{act}_once", judge.act)(workspace)
            except GuibiaoError as err:
                refused += 1
                assert " | " in str(err) and "No space left" in str(err) and str(disk) in str(err), str(err)
                assert published(workspace) == judge.before
            else:
                assert published(workspace) == judge.after
            ballast.unlink()
            judge.examine(workspace)
    return refused


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only, for root too."""
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, capture_output=True)
        yield
