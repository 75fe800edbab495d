"""Durable steps on a disk: write and flush, link or copy, point a link, and the lock of the one writer."""

import errno
import os
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path

from pipeline.errors import StoreError

# What a file system answers that has no such links (or, of hard ones, none across devices or no more).
_UNSUPPORTED = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_NO_HARD_LINK = _UNSUPPORTED | {errno.EXDEV, errno.EMLINK}
_WINDOWS_NO_PRIVILEGE = 1314
#: What only a write can end in.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})

_CURES = {
    errno.ENOSPC: ("磁盘已满，请清理空间后重试", "the disk is full; free some space and retry"),
    errno.EDQUOT: ("超出磁盘配额，请清理空间后重试", "the disk quota is used up; free some space and retry"),
    errno.EROFS: ("磁盘是只读的，请换一个输出目录", "the disk is read-only; choose another output folder"),
    errno.EACCES: ("没有写权限，请检查目录权限", "no permission to write; check the folder's permissions"),
    errno.EPERM: ("没有写权限，请检查目录权限", "no permission to write; check the folder's permissions"),
    errno.ENOTDIR: ("路径中有一个文件占了目录的位置", "a file stands where a folder is needed"),
    errno.EEXIST: ("已有同名文件或目录，请移走后重试", "something of that name is in the way; move it away"),
    errno.EISDIR: ("已有同名目录，请移走后重试", "a folder of that name is in the way; move it away"),
}


def store_error(root: Path, err: OSError) -> StoreError:
    """Return the error that names the path and the remedy, in Chinese and English."""
    path = err.filename2 or err.filename or root
    why = err.strerror or str(err)
    zh, en = _CURES.get(
        err.errno or 0, ("请检查磁盘与权限后重试", "check the disk and permissions and retry")
    )
    return StoreError(
        f"{path}: 工作区无法读写（{why}）；{zh} | the workspace cannot be read or written ({why}); {en}"
    )


def write(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def flush(path: Path) -> None:
    """Flush a file or a folder to the disk (folders only where the system can)."""
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path, root: Path) -> None:
    """Make a folder and what is missing above it; flush each parent, from that of ``root`` down."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == root:
            break
        path = path.parent
    for folder in reversed(missing):
        if folder == root:
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError):  # a parent that we may not read is not ours to flush
                flush(folder.parent)
        else:
            folder.mkdir(exist_ok=True)
            flush(folder.parent)


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``source`` a second name; copy and flush it where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError as err:
        if err.errno not in _NO_HARD_LINK:
            raise
        shutil.copyfile(source, target)
        flush(target)


def point(link: Path, target: str, spare: Path) -> bool:
    """Point a symbolic link at ``target`` with one rename; say whether the system has such links.

    ``spare`` is a free name on the same file system.
    """
    try:
        spare.symlink_to(target, target_is_directory=True)
    except NotImplementedError:
        return False
    except OSError as err:
        if err.errno in _UNSUPPORTED or getattr(err, "winerror", None) == _WINDOWS_NO_PRIVILEGE:
            return False
        raise
    spare.replace(link)
    return True


class Lock:
    """The lock of the one writer: a locked file, which the system lets go when its process ends, however."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when another process, or another Lock of this one, holds it."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
        except OSError as err:
            os.close(handle)
            if err.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
                return False
            raise
        self._handle = handle
        with suppress(OSError):  # who holds it is a courtesy: a full disk must not stop us here
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()} {socket.gethostname()}\n".encode())
        return True

    def release(self) -> None:
        """Let the lock go; the file stays, because a file removed under a waiting writer is no lock."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def holder(self) -> str:
        """Return who wrote itself into the lock file: process id and host; empty where it cannot be read."""
        with suppress(OSError):
            return self.path.read_text("utf-8", "replace").strip()
        return ""


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        # far behind the text, so that others may read who holds the lock
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
