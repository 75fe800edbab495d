"""Stand in for LibreOffice's command: keep a process, forward files to it, fail as the file ``mode`` says."""

import hashlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit


def main(arguments):
    url = next(a for a in arguments if a.startswith("-env:")).partition("=")[2]
    profile = Path(unquote(urlsplit(url).path))
    modes = Path(__file__).with_name("mode").read_text().split()
    if "private:factory/swriter" in arguments:
        _serve(url, profile, modes)
    else:
        _forward(arguments, profile, modes)


def _serve(url, profile, modes):
    profile.mkdir(parents=True, exist_ok=True)
    if "no_start" in modes:
        sys.exit(3)
    if "again" in modes and not (profile / "started").exists():
        (profile / "started").touch()
        sys.exit(81)
    (profile / "pid").write_text(str(os.getpid()))
    digest = hashlib.md5(url.encode("utf-16-le")).digest()
    name = f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_" + "".join(f"{byte:x}" for byte in digest)
    (Path(os.environ.get("TMPDIR", "/tmp")) / name).touch()
    time.sleep(60)


def _forward(arguments, profile, modes):
    server = int((profile / "pid").read_text())
    out = Path(arguments[arguments.index("--outdir") + 1])
    target = arguments[arguments.index("--convert-to") + 1].partition(":")[0]
    source = Path(arguments[-1])
    if "hang" in modes:
        time.sleep(60)
    if "crash" in modes or ("crash_once" in modes and not (profile / "crashed").exists()):
        (profile / "crashed").touch()
        os.kill(server, signal.SIGKILL)
        time.sleep(0.5)
        return
    if "refuse" not in modes:
        shutil.copy(source, out / f"{source.stem}.{target}")


main(sys.argv[1:])
