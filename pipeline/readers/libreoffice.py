"""Keep one LibreOffice process and have it convert files, one at a time, with a time limit for each.

The process is a plain headless LibreOffice with a profile of its own and an empty document open, which keeps
it alive. A file is handed to it by calling ``soffice --convert-to`` with the same profile: that call finds
the running process, forwards its arguments and returns when the file is done (0.2 s against 1.1 s for a process
of its own). Unlike the UNO bridge this needs neither LibreOffice's Python nor a port. ``soffice`` returns 0
whatever happens, so only the output file tells whether a conversion worked.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pipeline.errors import SourceError

START_SECONDS = 60.0
FILE_SECONDS = 60.0
MAX_OUTPUT = 256 * 1024 * 1024
_FILES_PER_PROCESS = 200  # LibreOffice grows with every file
_FIRST_STARTS = 3  # a new profile ends the first start with "start me again"
_START_AGAIN = (79, 81)
_PREFIX = "guibiao-office-"
_SETTLE_SECONDS = 2.0  # how long after its first start a process may still say so
_ORPHAN_SECONDS = 5.0  # how long a call may outlive the process that it waits for
_STALE_SECONDS = 3600.0  # a folder in use is touched with every file

FILTERS = {"docx": "docx:MS Word 2007 XML", "xlsx": "xlsx:Calc MS Excel 2007 XML"}

_PLACES = (
    "/usr/lib/libreoffice/program/soffice",
    "/usr/lib64/libreoffice/program/soffice",
    "/opt/libreoffice/program/soffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.com",
)

# Runs in a new interpreter because preexec_fn is unsafe among threads: die with the parent
# (PR_SET_PDEATHSIG), and give LibreOffice limits of its own instead of the reader's.
_TRAMPOLINE = """
import ctypes, os, resource, signal, sys
ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    os._exit(0)
for kind, wanted in ((resource.RLIMIT_AS, 6 << 30), (resource.RLIMIT_CPU, resource.RLIM_INFINITY)):
    hard = resource.getrlimit(kind)[1]
    soft = wanted if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(kind, (soft, hard))
os.execv(sys.argv[2], sys.argv[2:])
"""

# No macros, no links fetched, no recovery: the files are strangers'.
_SETTINGS = (
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Common/Save/Document", "AutoSave", "false"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "2"),
    ("org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    ("org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
)


def find() -> str | None:
    """Return the path of LibreOffice's command, None when it is not installed."""
    for name in ("soffice", "libreoffice"):
        if (found := shutil.which(name)) is not None:
            return found
    return next((place for place in _PLACES if Path(place).is_file()), None)


class Office:
    """One LibreOffice process, started when first needed, and its working folder."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.owner = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{self.owner}-"))
        self.profile = (self.folder / "profile").as_uri()
        self.process: subprocess.Popen[bytes] | None = None
        self.served = 0
        self.serial = 0

    def convert(self, data: bytes, suffix: str, target: str, seconds: float) -> bytes:
        """Return the file in another format; ``target`` is docx or xlsx.

        A process that dies on a file is started again and given it once more. SourceError timeout after
        ``seconds``, corrupt when LibreOffice cannot load the file or dies of it twice.
        """
        for _ in range(2):
            output, died = self.attempt(data, suffix, target, seconds)
            if output is not None:
                return output
            if not died:
                raise SourceError("corrupt", detail="LibreOffice cannot load it")
        raise SourceError("corrupt", detail="LibreOffice crashes on it")

    def attempt(self, data: bytes, suffix: str, target: str, seconds: float) -> tuple[bytes | None, bool]:
        """Return the converted file or None, and whether the process died over it."""
        self.ensure_running()
        self.serial += 1
        self.served += 1
        work = self.folder / f"work{self.serial}"
        work.mkdir()
        try:
            source = work / f"in.{suffix}"
            source.write_bytes(data)
            self.forward(source, target, seconds)
            alive = self.process is not None and self.process.poll() is None
            output = work / "out" / f"in.{target}"
            if not output.is_file() or output.stat().st_size == 0:
                return None, not alive
            if output.stat().st_size > MAX_OUTPUT:
                raise SourceError("too_large", detail=f"{output.stat().st_size} bytes after conversion")
            return output.read_bytes(), False
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def forward(self, source: Path, target: str, seconds: float) -> None:
        """Hand one file to the running process and wait; kill everything when the time is up."""
        out = source.parent / "out"
        out.mkdir()
        arguments = [
            "--headless",
            "--norestore",
            "--convert-to",
            FILTERS[target],
            "--outdir",
            str(out),
            str(source),
        ]
        client = subprocess.Popen(
            [self.command, f"-env:UserInstallation={self.profile}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )
        deadline = time.monotonic() + seconds
        orphaned = None
        try:
            while client.poll() is None:
                now = time.monotonic()
                if now > deadline:
                    self.stop()
                    raise SourceError("timeout", detail=f"LibreOffice needed more than {seconds:g} s")
                if orphaned is None and self.process is not None and self.process.poll() is not None:
                    orphaned = now
                if orphaned is not None and now > orphaned + _ORPHAN_SECONDS:
                    return
                with contextlib.suppress(subprocess.TimeoutExpired):
                    client.wait(0.2)
        finally:
            _kill(client)

    def ensure_running(self) -> None:
        """Start the process unless it runs; replace it after many files."""
        if self.process is not None and self.process.poll() is None and self.served < _FILES_PER_PROCESS:
            return
        self.stop()
        self.served = 0
        fresh = self.write_settings()
        for _ in range(_FIRST_STARTS):
            for socket in _sockets(self.profile):
                socket.unlink(missing_ok=True)
            self.process = self.spawn()
            if self.wait_until_ready(self.process) and not (
                fresh and _ends_within(self.process, _SETTLE_SECONDS)
            ):
                return
            if self.process.poll() not in _START_AGAIN:
                break
            fresh = False
        code = self.process.poll() if self.process is not None else None
        self.stop()
        raise SourceError("internal", detail=f"LibreOffice does not start (exit code {code})")

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start LibreOffice with an empty document open; on Linux it dies with this process."""
        binary = Path(self.command).resolve().with_name("soffice.bin")
        program = str(binary) if binary.is_file() else self.command
        options = ["--headless", "--nologo", "--norestore", "--nofirststartwizard", "private:factory/swriter"]
        command = [program, f"-env:UserInstallation={self.profile}", *options]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", _TRAMPOLINE, str(os.getpid()), *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )

    def wait_until_ready(self, process: "subprocess.Popen[bytes]") -> bool:
        """Wait for the socket on which LibreOffice takes files; False when it ended before."""
        deadline = time.monotonic() + START_SECONDS
        sockets = _sockets(self.profile)
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if any(socket.exists() for socket in sockets):
                return True
            time.sleep(0.05)
        # Where the socket has another name (another system), a running process is ready by now.
        return process.poll() is None

    def write_settings(self) -> bool:
        """Write the profile's settings before LibreOffice makes its own; False when they are there."""
        user = self.folder / "profile" / "user"
        if user.exists():
            return False
        user.mkdir(parents=True)
        items = "".join(
            f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
            for path, name, value in _SETTINGS
        )
        (user / "registrymodifications.xcu").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
            'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"{items}</oor:items>",
            encoding="utf-8",
        )
        return True

    def stop(self) -> None:
        """Kill the process and its group."""
        if self.process is not None:
            _kill(self.process)
            self.process = None

    def close(self) -> None:
        """Kill the process and remove the folder; nothing in a forked child, whose parent still uses both."""
        if os.getpid() == self.owner:
            self.stop()
            for socket in _sockets(self.profile):
                socket.unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    """Return an environment in which the result does not depend on the user's language or screen."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    return {**kept, "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}


def _ends_within(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with its group and take its exit code."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def _sockets(profile: str) -> list[Path]:
    """Return where LibreOffice's socket may be.

    It is named by the MD5 of the profile's URL, bytes as hexadecimal without leading zeros (LibreOffice's
    desktop/source/app/officeipcthread.cxx).
    """
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    user = os.getuid() if hasattr(os, "getuid") else 0
    name = f"OSL_PIPE_{user}_SingleOfficeIPC_" + "".join(f"{byte:x}" for byte in digest)
    return [
        Path(folder) / name
        for folder in dict.fromkeys((os.environ.get("TMPDIR", "/tmp"), "/tmp", "/var/tmp"))
    ]


def _sweep() -> None:
    """Remove the folders and sockets that killed processes left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            idle = time.time() - folder.stat().st_mtime
            if idle > _STALE_SECONDS and not _is_alive(folder.name.removeprefix(_PREFIX).partition("-")[0]):
                for socket in _sockets((folder / "profile").as_uri()):
                    socket.unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    """Say whether a process exists; where that cannot be asked, say yes."""
    if os.name != "posix" or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


_lock = threading.Lock()
_office: Office | None = None


def convert(data: bytes, suffix: str, target: str, seconds: float = FILE_SECONDS) -> bytes:
    """Return a file converted by the one LibreOffice process of this Python process.

    ``suffix`` (without a dot) tells LibreOffice what to expect, ``target`` is docx or xlsx.
    SourceError needs_libreoffice, timeout, corrupt, too_large; internal when LibreOffice does not start.
    """
    global _office
    command = find()
    if command is None:
        raise SourceError("needs_libreoffice")
    with _lock:
        if _office is not None and (_office.owner != os.getpid() or _office.command != command):
            _office.close()
            _office = None
        try:
            if _office is None:
                _sweep()
                _office = Office(command)
                atexit.register(_office.close)
            return _office.convert(data, suffix, target, seconds)
        except OSError as error:
            raise SourceError("internal", detail=f"LibreOffice: {error}") from error


def close() -> None:
    """End the LibreOffice process, if there is one."""
    global _office
    with _lock:
        if _office is not None:
            _office.close()
            atexit.unregister(_office.close)
            _office = None
