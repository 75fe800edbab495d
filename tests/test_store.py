import errno
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.model.output import DataFile
from pipeline.store import Workspace, disk

posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and hard links")
Content = dict[str, bytes]

OLD: Content = {"forms/fiscal_year=2020": b"old forms", "funding/fiscal_year=2020": b"funding"}
NEW: Content = {
    "forms/fiscal_year=2020": b"new forms",
    "forms/fiscal_year=2021": b"forms of 2021",
    "funding/fiscal_year=2020": b"funding",
}


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the waiting out: what is flushed, and when, is tested by the calls."""
    monkeypatch.setattr(os, "fsync", lambda _handle: None)


def stage(folder: Path, content: Content) -> list[DataFile]:
    files = []
    for place, data in content.items():
        digest = hashlib.sha256(data).hexdigest()
        path = f"{place}/part-{digest[:16]}.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        files.append(DataFile(path, 1, len(data), digest))
    return files


def publish(root: Path, content: Content, **manifest: object) -> Path:
    workspace = Workspace(root)
    with workspace.lock():
        staged = workspace.staging()
        return workspace.publish(stage(staged, content), staged, {"rulebook": "r1", **manifest})


def read(snapshot: Path) -> Content:
    """Read a snapshot as a stranger would: by its manifest, each file checked against it."""
    manifest = json.loads((snapshot / "manifest.json").read_text("utf-8"))
    content = {}
    for file in manifest["files"]:
        data = (snapshot / file["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
        content[str(Path(file["path"]).parent.as_posix())] = data
    found = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*.parquet")}
    assert found == {file["path"] for file in manifest["files"]}
    return content


def test_a_new_workspace_has_no_current_snapshot(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    assert workspace.current() is None
    assert workspace.snapshots() == []
    assert not workspace.root.exists()


def test_what_was_published_is_read_through_current(tmp_path: Path) -> None:
    path = publish(tmp_path / "a" / "data", OLD, readers={"docx": 1})
    root = tmp_path / "a" / "data"
    assert read(root / "current") == OLD
    assert Workspace(root).current() == path == root / "snapshots" / "000001"
    assert (root / "CURRENT").read_text() == "000001\n"
    manifest = Workspace(root).manifest(path)
    assert manifest["contract_version"] == "1"
    assert manifest["rulebook"] == "r1"
    assert manifest["readers"] == {"docx": 1}
    assert manifest["rows"] == {"forms": 1, "funding": 1}
    assert (manifest["snapshot"], manifest["parent"]) == (1, None)
    assert len(manifest["run_id"]) == 16


def test_unchanged_files_are_shared_and_old_snapshots_stay(tmp_path: Path) -> None:
    first, second = publish(tmp_path, OLD), publish(tmp_path, NEW)
    assert (first.name, second.name) == ("000001", "000002")
    assert read(first) == OLD
    assert read(second) == read(tmp_path / "current") == NEW
    assert Workspace(tmp_path).manifest(second)["parent"] == 1
    if os.name == "posix":
        (shared,) = (second / "funding").rglob("*.parquet")
        assert shared.stat().st_nlink == 3
        assert shared.stat().st_mode & 0o222 == 0


def test_the_same_content_is_not_published_twice(tmp_path: Path) -> None:
    first = publish(tmp_path, OLD, run_id="a")
    assert publish(tmp_path, OLD, run_id="b") == first
    assert Workspace(tmp_path).snapshots() == [1]
    assert publish(tmp_path, OLD, run_id="c", rulebook="r2").name == "000002"


def test_a_damaged_current_snapshot_is_published_anew(tmp_path: Path) -> None:
    first = publish(tmp_path, OLD)
    next(first.rglob("*.parquet")).unlink()
    assert read(publish(tmp_path, OLD)) == OLD
    second = Workspace(tmp_path).current()
    assert second is not None
    (second / "manifest.json").chmod(0o644)
    (second / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match="manifest is damaged"):
        Workspace(tmp_path).manifest(second)
    assert read(publish(tmp_path, OLD)) == OLD


def test_the_same_runs_give_the_same_manifest(tmp_path: Path) -> None:
    one, two = publish(tmp_path / "one", OLD), publish(tmp_path / "two", dict(reversed(OLD.items())))
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()


def test_a_file_already_in_data_need_not_be_staged_again(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    workspace = Workspace(tmp_path)
    files = stage(tmp_path / "elsewhere", {**OLD, "forms/fiscal_year=2022": b"more"})
    for file in files:
        if (workspace.data / file.path).exists():
            (tmp_path / "elsewhere" / file.path).unlink()
    path = workspace.publish(files, tmp_path / "elsewhere", {})
    assert read(path) == {**OLD, "forms/fiscal_year=2022": b"more"}


def test_a_file_that_is_nowhere_is_an_error_and_current_stays(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    missing = DataFile("forms/fiscal_year=2020/part-1.parquet", 1, 1, "1")
    with pytest.raises(StoreError, match="missing or damaged"):
        Workspace(tmp_path).publish([missing], tmp_path, {})
    assert read(tmp_path / "current") == OLD


@pytest.mark.parametrize("path", ["../x/y.parquet", "/etc/x/y", "a/b", "a/../../b"])
def test_a_path_outside_the_snapshot_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(StoreError, match="not the relative path"):
        Workspace(tmp_path).publish([DataFile(path, 1, 1, "1")], tmp_path, {})


def test_switch_goes_back_and_the_next_number_is_still_the_highest(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    publish(tmp_path, NEW)
    Workspace(tmp_path).switch(1)
    assert read(tmp_path / "current") == OLD
    third = publish(tmp_path, {"forms/fiscal_year=2020": b"third"})
    assert third.name == "000003"
    assert Workspace(tmp_path).manifest(third)["parent"] == 1
    with pytest.raises(StoreError, match="there are: 1, 2, 3"):
        Workspace(tmp_path).switch(9)


def test_a_reader_that_resolved_current_is_not_disturbed(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    kept = Workspace(tmp_path).current()
    publish(tmp_path, NEW)
    assert kept is not None
    assert read(kept) == OLD


def test_a_pointer_to_a_lost_snapshot_is_named_and_mended_by_the_next_run(tmp_path: Path) -> None:
    import shutil

    path = publish(tmp_path, OLD)
    shutil.rmtree(path)
    with pytest.raises(StoreError, match="000001"):
        Workspace(tmp_path).current()
    assert read(publish(tmp_path, OLD)) == OLD


def test_without_links_the_snapshot_is_a_copy_and_current_is_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    publish(tmp_path, OLD)
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "symlink", refuse)
    path = publish(tmp_path, NEW)
    assert Workspace(tmp_path).current() == path
    assert not (tmp_path / "current").is_symlink()
    assert read(path) == NEW
    assert Workspace(tmp_path).switch(1).name == "000001"
    assert Workspace(tmp_path).current() == tmp_path / "snapshots" / "000001"
    monkeypatch.undo()
    assert publish(tmp_path, {"forms/fiscal_year=2020": b"linked again"}).name == "000003"
    assert read(tmp_path / "current") == {"forms/fiscal_year=2020": b"linked again"}


def test_a_second_writer_is_refused_with_a_message_and_readers_are_not(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    first, second = Workspace(tmp_path), Workspace(tmp_path)
    with first.lock(), first.lock():
        with pytest.raises(StoreError, match=f"another run is writing here.*{os.getpid()}|{os.getpid()}"):
            publish(tmp_path, NEW)
        assert second.current() == tmp_path / "snapshots" / "000001"
    assert publish(tmp_path, NEW).name == "000002"


def test_the_lock_of_another_process_holds_and_goes_with_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.store import Workspace\n"
        "with Workspace(Path(sys.argv[1])).lock():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n" or os.name == "nt"
        with pytest.raises(StoreError, match=str(child.pid)):
            publish(tmp_path, OLD)
        child.kill()
        child.wait()
    assert read(publish(tmp_path, OLD)) == OLD


def test_staging_needs_the_lock_and_is_removed_with_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(RuntimeError):
        workspace.staging()
    with workspace.lock():
        stage(workspace.staging(), OLD)
    assert not (tmp_path / ".tmp").exists()


def test_a_folder_where_the_link_belongs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    with pytest.raises(StoreError, match="in the way"):
        publish(tmp_path, OLD)


def test_readers_never_see_half_of_a_run(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    stop, torn = threading.Event(), []

    def watch() -> None:
        workspace = Workspace(tmp_path)
        while not stop.is_set():
            path = workspace.current()
            if path is None or read(path) not in (OLD, NEW):
                torn.append(path)

    reader = threading.Thread(target=watch)
    reader.start()
    for number in range(20):
        publish(tmp_path, NEW if number % 2 == 0 else OLD, step=number)
    stop.set()
    reader.join()
    assert torn == []


# -- every moment at which a writer may stop ---------------------------------------------------------------

# What touches the disk: audit events cover every way of opening, renaming, linking and removing, whatever
# module does it; writing and flushing have no audit event and are wrapped.
_EVENTS = {
    "open",
    "os.rename",
    "os.link",
    "os.symlink",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
}
_hook: list[Callable[[str], None]] = []


def _audit(event: str, _args: tuple[object, ...]) -> None:
    if _hook and event in _EVENTS:
        _hook[0](event)


sys.addaudithook(_audit)  # cannot be taken back; does nothing while _hook is empty


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> Iterator[None]:
    """Call ``act`` before every call that touches the disk."""

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def wrapper(*args: object) -> object:
            if _hook:
                _hook[0](f"os.{name}")
            return real(*args)

        monkeypatch.setattr(os, name, wrapper)

    real_write = os.write

    def half_write(handle: int, data: memoryview) -> int:
        if not _hook:
            return real_write(handle, data)
        _hook[0]("os.write")
        done = real_write(handle, data[: max(1, len(data) // 2)])
        _hook[0]("os.write, half done")
        return done

    with monkeypatch.context() as patch:
        monkeypatch = patch
        wrap("fsync")
        wrap("ftruncate")
        patch.setattr(os, "write", half_write)
        _hook.append(act)
        try:
            yield
        finally:
            _hook.clear()


def count_points(root: Path, content: Content, monkeypatch: pytest.MonkeyPatch) -> int:
    seen: list[str] = []
    with watched(monkeypatch, seen.append):
        publish(root, content)
    assert {"open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.fsync", "os.write"} <= set(seen)
    return len(seen)


def killed(root: Path, content: Content, point: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Publish in a child that dies before its n-th call to the disk; say whether it died."""
    left = [point]

    def die(_event: str) -> None:
        if left[0] == 0:
            os._exit(99)
        left[0] -= 1

    pid = os.fork()
    if pid == 0:
        try:
            with watched(monkeypatch, die):
                publish(root, content)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 99)
    return code == 99


def tidy(root: Path) -> None:
    assert not (root / ".tmp").exists()
    names = {path.name for path in root.iterdir()}
    assert names == {".lock", "CURRENT", "current", "data", "snapshots"}
    assert (root / "CURRENT").read_text().strip() == (root / "current").readlink().name


@posix
@pytest.mark.parametrize("first", [True, False], ids=["first publication", "later publication"])
def test_a_kill_before_any_call_leaves_current_complete_and_the_next_publication_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    def prepare(name: str) -> Path:
        root = tmp_path / name
        if not first:
            publish(root, {"forms/fiscal_year=2019": b"oldest"})
            publish(root, OLD)
        return root

    points = count_points(prepare("count"), NEW, monkeypatch)
    assert points > 40
    switched = 0
    for point in range(points + 1):
        root = prepare(str(point))
        died = killed(root, NEW, point, monkeypatch)
        assert died == (point < points)
        current = Workspace(root).current()
        if current is None:
            assert first
        else:
            found = read(current)
            assert found in ([NEW] if first else [OLD, NEW])
            switched += found == NEW
            for number in Workspace(root).snapshots():
                read(root / "snapshots" / f"{number:06d}")
            if not first:
                assert read(root / "snapshots" / "000002") == OLD
        last = {"forms/fiscal_year=2023": b"after the crash"}
        assert read(publish(root, last)) == read(root / "current") == last
        tidy(root)
        assert read(publish(root, NEW)) == NEW
        tidy(root)
    assert 1 < switched < points


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_an_error_at_any_call_is_a_store_error_and_leaves_current_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    publish(tmp_path / "count", OLD)
    points = count_points(tmp_path / "count", NEW, monkeypatch)
    failures = 0
    assert points > 40
    for point in range(points):
        root = tmp_path / str(point)
        publish(root, OLD)
        left = [point]

        def fail(_event: str, left: list[int] = left, root: Path = root) -> None:
            left[0] -= 1
            if left[0] < 0:  # a full or lost disk stays so
                raise OSError(code, os.strerror(code), str(root))

        staged = tmp_path / f"staged {point}"
        files = stage(staged, NEW)
        with watched(monkeypatch, fail):
            try:
                Workspace(root).publish(files, staged, {"rulebook": "r1"})
            except StoreError as err:
                failures += 1
                assert str(root) in str(err)
                assert " | " in str(err)
        current = Workspace(root).current()
        assert current is not None
        assert read(current) in (OLD, NEW)
        assert read(publish(root, NEW)) == NEW
        tidy(root)
    assert failures > points // 2


def test_everything_is_flushed_before_the_rename_that_makes_it_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, OLD)
    flushed: set[tuple[int, int]] = set()  # by inode: a file keeps it when it is renamed
    renames: list[tuple[str, set[str]]] = []

    def fsync(handle: int) -> None:
        status = os.fstat(handle)
        flushed.add((status.st_dev, status.st_ino))

    def rename(real: Callable[..., object]) -> Callable[..., object]:
        def wrapper(source: str, target: str) -> object:
            tree = [Path(source), *Path(source).rglob("*")]
            loose = {path.name for path in tree if not path.is_symlink() and _inode(path) not in flushed}
            renames.append((Path(target).name, loose))
            return real(source, target)

        return wrapper

    def _inode(path: Path) -> tuple[int, int]:
        status = path.stat()
        return status.st_dev, status.st_ino

    old = {_inode(path) for path in tmp_path.rglob("*.parquet")}
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename(os.rename))
    monkeypatch.setattr(os, "replace", rename(os.replace))
    flushed |= old  # published, so flushed, before
    publish(tmp_path, NEW)
    assert [name for name, _ in renames[-3:]] == ["000002", "current", "CURRENT"]
    assert len(renames) == 5  # and the two new data files before
    assert [loose for _, loose in renames] == [set()] * 5
    assert _inode(tmp_path) in flushed
    assert _inode(tmp_path / "snapshots") in flushed
    assert {_inode(path) for path in (tmp_path / "data" / "forms").iterdir()} <= flushed


def test_a_full_disk_says_what_to_do() -> None:
    err = OSError(errno.ENOSPC, "No space left on device", "/x/data/forms/part")
    message = str(disk.store_error(Path("/x"), err))
    assert message.startswith("/x/data/forms/part: ")
    assert "free some space" in message
    assert "磁盘已满" in message


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_says_what_to_do(tmp_path: Path) -> None:
    publish(tmp_path, OLD)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="permission"):
            publish(tmp_path, NEW)
    finally:
        tmp_path.chmod(0o755)
    assert read(tmp_path / "current") == OLD
