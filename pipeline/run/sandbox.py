"""Reading in a child process with limits of time and memory: a poison file costs itself, not the run.

The child lives for many documents and is replaced after a crash, a hang, too much memory, or RECYCLE
documents. It leads a process group of its own and dies with its parent (Linux), so that what it started
(an office program) dies with it.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from pipeline.errors import SourceError, StoreError
from pipeline.model import Source
from pipeline.run.reading import key_of, read_source
from pipeline.store.grids import Reading

#: Seconds and bytes of address space that one document may take, and documents that one child reads.
SECONDS = 120.0
MEMORY = 6 << 30
RECYCLE = 2000
_START = 120.0

Target = Callable[[Source], Any]
#: Set to ``off``, documents are read in the program's own process: for a debugger, and for tests that watch it.
VARIABLE = "GUIBIAO_ISOLATION"


class Sandbox:
    """Read sources in a child process; ``with Sandbox() as sandbox: sandbox.read(source)``."""

    def __init__(
        self, seconds: float = SECONDS, memory: int | None = MEMORY, target: Target = read_source
    ) -> None:
        self._seconds = seconds
        self._memory = memory
        self._target = target
        self._child: Any = None
        self._pipe: Connection | None = None
        self._served = 0

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, source: Source) -> Reading:
        """Return what came of a source; ``timeout``, ``memory`` or ``crash`` where the child had to be given up."""
        if os.environ.get(VARIABLE) == "off":
            return read_source(source)
        try:
            pipe = self._started()
            pipe.send(source)
            if not pipe.poll(self._seconds):
                self._kill()
                return _given_up(source, "timeout", f"over {self._seconds:g} s")
            found = pipe.recv()
        except (EOFError, OSError):
            code = self._kill()
            return _given_up(source, "crash", _how(code))
        if isinstance(found, str):  # the child says why it cannot go on and ends
            self._kill()
            return _given_up(source, "memory", found)
        self._served += 1
        if self._served >= RECYCLE:
            self.close()
        reading: Reading = found
        return reading

    def close(self) -> None:
        """Let the child end by itself, and end it where it does not."""
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._pipe.send(None)
            self._child.join(2)
        self._kill()

    def _started(self) -> Connection:
        if self._pipe is None or not self._child.is_alive():
            self._kill()
            context = get_context("spawn")
            self._pipe, theirs = context.Pipe()
            arguments = (theirs, self._target, self._memory, os.getpid())
            self._child = context.Process(target=_serve, args=arguments)
            self._child.start()
            theirs.close()
            self._served = 0
            if not self._pipe.poll(_START):  # a slow start is not the document's fault
                self._kill()
                raise StoreError("读取进程无法启动 | the reading process does not start")
            self._pipe.recv()
        return self._pipe

    def _kill(self) -> int | None:
        """End the child and all that it started; return its exit code."""
        if self._child is None:
            return None
        pid = self._child.pid
        self._child.join(0.2)  # a child that fell over by itself tells how
        if self._child.is_alive() and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        if self._child.is_alive():
            self._child.kill()
        self._child.join()
        if hasattr(os, "killpg"):  # the group may outlive its leader
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        code: int | None = self._child.exitcode
        if self._pipe is not None:
            self._pipe.close()
        self._child = self._pipe = None
        return code


def _serve(pipe: Connection, target: Target, memory: int | None, parent: int) -> None:
    """Read sources until None comes; runs in the child."""
    _settle(memory, parent)
    pipe.send("ready")
    while True:
        try:
            source = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        if source is None:
            return
        try:
            reading = target(source)
        except MemoryError:
            pipe.send(f"over {(memory or 0) >> 20} MB")
            return
        pipe.send(reading)


def _settle(memory: int | None, parent: int) -> None:
    """Make the child a group leader that ends with its parent and cannot take all memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to answer
    if hasattr(os, "setsid"):
        with contextlib.suppress(OSError):
            os.setsid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
    if memory is not None:
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _given_up(source: Source, code: str, detail: str) -> Reading:
    key = key_of(source.document_id, source.media_type, source.paths[0])
    return Reading(key, source.size, SourceError(code, detail=detail))


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
