"""Feed damaged workbooks to the readers of spreadsheets; each must give a Document or a SourceError, soon.

    python tests/benchmarks/fuzz_sheets.py xls 20000
    python tests/benchmarks/fuzz_sheets.py xlsx 20000 --seed 7

Prints outcomes by code, the slowest file and the peak memory; exit code 1 after anything else, with the
mutated file kept beside the script's working directory for a look.
"""

import argparse
import hashlib
import io
import random
import resource
import signal
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.errors import SourceError  # noqa: E402
from pipeline.model import Source  # noqa: E402
from pipeline.readers import xls, xlsx  # noqa: E402

SPECIMENS = ROOT.parent / "shared" / "specimens"
LIMIT_SECONDS = 10
LARGEST_SEED = 120_000


def seeds(kind: str) -> list[bytes]:
    """Return whole workbooks to damage: generated ones, and small real ones where they are at hand."""
    from tests.readers.sheet_samples import xls_samples, xlsx_samples

    found = list((xls_samples if kind == "xls" else xlsx_samples)())
    folder = SPECIMENS / "poi" / "spreadsheet"
    for path in sorted(folder.glob(f"*.{kind}")) if folder.is_dir() else []:
        if path.stat().st_size <= LARGEST_SEED:
            found.append(path.read_bytes())
    return found


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one to eight faults: flips, wild numbers, zeroed or doubled runs, cuts."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        if len(out) < 8:
            break
        at = rng.randrange(len(out))
        length = rng.choice((1, 2, 4, 16, 200))
        match rng.randrange(6):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                wild = rng.choice(
                    (b"\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\x7f", b"\xfe\xff\xff\xff")
                )
                out[at : at + len(wild)] = wild
            case 2:
                out[at : at + length] = bytes(min(length, len(out) - at))
            case 3:
                other = rng.randrange(len(out))
                out[at : at + length] = out[other : other + length]
            case 4:
                del out[at : at + length]
            case 5:
                out = out[: max(8, at)] if rng.random() < 0.3 else out
    return bytes(out)


def damaged_package(data: bytes, rng: random.Random) -> bytes:
    """Return a package with damage inside its parts, so that the zip itself stays whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
    except Exception:
        return damaged(data, rng)
    names = [name for name in parts if name.endswith((".xml", ".rels"))]
    for name in rng.sample(names, min(len(names), rng.choice((1, 1, 2)))):
        parts[name] = damaged(parts[name], rng)
    if rng.random() < 0.05 and names:
        del parts[rng.choice(names)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


def mutations(kind: str, count: int, seed: int) -> Iterator[bytes]:
    """Yield so many damaged workbooks, the same ones for the same seed and seeds."""
    rng = random.Random(seed)
    whole = seeds(kind)
    for number in range(count):
        data = whole[number % len(whole)]
        inside = kind == "xlsx" and rng.random() < 0.8
        yield damaged_package(data, rng) if inside else damaged(data, rng)


def outcome(kind: str, data: bytes) -> str:
    """Return ``ok``, ``partial`` or the code of the SourceError; anything else passes through."""
    reader = xls if kind == "xls" else xlsx
    name = f"fuzz.{kind}"
    source = Source(hashlib.sha256(data).hexdigest(), (name,), len(data), reader.MEDIA[0], data)
    try:
        return "partial" if reader.read(source).problems else "ok"
    except SourceError as fault:
        return fault.code


class _TooSlow(BaseException):
    """Not an Exception, so that no reader takes it for damage."""


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise _TooSlow(f"over {LIMIT_SECONDS} s")


def run(kind: str, count: int, seed: int, say: Callable[[str], None]) -> int:
    """Return the number of faults."""
    signal.signal(signal.SIGALRM, _too_slow)
    outcomes: Counter[str] = Counter()
    faults, slowest = 0, 0.0
    for number, data in enumerate(mutations(kind, count, seed)):
        signal.alarm(LIMIT_SECONDS)
        start = time.perf_counter()
        try:
            outcomes[outcome(kind, data)] += 1
        except BaseException as fault:
            faults += 1
            kept = Path(f"fuzz-{kind}-{seed}-{number}.{kind}")
            kept.write_bytes(data)
            say(f"{kept}: {type(fault).__name__}: {fault}")
            if isinstance(fault, KeyboardInterrupt):
                break
        signal.alarm(0)
        slowest = max(slowest, time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{kind}: {sum(outcomes.values())} read, {dict(outcomes.most_common())}, {faults} faults")
    say(f"slowest {slowest:.2f} s, peak memory {peak} MiB")
    return faults


def main() -> int:
    """Return 1 after any fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("xls", "xlsx"))
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return 1 if run(given.kind, given.count, given.seed, print) else 0


if __name__ == "__main__":
    sys.exit(main())
