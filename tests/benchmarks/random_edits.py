"""Random rule edits: plan and apply against a full rebuild, byte by byte, and the foretold difference against the true.

    python tests/benchmarks/random_edits.py              # 240 edits
    python tests/benchmarks/random_edits.py --first 17 --count 1

Edits come in chains of four on one workspace, so that each but the first starts from what ``apply`` published.
A finding prints the kind, the seed and what differs; the exit code is their number.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.errors import RuleError
from pipeline.run import run
from pipeline.run.rerun import apply, plan
from pipeline.store import Workspace
from tests.run.archives import TITLES, data_files, form
from tests.run.edits import KINDS, edited
from tests.run.test_rerun import between

CHAIN = 4
FIXTURES = Path(__file__).parents[2] / "fixtures"


def archive(folder: Path) -> Path:
    """Write the documents: the benchmark's layouts as text, the seed in three media, forms with odd labels."""
    folder.mkdir()
    for path in sorted((FIXTURES / "benchmark" / "txt").glob("*.txt")):
        shutil.copy(path, folder)
    for path in sorted((FIXTURES / "project_self_evaluation" / "changji_2020" / "source").iterdir()):
        shutil.copy(path, folder)
    for number in range(10):
        label = "工程名字" if number == 3 else "项目名称"
        money = "实际花费" if number in (3, 6) else "全年执行数"
        text = form(number, title=TITLES[number % 3], label=label, money=money)
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    (folder / "none.txt").write_text("没有表格\n", encoding="utf-8")
    (folder / "empty.docx").write_bytes(b"")
    return folder


def try_edit(source: Path, workspace: Path, folder: Path, kind: str, dice: random.Random) -> tuple[str, str]:
    """Return what is wrong (empty: nothing), and how the edit was planned."""
    rules = edited(folder / "rules", kind, dice)
    before = Workspace(workspace).snapshots()[-1]
    current = Workspace(workspace).current()
    start = int(current.name) if current is not None else 0
    try:
        found = plan(workspace, rules)
    except RuleError as err:  # a check whose SQL does not fit: both ways must refuse
        try:
            run([source], folder / "fresh", rules=rules)
        except RuleError:
            return "", "refused"
        return f"plan refuses what a run takes: {err}", "refused"
    apply(workspace)
    run([source], folder / "fresh", rules=rules)
    how = ("all" if found.everything else "some") + ("" if found.differences else ", no difference")
    one, other = data_files(workspace), data_files(folder / "fresh")
    if one != other:
        return f"bytes differ ({found.everything!r}): {sorted(one.keys() ^ other.keys())}", how
    now = Workspace(workspace).current()
    if (
        now is not None
        and int(now.name) > before
        and tuple(between(workspace, start, int(now.name))) != found.differences
    ):
        return "the applied difference is not the planned one", how
    return "", how


def main() -> int:
    """Print one line per finding and the counts at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=240)
    options = parser.parse_args()
    os.environ["GUIBIAO_ISOLATION"] = "off"
    findings, hows, started = 0, Counter[tuple[str, str]](), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = archive(root / "in")
        run([source], root / "base")
        for seed in range(options.first, options.first + options.count):
            workspace = root / "work"
            if seed % CHAIN == 0 or not workspace.exists():
                shutil.rmtree(workspace, ignore_errors=True)
                shutil.copytree(root / "base", workspace, symlinks=True)
            kind = KINDS[(seed + seed // len(KINDS)) % len(KINDS)]
            wrong, how = try_edit(source, workspace, root, kind, random.Random(seed))
            hows[kind, how] += 1
            findings += bool(wrong)
            if wrong:
                print(f"seed {seed} ({kind}): {wrong}", flush=True)
            shutil.rmtree(root / "fresh", ignore_errors=True)
    for (kind, how), count in sorted(hows.items()):
        print(f"{kind:18} {how:22} {count}")
    print(f"{options.count} edits, {findings} findings, {time.process_time() - started:.0f} s CPU")
    return min(findings, 99)


if __name__ == "__main__":
    sys.exit(main())
