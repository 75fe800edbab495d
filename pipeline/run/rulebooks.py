"""The rules of every publication, kept in the workspace, so that a later plan can say what differs."""

import json
import secrets
import tempfile
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.load import load_rulebook, shipped_rules
from pipeline.store import Workspace
from pipeline.store.disk import make_folder, store_error, write


def keep_rulebook(workspace: Workspace, rulebook: Rulebook, overlay: Path | None) -> None:
    """Write the text of all rule files under their digest, once."""
    path = workspace.root / "rulebooks" / f"{rulebook.digest}.json"
    if path.is_file():
        return
    roots = [root for root in (overlay, shipped_rules()) if root is not None]
    texts = {
        name: next(root / name for root in roots if (root / name).is_file()).read_text("utf-8")
        for name in rulebook.files
    }
    try:
        make_folder(path.parent, workspace.root)
        make_folder(workspace.tmp, workspace.root)
        spare = workspace.tmp / f"rulebook-{secrets.token_hex(8)}"
        write(spare, json.dumps(texts, ensure_ascii=False, sort_keys=True).encode())
        spare.replace(path)
    except OSError as err:
        raise store_error(workspace.root, err) from err


def kept_rulebook(workspace: Workspace, digest: str) -> Rulebook | None:
    """Return the rules of an earlier publication; None where they were not kept or are no longer understood."""
    path = workspace.root / "rulebooks" / f"{digest}.json"
    try:
        texts: dict[str, str] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
        try:
            return load_rulebook(None, base=Path(folder))
        except Exception:  # rules of an older program: all documents are interpreted anew
            return None


def rulebook_of(workspace: Workspace, digest: str) -> Rulebook:
    """Return the rules of an earlier publication; StoreError where they were not kept."""
    found = kept_rulebook(workspace, digest)
    if found is None:
        raise StoreError(
            f"{workspace.root}: 没有保存规则 {digest[:12]}；请重新运行 | the rules {digest[:12]} were not kept; run again"
        )
    return found
