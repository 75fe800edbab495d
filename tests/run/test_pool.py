"""A poison document costs itself: hang, busy loop, segfault, exit, too much memory, orphans."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.rulebook.load import load_rulebook
from pipeline.run.pool import Pool
from pipeline.run.work import Read, Setting, Survey, keep_rules
from pipeline.sources.rescan import Known
from pipeline.sources.walk import File
from pipeline.store.grids import GridStore

GOOD = "\t项目名称\n\t道路{}\n"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and groups are tested on Linux")


@pytest.fixture(autouse=True)
def _poison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIBIAO_READ", "tests.run.poison:read")


def known(folder: Path, name: str, text: str) -> Known:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    data = path.read_bytes()
    return Known(File(name, path), name, hashlib.sha256(data).hexdigest(), len(data), "text/plain")


def setting(folder: Path, seconds: float = 30.0, memory: int = 4 << 30) -> Setting:
    root = folder / "out"
    (root / ".tmp").mkdir(parents=True, exist_ok=True)
    rules = root / ".tmp" / "rules.pickle"
    keep_rules(rules, load_rulebook())
    return Setting(str(root), str(rules), 0, seconds, memory)


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        ("hang", "timeout", "over 1.5 s"),
        ("loop", "timeout", "over 1.5 s"),
        ("segv", "crash", "SIGSEGV"),
        ("exit", "crash", "exit code 3"),
        ("kill", "crash", "SIGKILL"),
        ("memory", "memory", "over 4096 MB"),
        ("huge", "memory", "over 4096 MB"),
        ("deep", "crash", "SIGSEGV"),
    ],
)
def test_poison_in_a_batch_costs_itself(tmp_path: Path, command: str, code: str, detail: str) -> None:
    """The guilty one is found among its neighbours, which are read once and whole."""
    items = [known(tmp_path, f"{number}.txt", GOOD.format(number)) for number in range(6)]
    items.insert(3, known(tmp_path, "poison.txt", f"{command}\n"))
    limits = setting(tmp_path, 1.5 if code == "timeout" else 30)
    with Pool(1) as pool:
        done = pool.submit(Read(limits, tuple(items))).result()
    assert done.failures == {code: 1}
    assert done.rows.statuses == {"no_form": 6, "quarantined": 1}
    store = GridStore(Path(limits.root))
    found = {reading.key.document_id: reading for reading in store.get(store.index)}
    assert len(found) == 7
    error = found[items[3].document_id].outcome
    assert detail in str(getattr(error, "detail", ""))
    for item in items[:3] + items[4:]:
        assert not hasattr(found[item.document_id].outcome, "code")


def test_the_place_that_was_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIBIAO_READ", "tests.run.poison:stuck")
    items = (known(tmp_path, "a.txt", "hang\n"),)
    with Pool(1) as pool:
        done = pool.submit(Read(setting(tmp_path, 1.0), items)).result()
    root = Path(setting(tmp_path).root)
    store = GridStore(root)
    (reading,) = store.get(store.index)
    assert "pipeline/run/work.py" in str(getattr(reading.outcome, "detail", "")), done


def test_a_hang_costs_little_more_than_its_limit(tmp_path: Path) -> None:
    """One child is replaced by another that is forked with the libraries loaded; generous bound, loaded machines."""
    items = (
        known(tmp_path, "a.txt", GOOD),
        known(tmp_path, "b.txt", "hang\n"),
        known(tmp_path, "c.txt", "x\n"),
    )
    with Pool(1) as pool:
        done = pool.submit(Read(setting(tmp_path, 1.0), items)).result()
    assert done.rows.documents == 3


def test_what_a_child_started_dies_with_it(tmp_path: Path) -> None:
    items = (known(tmp_path, "a.txt", "orphan\n"),)
    with Pool(1) as pool:
        pool.submit(Read(setting(tmp_path, 1.0), items)).result()
        group = pool_groups()
    time.sleep(0.3)
    listed = subprocess.run(["ps", "-eo", "pid,pgid"], capture_output=True, text=True).stdout
    alive = {int(line.split()[1]) for line in listed.splitlines()[1:]}
    assert not (group & alive)


def pool_groups() -> set[int]:
    """Return the process groups that descend from this process."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,pgid"], capture_output=True, text=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
    mine, grown = {os.getpid()}, True
    while grown:
        more = {pid for pid, parent, _group in rows if parent in mine} - mine
        grown = bool(more)
        mine |= more
    return {group for pid, _parent, group in rows if pid in mine and pid == group and group != os.getpgrp()}


def test_no_child_outlives_a_killed_driver(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.run.test_pool import known, setting\n"
        "from pipeline.run.pool import Pool\nfrom pipeline.run.work import Read\n"
        "if __name__ == '__main__':\n"
        "    folder = Path(sys.argv[1])\n"
        "    pool = Pool(1)\n"
        "    pool.submit(Read(setting(folder, 60.0), (known(folder, 'a.txt', 'hang\\n'),)))\n"
        "    import time\n    time.sleep(2.5)\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    path = tmp_path / "driver.py"
    path.write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2])])}
    driver = subprocess.Popen(
        [sys.executable, str(path), str(tmp_path)], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert driver.stdout is not None and driver.stdout.readline() == "ready\n"
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
    mine = {driver.pid}
    for _ in range(3):
        mine |= {pid for pid, parent in rows if parent in mine}
    assert len(mine) > 2
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in mine - {driver.pid}):
        time.sleep(0.1)
    assert not [pid for pid in mine if Path(f"/proc/{pid}").exists()]


def test_a_file_that_cannot_be_surveyed_is_a_refusal(tmp_path: Path) -> None:
    from pipeline.run.pool import LostError

    files = (File("a.txt", tmp_path / "a.txt"), File("b.txt", tmp_path / "b.txt"))
    for file in files:
        file.place.write_text("x", encoding="utf-8")
    again = Survey(files).after(LostError("timeout", "over 1 s", 0))
    first, second = again.run(lambda step: None)
    assert first[0].error == ("timeout", "", "over 1 s") and not first[0].hashed
    assert second[0].error is None


@pytest.mark.parametrize("command", ["leak", "starve"])
def test_a_document_does_not_pay_for_the_memory_of_the_one_before(tmp_path: Path, command: str) -> None:
    """One leaves memory behind, one is called damaged by its reader although there was no memory for it."""
    items = [known(tmp_path, "poison.txt", f"{command}\n")]
    items += [known(tmp_path, f"{number}.txt", GOOD.format(number)) for number in range(3)]
    limits = setting(tmp_path, memory=3 << 30)
    with Pool(1) as pool:
        done = pool.submit(Read(limits, tuple(items))).result()
    assert done.failures == ({"memory": 1} if command == "starve" else {})
    assert done.rows.statuses["no_form"] == (3 if command == "starve" else 4)
    store = GridStore(Path(limits.root))
    assert len(store.shards()) == 1 and len(store.index) == 4
