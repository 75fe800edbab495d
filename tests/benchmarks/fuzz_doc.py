"""Read many damaged .doc files; nothing but SourceError may come out, within 10 s and 1 GB.

    python tests/benchmarks/fuzz_doc.py [--count 20000] [--seed 1] [FOLDER...]

Seeds are the committed fixtures, documents built byte by byte, and the .doc files of the folders. Prints what
the reader answered, the slowest file and the memory peak; a finding is written to --keep and ends the run with 1.
"""

import argparse
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import olefile

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import doc, libreoffice
from tests.readers import word_binary as wb
from tests.readers.mutation import mutate

ROOT = Path(__file__).parents[2]
TIME_LIMIT, MEMORY_LIMIT = 10, 1 << 30


def seeds(folders: list[Path]) -> list[tuple[str, bytes, list[tuple[int, int]]]]:
    """Return (name, bytes, hot ranges) of the files to damage; files over 400 kB are left out."""
    files = sorted((ROOT / "fixtures" / "doc").glob("*.doc"))
    files += sorted(
        path for folder in folders for path in folder.rglob("*.doc") if path.stat().st_size < 400_000
    )
    found = [(path.name, path.read_bytes()) for path in files]
    edges = wb.define([0, 1000, 2000], [0b11 << 5, 0])
    parts = [
        *wb.row(["a", "b"], edges),
        *wb.row(["c", "d"], edges, depth=2),
        wb.Part("x\x13 PAGE \x141\x15\r"),
    ]
    found.append(("built", wb.build(wb.Doc(parts, data=b"\x04\x00\x16\x24\x01\x00"))))
    return [(name, data, hot_ranges(data)) for name, data in found]


def hot_ranges(data: bytes) -> list[tuple[int, int]]:
    """Return where the structures lie: file header, directory, stream starts, table streams."""
    hot = [(0, 512)]
    try:
        with olefile.OleFileIO(data) as ole:
            for entry in ole.root.kids:
                if entry.entry_type == 2 and entry.size >= 4096:
                    start = (entry.isectStart + 1) * 512
                    hot += [(start, start + 0x400), (start, start + entry.size)]
            hot.append(((ole.first_dir_sector + 1) * 512, (ole.first_dir_sector + 3) * 512))
    except Exception:
        return hot
    return hot


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("/tmp/fuzz_doc"))
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    libreoffice.find = lambda: None  # mutants that say Word 6 would go there
    files, outcome, slowest = seeds(options.folders), Counter[str](), (0.0, 0)
    for number in range(options.count):
        chance = random.Random(f"{options.seed}/{number}")
        name, original, hot = chance.choice(files)
        data = mutate(original, chance, hot)
        signal.alarm(TIME_LIMIT)
        started = time.perf_counter()
        try:
            document = doc.read(Source("0" * 64, (name,), len(data), "application/msword", data))
            outcome["read, partial" if document.problems else "read"] += 1
        except SourceError as error:
            outcome[error.code] += 1
        except BaseException:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number}-{name}").write_bytes(data)
            print(f"number {number} ({name}):\n{traceback.format_exc()}")
            outcome["FINDING"] += 1
        finally:
            signal.alarm(0)
        slowest = max(slowest, (time.perf_counter() - started, number))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.count} files from {len(files)} seeds:", dict(outcome.most_common()))
    print(f"slowest {slowest[0]:.2f} s (number {slowest[1]}), memory peak {peak:.0f} MiB")
    return 1 if outcome["FINDING"] else 0


if __name__ == "__main__":
    sys.exit(main())
