"""What a second run, a plan and an apply cost against a full ingest.

    python tests/benchmarks/bench_rerun.py [--documents 1000] [--media docx]

The documents are the synthetic forms of fixtures/benchmark with other contents; one in a thousand (at least
one) prints a label that no rule knows. CPU seconds are of this process, wall seconds beside them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "fixtures" / "benchmark")]

from compose import compose  # noqa: E402
from layouts import LAYOUTS  # noqa: E402
from make import contents, write  # noqa: E402

from pipeline.run import run  # noqa: E402
from pipeline.run.rerun import apply, plan  # noqa: E402
from pipeline.run.snapshots import verify  # noqa: E402
from pipeline.sources.rescan import Rescan  # noqa: E402

RARE = "工程大名"
OVERLAY = (
    "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n"
    "    labels:\n      {}\n"
)


def make(folder: Path, count: int, medium: str) -> None:
    """Write so many documents, a thousand to a folder."""
    layouts = sorted(LAYOUTS.items()) if isinstance(LAYOUTS, dict) else [(one.name, one) for one in LAYOUTS]
    for number in range(count):
        _name, layout = layouts[number % len(layouts)]
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / medium).mkdir(exist_ok=True)
        sheets = [compose(one, layout) for one in contents(1000 + number, layout)]
        write(f"{number:06d}", sheets, layout, place, (medium,))


def timed(name: str, act: Callable[[], object], full: float | None = None) -> float:
    """Print and return what something costs in CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = act()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    share = f"  {cpu / full:7.2%} of the full ingest" if full else ""
    print(
        f"{name:<44} {cpu:8.2f} s CPU {wall:8.2f} s wall{share}  {result if isinstance(result, str) else ''}"
    )
    return cpu


def rules(folder: Path, labels: str) -> Path:
    """Write an overlay with these labels."""
    (folder / "forms").mkdir(parents=True)
    (folder / "forms" / "mine.yaml").write_text(OVERLAY.format(labels), encoding="utf-8")
    return folder


def main() -> None:
    """Make the archive and measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--documents", type=int, default=1000)
    options.add_argument("--media", default="docx")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        archive, out = root / "in", root / "out"
        timed("make the archive", lambda: make(archive, given.documents, given.media))
        rare = [given.documents // 2] if given.documents < 2000 else range(0, given.documents, 1000)
        for number in rare:
            form = (
                "项目支出绩效自评表\n\n\t项目名称\n\t道路\n\n\t"
                + RARE
                + "\n\t李四\n\n\t主管部门\n\t交通局\n\n"
                "\t绩效指标\n\t一级指标\n\t二级指标\n\t三级指标\n\t年度指标值\n\t实际完成值\n\t分值\n\t得分\n\n"
                f"\t\n\t产出指标\n\t数量指标\n\t里程{number}\n\t≥1公里\n\t1公里\n\t90\n\t90\n"
            )
            (archive / f"rare{number}.txt").write_text(form, encoding="utf-8")
        time.sleep(2.1)  # files younger than that are not trusted
        full = timed("full ingest", lambda: str(run([archive], out).documents))
        timed("second run, nothing changed", lambda: run([archive], out) and "", full)
        measure_skip(archive, out)
        one = rules(root / "one", f"project_leader: [{RARE}]")
        timed("plan: a spelling in 0.1 % of the documents", lambda: described(out, one), full)
        timed("apply", lambda: str(apply(out)[1].name), full)
        every = rules(root / "every", "project_leader: [项目资金]")
        timed("plan: a spelling in all documents", lambda: described(out, every), full)
        timed("apply", lambda: str(apply(out)[1].name), full)
        timed("run with other rules (all interpreted)", lambda: run([archive], out, rules=one) and "", full)
        timed("verify a sample", lambda: str(len(verify(out).faults)), full)
        size = sum(path.stat().st_size for path in (out / "grids").iterdir())
        print(f"grid store {size / 1024:.0f} KiB, {len(list((out / 'grids').iterdir()))} files")


def described(out: Path, overlay: Path) -> str:
    """Plan, and say how much it looked at."""
    found = plan(out, overlay)
    return f"{found.touched} of {found.documents} documents, {len(found.differences)} differences"


def measure_skip(archive: Path, out: Path) -> None:
    """Print what an unchanged file costs to skip: walk, stat, look-up in the catalogue and in the store."""
    from pipeline.run.ingest import Ingest

    ingest = Ingest([archive], out)
    assert ingest.grids.index
    start = time.process_time()
    count = sum(1 for _ in ingest.items())
    spent = time.process_time() - start
    print(f"skip: {spent / count * 1e6:.1f} us CPU for each of {count} files, {ingest.skipped} not opened")

    class Nothing:
        def recall(self, _path: str, _signature: object) -> tuple[()]:
            return ()

        def remember(self, *_args: object) -> None: ...

    start = time.process_time()
    for _ in Rescan([archive], Nothing()).found():
        pass
    print(f"of that walking and stat alone: {(time.process_time() - start) / count * 1e6:.1f} us")


if __name__ == "__main__":
    main()
