"""From files to published tables, beside what people use instead: CPU, memory and what comes out, in one run.

    python tests/benchmarks/bench_end_to_end.py FOLDER [--media docx,pdf,...]

FOLDER holds files of one ending per medium (``make_archive.py --media docx``). Each peer is a script as people
write it, run as its own process over the same files: python-docx with ``row.cells`` into pandas, pdfplumber
with ``extract_tables`` into pandas, LibreOffice converting to HTML in one batch with pandas.read_html behind it.
None of them finds fields, checks or provenance: they end with the texts of all tables in one Parquet file.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

DOCX = """
import sys, docx, pandas as pd
from pathlib import Path
rows = []
for path in sorted(Path(sys.argv[1]).rglob('*.docx')):
    document = docx.Document(path)
    for number, table in enumerate(document.tables):
        for place, row in enumerate(table.rows):
            rows.append({'file': path.name, 'table': number, 'row': place,
                         **{f'c{at}': cell.text.strip() for at, cell in enumerate(row.cells)}})
pd.DataFrame(rows).to_parquet(sys.argv[2])
"""
PDF = """
import sys, pdfplumber, pandas as pd
from pathlib import Path
rows = []
for path in sorted(Path(sys.argv[1]).rglob('*.pdf')):
    with pdfplumber.open(path) as document:
        for page in document.pages:
            for number, table in enumerate(page.extract_tables()):
                for place, row in enumerate(table):
                    rows.append({'file': path.name, 'page': page.page_number, 'table': number, 'row': place,
                                 **{f'c{at}': text for at, text in enumerate(row)}})
pd.DataFrame(rows).to_parquet(sys.argv[2])
"""
OFFICE = """
import subprocess, sys, pandas as pd
from io import StringIO
from pathlib import Path
import tempfile
files = sorted(path for path in Path(sys.argv[1]).rglob('*') if path.is_file())
rows = []
with tempfile.TemporaryDirectory() as out:
    for start in range(0, len(files), 200):
        subprocess.run(['soffice', f'-env:UserInstallation=file://{out}/profile', '--headless', '--convert-to', 'html',
                        '--outdir', out, *map(str, files[start:start + 200])], check=True, capture_output=True)
    for path in sorted(Path(out).glob('*.html')):
        try:
            tables = pd.read_html(StringIO(path.read_text('utf-8', errors='replace')))
        except ValueError:
            continue
        for number, table in enumerate(tables):
            table.columns = [f'c{at}' for at in range(len(table.columns))]
            rows.append(table.astype(str).assign(file=path.name, table=number))
pd.concat(rows).to_parquet(sys.argv[2])
"""
PEERS = {"docx": ("python-docx + pandas", DOCX), "pdf": ("pdfplumber + pandas", PDF)}


def measured(command: list[str]) -> tuple[float, float, float]:
    """Return CPU seconds of the command and all its children, wall seconds and peak MB of its tree."""
    started = time.monotonic()
    before = _cpu_of_all(-1)
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    peak, cpu = 0.0, {}
    while process.poll() is None:
        time.sleep(0.05)
        tree = _tree(process.pid)
        for pid in tree:
            cpu[pid] = max(cpu.get(pid, 0.0), _cpu_of_all(pid))
        peak = max(peak, sum(_pss(pid) for pid in tree))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = usage.ru_utime + usage.ru_stime - before
    # children of a server are reaped by the server: what was seen of them last is added where it was not counted
    return max(own, sum(cpu.values())), time.monotonic() - started, peak


def _cpu_of_all(pid: int) -> float:
    if pid < 0:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def _tree(pid: int) -> list[int]:
    found, at = [pid], 0
    while at < len(found):
        for task in Path(f"/proc/{found[at]}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
        at += 1
    return found


def _pss(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", default="1")
    options = parser.parse_args()
    files = [path for path in options.folder.rglob("*") if path.is_file()]
    endings = {path.suffix[1:] for path in files}
    print(f"{len(files)} files: {', '.join(sorted(endings))}")
    with tempfile.TemporaryDirectory() as spare:
        ours = [
            sys.executable,
            "-m",
            "pipeline.cli",
            "run",
            str(options.folder),
            "--to",
            f"{spare}/out",
            "-q",
        ]
        runs = [("guibiao run", [*ours, "--workers", options.workers])]
        for ending in sorted(endings & PEERS.keys()):
            name, script = PEERS[ending]
            runs.append((name, [sys.executable, "-c", script, str(options.folder), f"{spare}/peer.parquet"]))
        if shutil.which("soffice") and not endings & {"pdf", "txt"}:
            runs.append(
                (
                    "LibreOffice + pandas",
                    [sys.executable, "-c", OFFICE, str(options.folder), f"{spare}/lo.parquet"],
                )
            )
        base = 0.0
        for name, command in runs:
            cpu, wall, peak = measured(command)
            base = base or cpu
            print(
                f"{name:24} {cpu:8.1f} s CPU  {1000 * cpu / len(files):7.1f} ms a file  {wall:7.1f} s  "
                f"{peak:6.0f} MB  {cpu / base:5.1f}x"
            )


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
