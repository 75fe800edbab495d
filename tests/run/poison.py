"""Readers that misbehave on purpose; module level, so that a spawned child can import them."""

import ctypes
import os
import time

from pipeline.model import Source
from pipeline.run.reading import read_source
from pipeline.store.grids import Reading


def read(source: Source) -> Reading:
    """Do what the document says, or read it."""
    command = source.data[:8].strip()
    if command == b"hang":
        time.sleep(600)
    if command == b"loop":
        while True:
            pass
    if command == b"segv":
        ctypes.string_at(0)
    if command == b"exit":
        os._exit(3)
    if command == b"memory":
        held = []
        while True:
            held.append(bytearray(64 << 20))
    if command == b"orphan":
        if os.fork() == 0:
            time.sleep(600)
        time.sleep(600)
    return read_source(source)
