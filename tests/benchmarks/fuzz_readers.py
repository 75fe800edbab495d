"""Feed damaged files to every reader: each must give a Document or a SourceError, within 10 s and 1 GB.

    python tests/benchmarks/fuzz_readers.py [--reader doc ...] [--count 20000] [--seed 1] [FOLDER...]

Every reader works in a process of its own, so that a crash of a C library is a finding and not the end. Seeds
are the committed fixtures, made files, and the files of the medium in FOLDERs. LibreOffice and text recognition are
taken for absent: this measures our readers. Prints a Markdown table; a mutant that gives a finding is kept in --keep, and the
exit code is 1. A number names its mutant: ``--reader doc --first 4711 --count 1`` repeats it.
"""

import argparse
import hashlib
import multiprocessing
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.errors import SourceError  # noqa: E402
from pipeline.model import Document, Source  # noqa: E402
from tests.benchmarks.fuzz_seeds import MEDIA, damaged, seeds  # noqa: E402

TIME_LIMIT = 10
GRACE = 20  # a C library that does not return to Python is killed by its parent after so much longer
MEMORY_LIMIT_KB = 1 << 20
HARD_MEMORY = 3 << 30  # for the machine's sake


@dataclass
class Tally:
    """What one reader answered; ``next`` is the number of the mutant that it works on."""

    next: int
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_number: int = -1
    peak_kb: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """Which mutants of which medium."""

    kind: str
    first: int
    end: int
    seed: int
    keep: Path
    folders: tuple[Path, ...]


class TooSlow(BaseException):
    """No Exception, so that no reader takes it for damage."""


def mutant(job: Job, number: int, whole: list[bytes]) -> bytes:
    """Return the damaged file of a number: the same on every machine that has the same seeds."""
    chance = random.Random(f"{job.kind}/{job.seed}/{number}")
    return damaged(chance.choice(whole), chance)


def outcome(kind: str, data: bytes) -> str:
    """Return what the reader answers; anything but a sound Document or a SourceError passes through."""
    from pipeline.readers import readers

    media_type = MEDIA[kind]
    source = Source(hashlib.sha256(data).hexdigest(), (f"fuzz.{kind}",), len(data), media_type, data)
    try:
        document = readers()[media_type].read(source)
    except SourceError as error:
        error.message(source.paths[0])
        return error.code
    check(document)
    return "partial" if document.problems else "ok"


def check(document: Document) -> None:
    """Raise AssertionError for a document that no later stage could work with."""
    for index, grid in enumerate(document.grids):
        assert grid.index == index, f"grid {index} says {grid.index}"
        taken = set()
        for cell in grid.cells:
            assert cell.row >= 0 and cell.col >= 0 and cell.row_span >= 1 and cell.col_span >= 1, cell
            assert (cell.row, cell.col) not in taken, f"two cells at {cell.row}, {cell.col}"
            taken.add((cell.row, cell.col))
            cell.text.encode("utf-8")
    for block in document.blocks:
        block.text.encode("utf-8")


def work(job: Job, start: int, pipe: Connection) -> None:
    """Read mutants from ``start`` on; send the tally before each slow step and at the end."""
    from pipeline.readers import libreoffice
    from pipeline.readers.scans import engine

    libreoffice.find = lambda: None
    engine.missing = lambda: ("left out on purpose",)
    resource.setrlimit(resource.RLIMIT_AS, (HARD_MEMORY, HARD_MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    whole = seeds(job.kind, job.folders)
    outcome(job.kind, whole[0])  # loads the libraries, which is no mutant's time
    tally = Tally(start)
    began = time.process_time()
    for number in range(start, job.end):
        tally.next = number
        tally.seconds = time.process_time() - began
        pipe.send(tally)
        tally = Tally(number)
        began = time.process_time()
        _one(job, number, mutant(job, number, whole), tally)
    tally.next = job.end
    tally.seconds = time.process_time() - began
    pipe.send(tally)


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow(f"over {TIME_LIMIT} s")


def _one(job: Job, number: int, data: bytes, tally: Tally) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    try:
        signal.alarm(TIME_LIMIT)
        try:
            answer = outcome(job.kind, data)
            tally.outcomes[answer] += 1
            if answer == "internal":  # declared, but nobody foresaw it
                keep(job, number, data)
                print(f"{job.kind} {number}: internal, kept", file=sys.stderr, flush=True)
        finally:
            signal.alarm(0)
    except BaseException as error:
        tally.outcomes["FINDING"] += 1
        tally.findings.append(f"{number}: {''.join(traceback.format_exception(error)[-3:])}")
    tally.slowest, tally.slowest_number = time.perf_counter() - started, number
    tally.peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if tally.peak_kb > MEMORY_LIMIT_KB >= before:
        tally.outcomes["FINDING"] += 1
        tally.findings.append(f"{number}: {tally.peak_kb // 1024} MiB")
    if tally.findings:
        keep(job, number, data)


def keep(job: Job, number: int, data: bytes) -> None:
    """Write a mutant for a look."""
    job.keep.mkdir(parents=True, exist_ok=True)
    (job.keep / f"{job.seed}-{number}.{job.kind}").write_bytes(data)


def add(total: Tally, part: Tally) -> None:
    """Add what one mutant gave."""
    total.next = part.next
    total.outcomes += part.outcomes
    total.findings += part.findings
    total.seconds += part.seconds
    total.peak_kb = max(total.peak_kb, part.peak_kb)
    if part.slowest > total.slowest:
        total.slowest, total.slowest_number = part.slowest, part.slowest_number


def supervise(job: Job) -> Tally:
    """Return the tally of a reader over all its mutants, starting its process again after a crash."""
    context = multiprocessing.get_context("spawn")
    total = Tally(job.first)
    while total.next < job.end:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(job, total.next, theirs))
        process.start()
        theirs.close()
        why = _follow(ours, total, job.end)
        if why:
            process.kill()
        process.join()
        if total.next < job.end:
            number = total.next
            total.outcomes["FINDING"] += 1
            total.findings.append(f"{number}: {why or 'process died'}, exit code {process.exitcode}")
            keep(job, number, mutant(job, number, seeds(job.kind, job.folders)))
            total.next = number + 1
    return total


def _follow(pipe: Connection, total: Tally, end: int) -> str:
    """Add up what comes through the pipe; return why it was left, nothing when the process ended it."""
    while total.next < end:
        try:
            if not pipe.poll(TIME_LIMIT + GRACE):
                return f"no answer in {TIME_LIMIT + GRACE} s"
            add(total, pipe.recv())
        except EOFError:
            return ""
    return ""


def main() -> int:
    """Return 1 after any finding."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--reader", action="append", choices=tuple(MEDIA))
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    given = parser.parse_args()
    print("| reader | seeds | mutants | findings | answers | CPU a file | slowest | peak memory |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    bad = 0
    for kind in given.reader or MEDIA:
        job = Job(kind, given.first, given.first + given.count, given.seed, given.keep, tuple(given.folders))
        if not seeds(kind, job.folders):
            print(f"| {kind} | 0 | 0 | | no seeds: name a folder | | | |", flush=True)
            continue
        tally = supervise(job)
        found = tally.outcomes.pop("FINDING", 0)
        bad += found
        answers = ", ".join(f"{name} {count}" for name, count in tally.outcomes.most_common())
        print(
            f"| {kind} | {len(seeds(kind, job.folders))} | {given.count} | {found} | {answers} | "
            f"{1000 * tally.seconds / given.count:.1f} ms | {tally.slowest:.2f} s (number {tally.slowest_number}) | "
            f"{tally.peak_kb // 1024} MiB |",
            flush=True,
        )
        for finding in tally.findings[:20]:
            print(f"{kind} {finding}", file=sys.stderr, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
