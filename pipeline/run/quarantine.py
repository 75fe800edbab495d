"""Documents that were given up: which, why, and once more with more time and memory."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import Limits, run
from pipeline.run.pool import MEMORY, SECONDS
from pipeline.run.previous import open_snapshot
from pipeline.run.summary import Summary
from pipeline.run.tally import Tally
from pipeline.store import Workspace

#: What a document gets that is read again alone, unless the caller says otherwise.
GENEROUS = Limits(seconds=5 * SECONDS, memory=2 * MEMORY, workers=1)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that was given up: ``timeout``, ``memory`` or ``crash``, and what is known of it."""

    document_id: str
    path: str
    size: int
    code: str
    message: str


def quarantined(workspace: Path) -> list[Quarantined]:
    """Return the quarantined documents of the current snapshot, by path; StoreError where there is none."""
    store = Workspace(workspace)
    current = store.current()
    if current is None:
        raise StoreError(
            f"{workspace}: 还没有数据；请先运行 guibiao run | nothing published here yet; run guibiao run first"
        )
    before = open_snapshot(store, current, load_rulebook())
    names = {name.hex() for name, brief in before.documents.items() if brief.status == "quarantined"}
    found = []
    for row in before.document_rows(names.__contains__) if names else ():
        paths: Any = row["paths"]
        found.append(
            Quarantined(
                str(row["document_id"]),
                str(paths[0]) if paths else "",
                int(str(row["size"] or 0)),
                str(row["error_code"]),
                str(row["error_message"]),
            )
        )
    return sorted(found, key=lambda one: one.path)


def retry(workspace: Path, *, limits: Limits = GENEROUS, tally: Tally | None = None) -> Summary:
    """Read the quarantined documents again, one at a time, and publish; the inputs are those of the last run.

    StoreError where it is not known which these were.
    """
    found = quarantined(workspace)
    path = workspace / "runs" / "last.json"
    try:
        state: dict[str, Any] = json.loads(path.read_text("utf-8"))
        inputs = [Path(one) for one in state["inputs"]]
        rules = Path(state["rules"]) if state["rules"] else None
    except (OSError, ValueError, KeyError) as err:
        raise StoreError(
            f"{path}: 不知道上次的输入；请重新运行 guibiao run | the inputs of the last run are not known; run guibiao run"
        ) from err
    again = frozenset(one.document_id for one in found)
    return run(inputs, workspace, rules=rules, limits=limits, tally=tally, again=again)
