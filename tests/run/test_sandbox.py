"""A poison document costs itself: hang, busy loop, segfault, exit, too much memory, orphans."""

import hashlib
import os
import subprocess
import sys
import time

import pytest

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.run.sandbox import Sandbox
from tests.run import poison

GOOD = "\t项目名称\n\t道路\n".encode()
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and groups are tested on Linux")


def source(data: bytes) -> Source:
    return Source(hashlib.sha256(data).hexdigest(), ("a.txt",), len(data), "text/plain", data)


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        (b"hang", "timeout", "over 1.5 s"),
        (b"loop", "timeout", "over 1.5 s"),
        (b"segv", "crash", "SIGSEGV"),
        (b"exit", "crash", "exit code 3"),
        (b"memory", "memory", "MB"),
    ],
)
def test_poison_costs_itself(command: bytes, code: str, detail: str) -> None:
    seconds = 1.5 if code == "timeout" else 30
    with Sandbox(seconds=seconds, memory=1 << 30, target=poison.read) as sandbox:
        assert isinstance(sandbox.read(source(GOOD)).outcome, Document)
        outcome = sandbox.read(source(command)).outcome
        assert isinstance(outcome, SourceError)
        assert outcome.code == code and detail in outcome.detail
        assert isinstance(sandbox.read(source(GOOD)).outcome, Document)


def test_what_a_child_started_dies_with_it() -> None:
    with Sandbox(seconds=1, memory=None, target=poison.read) as sandbox:
        sandbox.read(source(b"orphan"))
    time.sleep(0.3)
    listed = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True).stdout
    strays = [line for line in listed.splitlines() if "multiprocessing.spawn" in line]
    assert not [line for line in strays if line.split()[0] in ("1", str(os.getpid()))]


def test_same_reading_as_without_a_sandbox() -> None:
    from pipeline.run.reading import read_source

    with Sandbox() as sandbox:
        assert sandbox.read(source(GOOD)) == read_source(source(GOOD))
