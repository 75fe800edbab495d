"""Work in child processes with limits of time and memory: a poison document costs itself, not the run.

The seam is ``submit(attend, work) -> Future``: ``attend`` runs a piece of work in the child process of the
thread (or, on a cluster, of the remote worker) that it is called in, and nothing comes back but what
``work.run`` returns. A child lives for much work. It is given up when one step of its work takes too long,
takes too much memory or kills it; the work then says how it goes on without that step (``after``). A child
leads a process group of its own and dies with its parent (Linux), so what it started dies with it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol

from pipeline.errors import StoreError

#: Seconds and bytes of address space that one document may take.
SECONDS = 120.0
MEMORY = 6 << 30
#: A child is replaced after so many pieces of work, or when it has grown to so many bytes.
RECYCLE = 64
GROWN = 1 << 30
#: Set to ``off``, work is done in the program's own process: for a debugger, and for tests that watch it.
VARIABLE = "GUIBIAO_ISOLATION"
_START = 120.0
_STEP = struct.Struct("<qdq")
_FRAME = re.compile(r'File "[^"]*?/(pipeline/[^"]+)", line (\d+) in (\S+)')
_LOADED = (
    "pipeline.run.work",
    "pyarrow.parquet",
    "lxml.etree",
    "lxml.html",
    "olefile",
    "pipeline.readers.docx",
    "pipeline.readers.html",
    "pipeline.readers.txt",
    "pipeline.readers.xlsx",
)

Report = Callable[[int], None]


class LostError(Exception):
    """A child that had to be given up: why (``timeout``, ``memory``, ``crash``), in words, at which step."""

    def __init__(self, code: str, detail: str, step: int) -> None:
        super().__init__(code, detail, step)
        self.code = code
        self.detail = detail
        self.step = step


class TiredError(Exception):
    """A child that holds so much memory that the next document might suffer for it."""


class Work(Protocol):
    """A piece of work: what a child does, step by step, and how it goes on after a child was lost.

    ``seconds`` is the limit of one step, None for none.
    """

    @property
    def seconds(self) -> float | None:
        """Return the limit of one step."""

    @property
    def memory(self) -> int | None:
        """Return the limit of address space in bytes."""

    @property
    def documents(self) -> int:
        """Return how many of the first steps are documents."""

    def run(self, report: Report) -> Any:
        """Do the work; call ``report(step)`` before each step."""

    def after(self, lost: LostError) -> Work:
        """Return the work that is left; raise where nothing can be done about the loss."""


class Whole:
    """Work without limits in which no single document can be to blame for the loss of a child."""

    __slots__ = ()

    @property
    def seconds(self) -> float | None:
        """Return that a step may take any time."""
        return None

    @property
    def memory(self) -> int | None:
        """Return that there is no limit of address space."""
        return None

    @property
    def documents(self) -> int:
        """Return that no step is a document."""
        return 0

    def after(self, lost: LostError) -> Work:
        """Raise: there is no document to give up."""
        raise RuntimeError(f"{lost.code}: {lost.detail}")


class Pool:
    """Threads that each attend one child process; ``submit(attend, work)``. A context manager."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = max(1, workers)
        self._alone = os.environ.get(VARIABLE) == "off"
        self._threads = ThreadPoolExecutor(self.workers, "guibiao", initializer=self._open)
        self._slots: list[Slot] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(now=kind is not None)

    def submit(self, work: Work) -> Future[Any]:
        """Return the future result of a piece of work."""
        if not self._alone:
            return self._threads.submit(attend, work)
        done: Future[Any] = Future()
        try:
            done.set_result(work.run(lambda step: None))
        except Exception as err:
            done.set_exception(err)
        return done

    @property
    def steps(self) -> int:
        """Return how many documents of unfinished work are done."""
        return sum(min(slot.step, slot.documents) for slot in self._slots if slot.documents)

    def close(self, *, now: bool = False) -> None:
        """End all children; those at work at once if ``now``, else after it."""
        if now:
            for slot in self._slots:
                slot.abandon()
        self._threads.shutdown(wait=True, cancel_futures=now)
        for slot in self._slots:
            slot.close()

    def _open(self) -> None:
        slot = _own.slot = Slot()
        with self._lock:
            self._slots.append(slot)


class _Own(threading.local):
    slot: Slot | None = None


_own = _Own()


def attend(work: Work) -> Any:
    """Have work done in this thread's child, going on after every loss."""
    slot = _own.slot
    if slot is None:
        slot = _own.slot = Slot()
    while True:
        try:
            return slot.run(work)
        except LostError as lost:
            if slot.abandoned:
                raise
            work = work.after(lost)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a child is started with."""

    progress: str
    trace: str
    memory: int | None
    parent: int
    environment: dict[str, str]


class Slot:
    """One child process at a time, and the watch over it."""

    def __init__(self) -> None:
        self.documents = 0
        self.abandoned = False
        self._child: Any = None
        self._pipe: Connection | None = None
        self._memory: int | None = None
        self._served = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._progress: Any = None

    @property
    def step(self) -> int:
        """Return the step at which the child is."""
        found = self._read()
        return max(0, found[0]) if found is not None else 0

    def run(self, work: Work) -> Any:
        """Return what came of work; LostError where the child had to be given up."""
        pipe = self._started(work.memory)
        self.documents = work.documents
        try:
            try:
                pipe.send(work)
                self._watch(pipe, work.seconds)
                kind, found = pipe.recv()
            except (EOFError, OSError):
                step = self.step
                code = self._kill()
                raise LostError("crash", _how(code) + self._place(), step) from None
            if kind == "memory":  # the child says why it cannot go on, and ends
                step = self.step
                self._kill()
                raise LostError("memory", found, step)
            if kind == "tired":
                step = self.step
                self._kill()
                raise LostError("tired", "", step)
            if kind == "error":
                raise found
            self._served += 1
            if self._served >= RECYCLE or kind == "grown":
                self.close()
            return found
        finally:
            self.documents = 0

    def abandon(self) -> None:
        """Kill the child from another thread."""
        self.abandoned = True
        child = self._child
        if child is not None:
            _end_group(child.pid)

    def close(self) -> None:
        """Let the child end by itself, and end it where it does not."""
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._pipe.send(None)
            self._child.join(2)
        self._kill()
        if self._folder is not None:
            self._progress.close()
            self._folder.cleanup()
            self._folder = None

    def _watch(self, pipe: Connection, seconds: float | None) -> None:
        """Wait for the child to say something; LostError when one step takes too long."""
        if seconds is None:
            pipe.poll(None)
            return
        wait = seconds
        while not pipe.poll(max(wait, 0.001)):
            found = self._read()
            if found is None:
                continue
            step, since, _mark = found
            wait = since + seconds - time.monotonic()
            if wait <= 0:
                where = self._asked()
                self._kill(0)
                raise LostError("timeout", f"over {seconds:g} s{where}", step)

    def _read(self) -> tuple[int, float, int] | None:
        """Return (step, since when); None where the child was just writing it."""
        if self._progress is None:
            return None
        raw = self._progress[: _STEP.size]
        found: tuple[int, float, int] = _STEP.unpack(raw)
        return found if found[2] == found[0] else None

    def _started(self, memory: int | None) -> Connection:
        if self._pipe is not None and (not self._child.is_alive() or memory != self._memory):
            self.close()
        if self._pipe is None:
            setting = self._setting(memory)
            context = _context()
            self._pipe, theirs = context.Pipe()
            self._child = context.Process(target=_serve, args=(theirs, setting), daemon=True)
            self._child.start()
            theirs.close()
            self._served, self._memory = 0, memory
            if not self._pipe.poll(_START):  # a slow start is not the document's fault
                self._kill()
                raise StoreError("工作进程无法启动 | a worker process does not start")
            try:
                self._pipe.recv()
            except EOFError:
                code = self._kill()
                raise StoreError(
                    f"工作进程无法启动（{_how(code)}） | a worker process ends at its start"
                ) from None
        return self._pipe

    def _setting(self, memory: int | None) -> _Setting:
        import mmap

        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="guibiao-", ignore_cleanup_errors=True)
            with open(f"{self._folder.name}/progress", "w+b") as file:  # noqa: PTH123
                file.write(_STEP.pack(-1, time.monotonic(), -1))
                file.flush()
                self._progress = mmap.mmap(file.fileno(), _STEP.size)
        self._progress[: _STEP.size] = _STEP.pack(-1, time.monotonic(), -1)
        name = self._folder.name
        kept = {key: value for key, value in os.environ.items() if key.startswith("GUIBIAO_")}
        return _Setting(f"{name}/progress", f"{name}/trace", memory, os.getpid(), kept)

    def _asked(self) -> str:
        """Ask a child that hangs where it is; even C code lets it answer."""
        if not hasattr(signal, "SIGUSR1") or self._child is None:
            return ""
        with contextlib.suppress(OSError):
            os.kill(self._child.pid, signal.SIGUSR1)
            time.sleep(0.02)
        return self._place()

    def _place(self) -> str:
        """Return the innermost place in our code that the child's last trace names."""
        if self._folder is None:
            return ""
        try:
            with open(f"{self._folder.name}/trace", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                found = _FRAME.search(file.read())
        except OSError:
            return ""
        return f"; {found[1]}:{found[2]} {found[3]}" if found is not None else ""

    def _kill(self, patience: float = 0.2) -> int | None:
        """End the child and all that it started; return its exit code, which one that fell over tells itself."""
        child, pipe = self._child, self._pipe
        if child is None:
            return None
        child.join(patience)
        _end_group(child.pid)
        if child.is_alive():
            child.kill()
        child.join()
        _end_group(child.pid)  # the group may outlive its leader
        code: int | None = child.exitcode
        if pipe is not None:
            pipe.close()
        self._child = self._pipe = None
        return code


def _end_group(pid: int) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _context() -> Any:
    """Return how children are started: forked, in milliseconds, from a server that has the libraries loaded."""
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    return context


#: The address space of this process when it began to work.
_begun = [0]

# -- in the child -----------------------------------------------------------------------------------------------


def _serve(pipe: Connection, setting: _Setting) -> None:
    """Do work until None comes."""
    report = _settle(setting)
    _begun[0] = _size(0)
    gc.freeze()  # what the server loaded lives as long as the child
    gc.set_threshold(100_000, 50, 100)  # documents are trees without rings: looking for rings is time lost
    pipe.send("ready")
    while True:
        try:
            work = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        if work is None:
            return
        report(-1)
        try:
            found = work.run(report)
        except TiredError:
            pipe.send(("tired", None))
            return
        except MemoryError as err:
            pipe.send(("memory", f"over {(setting.memory or 0) >> 20} MB{_innermost(err)}"))
            return
        except Exception as err:
            _send_error(pipe, err)
            continue
        pipe.send(("grown" if _size() > GROWN else "done", found))


def _send_error(pipe: Connection, err: Exception) -> None:
    try:
        pipe.send(("error", err))
    except Exception:  # an exception that cannot travel
        pipe.send(("error", RuntimeError(f"{type(err).__name__}: {err}")))


def _innermost(err: BaseException) -> str:
    trace, place = err.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "pipeline" in code.co_filename:
            name = "pipeline" + code.co_filename.rpartition("pipeline")[2]
            place = f"; {name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place


def _settle(setting: _Setting) -> Report:
    """Make the child a group leader that ends with its parent and cannot take all memory."""
    import faulthandler
    import mmap

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to answer
    if hasattr(os, "setsid"):
        with contextlib.suppress(OSError):
            os.setsid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        _let_the_server_end()
    for name in [name for name in os.environ if name.startswith("GUIBIAO_")]:
        del os.environ[name]
    os.environ.update(setting.environment)
    trace = open(setting.trace, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the child
    faulthandler.enable(trace, all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
    _limit(setting.memory)
    with open(setting.progress, "r+b") as file:  # noqa: PTH123
        shared = mmap.mmap(file.fileno(), _STEP.size)

    def report(step: int) -> None:
        shared[16:24] = struct.pack("<q", -2)  # what is read now is neither the old step nor the new
        shared[:16] = struct.pack("<qd", step, time.monotonic())
        shared[16:24] = struct.pack("<q", step)

    return report


def _let_the_server_end() -> None:
    """Close our end of the pipe by which the server sees that the driver lives: a child that hangs must not hold it."""
    from multiprocessing import forkserver

    server = getattr(forkserver, "_forkserver", None)
    handle = getattr(server, "_forkserver_alive_fd", None)
    if isinstance(handle, int):
        with contextlib.suppress(OSError):
            os.close(handle)
        server._forkserver_alive_fd = None  # type: ignore[union-attr]


def _limit(memory: int | None) -> None:
    if memory is not None:
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def is_tired(memory: int | None) -> bool:
    """Say whether this process has taken over half of the address space that it had left at its start."""
    return memory is not None and 2 * (_size(0) - _begun[0]) > memory - _begun[0]


def _size(column: int = 1) -> int:
    """Return the resident bytes of this process (all its address space for column 0), 0 where nobody tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
