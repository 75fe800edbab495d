"""Stop before every call to the disk, kill -9 at random moments, fill the disk: what is published stays whole.

    python tests/benchmarks/crash_points.py                  # every call of every act, 100 random kills, small disks
    python tests/benchmarks/crash_points.py --act prune      # one act alone
    python tests/benchmarks/crash_points.py --kills 300 --skip-calls

An assertion that fails ends it with the act and the call.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.run.crashes import ACTS, Scene, every_call, full_disks, random_kills

KILLED = ("ingest", "grow", "plan", "apply")


def main() -> None:
    """Print one line per act."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--act", choices=ACTS)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--skip-calls", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip-disks", action="store_true")
    options = parser.parse_args()
    acts = (options.act,) if options.act else ACTS
    os.environ["GUIBIAO_ISOLATION"] = "off"
    fsync, os.fsync = (
        os.fsync,
        lambda _handle: None,
    )  # the waiting is left out; what is flushed is tested elsewhere
    for act in acts if not options.skip_calls else ():
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            calls, stops, through = every_call(Scene(Path(folder)), act)
            seconds = time.process_time() - began
            print(
                f"{act:10} {calls} calls, {stops} stops, {through} through, {seconds:.0f} s CPU", flush=True
            )
    os.fsync = fsync
    del os.environ["GUIBIAO_ISOLATION"]
    killed = [act for act in acts if act in KILLED]
    for act in killed:
        with tempfile.TemporaryDirectory() as folder:
            share = -(-options.kills // len(killed))
            kills, through = random_kills(Scene(Path(folder)), act, share, random.Random(options.seed))
            print(f"{act:10} {share} moments, {kills} kills, {through} through", flush=True)
    if options.skip_disks:
        return
    for act in killed:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            spares = range(0, 400, 8)
            refused = full_disks(Scene(root / "scene"), act, root / "disk", spares)
            print(f"{act:10} {len(spares)} small disks, {refused} too small", flush=True)


if __name__ == "__main__":
    main()
