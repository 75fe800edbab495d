"""The round that the README of the rules shows, command by command as a rule author would type it."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from pipeline.rulebook.load import shipped_rules

README = (shipped_rules() / "README.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]
#: Scores, counts and digests follow the rules as they grow.
VARIES = re.compile(r"digest [0-9a-f]+|[0-9]+(?:\.[0-9]+)?")


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks of a kind, without the indentation of the list that they stand in."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", README, re.M | re.S)
    return ["".join(line[len(indent) :] for line in text.splitlines(True)) for indent, text in found]


def lines(text: str) -> list[str]:
    return [VARIES.sub("#", line.strip()) for line in text.splitlines() if line.strip()]


def test_the_round_in_the_readme_is_what_the_commands_print(tmp_path: Path) -> None:
    (printed,) = blocks("form")
    (tmp_path / "in").mkdir()
    others = [("道路养护", "水利局"), ("桥梁检测", "林业局"), ("绿化", "交通局")]
    for number, (project, department) in enumerate(others):
        text = printed.replace("道路养护", project).replace("水利局", department)
        rows = ["\n".join("\t" + cell for cell in line.split("|")) for line in text.splitlines()]
        (tmp_path / "in" / f"{number}.txt").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped_rules().rglob("*.yaml")}
    commands = 0
    for block in blocks("console"):
        for part in re.split(r"^\$ guibiao ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            done = subprocess.run(
                [sys.executable, "-m", "pipeline.cli", *shlex.split(command)],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            said = iter(lines(done.stdout))
            for line in lines(shown):
                assert line == "……" or line in said, (command, line, done.stdout)
            commands += 1
    assert commands == 8
    written = (tmp_path / "my" / "forms" / "project_self_evaluation.labels.yaml").read_text(encoding="utf-8")
    (overlay,) = blocks("overlay")
    assert [line for line in written.splitlines() if not line.startswith("#")] == overlay.splitlines()
    after = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped_rules().rglob("*.yaml")}
    assert after == before
