"""Measure the .doc reader against LibreOffice's batch conversion to HTML, in pairs, both start-ups counted.

    python tests/benchmarks/bench_doc.py FOLDER [--files 200] [--rounds 3] [--profile DIR]

Each round starts a new interpreter that reads the files to grids, then one LibreOffice command line that converts
the same files to HTML (its outputs are counted; it silently stops after 247 files). Prints CPU and wall time of
both and the median of the rounds' ratios. The HTML would still have to be parsed; that is not counted.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READ = """
import hashlib, sys
from pipeline.model import Source
from pipeline.readers import doc
cells = 0
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as file:
        data = file.read()
    source = Source(hashlib.sha256(data).hexdigest(), (path,), len(data), "application/msword", data)
    cells += sum(len(grid.cells) for grid in doc.read(source).grids)
print(cells)
"""


def timed(command: list[str], text: str = "") -> tuple[float, float, str]:
    """Run a command; return CPU seconds of it and its children, wall seconds, and what it printed."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=1200, check=True)
    wall, after = time.perf_counter() - started, os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return cpu, wall, done.stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", type=Path, default=Path("/tmp/bench_doc_profile"))
    options = parser.parse_args()
    files = sorted(str(path) for path in options.folder.glob("*.doc"))[: min(options.files, 200)]
    ratios: list[tuple[float, float]] = []
    print(
        f"{len(files)} files, {sum(Path(path).stat().st_size for path in files) / len(files) / 1024:.0f} KiB each"
    )
    for number in range(options.rounds):
        own_cpu, own_wall, cells = timed([sys.executable, "-c", READ], "\n".join(files))
        with tempfile.TemporaryDirectory() as out:
            office = ["soffice", f"-env:UserInstallation={options.profile.resolve().as_uri()}", "--headless"]
            cpu, wall, _ = timed([*office, "--convert-to", "html", "--outdir", out, *files])
            made = len(list(Path(out).glob("*.html")))
        ratios.append((cpu / own_cpu, wall / own_wall))
        print(
            f"round {number + 1}: own {own_cpu:.2f} s cpu {own_wall:.2f} s wall ({1000 * own_cpu / len(files):.2f} ms a file, "
            f"{cells.strip()} cells); LibreOffice {cpu:.2f} s cpu {wall:.2f} s wall, {made} of {len(files)} made; "
            f"ratio {ratios[-1][0]:.1f} cpu {ratios[-1][1]:.1f} wall"
        )
    print(
        "median ratio: {:.1f} cpu, {:.1f} wall".format(
            *(statistics.median(side) for side in zip(*ratios, strict=True))
        )
    )


if __name__ == "__main__":
    main()
