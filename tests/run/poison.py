"""Readers that misbehave on purpose; module level, so that a child can import them."""

import ctypes
import os
import time

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.run.reading import read_source
from pipeline.store.grids import Reading

_HELD: list[bytearray] = []


def starved(source: Source) -> Reading:
    """End as a reader does that takes a lack of memory for damage."""
    reading = read_source(source)
    return Reading(reading.key, reading.size, SourceError("corrupt", detail="MemoryError: "))


def read(source: Source) -> Reading:
    """Do what the document says, or read it."""
    command = source.data[:8].strip()
    if command in (b"leak", b"starve"):
        _HELD.append(bytearray(1400 << 20))
    if command == b"starve":
        return starved(source)
    if command in (b"memory", b"huge", b"deep"):
        return greedy(command, source)
    if command == b"hang":
        ctypes.CDLL(None).sleep(600)
    if command == b"loop":
        while True:
            pass
    if command == b"segv":
        ctypes.string_at(0)
    if command == b"exit":
        os._exit(3)
    if command == b"kill":
        os.kill(os.getpid(), 9)
    if command == b"orphan":
        if os.fork() == 0:
            time.sleep(600)
        time.sleep(600)
    return read_source(source)


def greedy(command: bytes, source: Source) -> Reading:
    """Take too much memory, little by little or at once, or too much stack."""
    held = []
    while command == b"memory":
        held.append(bytearray(64 << 20))
    if command == b"huge":
        held.append(bytearray(20 << 30))
    return deep(source)


def deep(source: Source) -> Reading:
    """Recurse in C until the stack of the process ends; Python's own limit is lifted."""
    import sys

    sys.setrecursionlimit(1 << 30)
    nested: list[object] = []
    for _ in range(1 << 20):
        nested = [nested]
    repr(nested)
    return read_source(source)


def stuck(source: Source) -> Reading:
    """Hang in C code."""
    ctypes.CDLL(None).sleep(600)
    return read_source(source)
