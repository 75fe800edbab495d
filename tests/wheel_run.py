"""Install a built wheel into a fresh environment and run the main job with the source tree out of reach."""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

COUNT = """
import duckdb, sys
con = duckdb.connect()
for name in ("forms", "funding", "indicators"):
    rows = con.execute(f"select count(*) from read_parquet('{sys.argv[1]}/current/{name}/**/*.parquet', hive_partitioning=true)")
    print(name, rows.fetchone()[0])
import pipeline
print(pipeline.__file__)
"""
# the three media hold the same two forms: as one text, as two docx, as two pdf
EXPECTED = {"forms": 6, "funding": 24, "indicators": 72}


def main(wheel: Path) -> int:
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        shutil.copytree(
            root / "fixtures" / "project_self_evaluation" / "changji_2020" / "source", work / "archive"
        )
        venv.create(work / "venv", with_pip=True)
        python = work / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *quiet, str(wheel.resolve())], check=True, cwd=work)
        command = python.with_name("guibiao.exe" if os.name == "nt" else "guibiao")
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        subprocess.run([command, "run", "archive", "--to", "out"], check=True, cwd=work, env=environment)
        shown = subprocess.run(
            [python, "-c", COUNT, "out"],
            check=True,
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
        ).stdout.split("\n")
        print("\n".join(shown))
        found = dict(line.split() for line in shown[: len(EXPECTED)])
        outside = str(root) not in shown[len(EXPECTED)]
        right = found == {key: str(value) for key, value in EXPECTED.items()}
        return 0 if right and outside else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
