"""Print what looking up labels costs a cell: ``python -m tests.benchmarks.bench_labels [FOLDER ...]``.

Reads the documents of the folders (without arguments those of the fixtures, and the specimens beside the repository
where there are any), notes every lookup that the matcher makes of them, and makes the same lookups again with empty
memories: titles, labels of each form, words of vocabularies, and the loose tier. The sum is divided by the cells of
all grids, blank ones included. The peer is one dictionary lookup a cell, which nothing can undercut. CPU time.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from pipeline.matcher import match
from pipeline.model import Document
from pipeline.rulebook.index import FormIndex, Index, Screen
from pipeline.rulebook.load import load_rulebook
from pipeline.run.one import open_document
from pipeline.text import labels

ROOT = Path(__file__).parents[2]
SUFFIXES = {".txt", ".html", ".htm", ".docx", ".doc", ".xls", ".xlsx", ".ofd"}
LOOKUPS = ((Screen, "idle"), (FormIndex, "look"), (FormIndex, "loose"), (Index, "title"), (Index, "word"))
ROUNDS = 5


def documents(folders: list[Path]) -> list[Document]:
    """Return what can be read of the folders' files."""
    found: list[Document] = []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            try:
                found += [one for _path, one in open_document(path) if isinstance(one, Document)]
            except Exception:
                continue
    return found


def calls(read: list[Document], index: Index) -> list[tuple[str, str, tuple[Any, ...]]]:
    """Return every lookup of the matcher as (form or nothing, method, arguments), in order."""
    noted: list[tuple[str, str, tuple[Any, ...]]] = []
    depth = [0]

    def noting(method: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def note(self: Any, *args: Any) -> Any:
            if depth[0] == 0:
                noted.append((self.rule.name if isinstance(self, FormIndex) else "", method, args))
            depth[0] += 1
            try:
                return original(self, *args)
            finally:
                depth[0] -= 1

        return note

    kept = [(owner, name, getattr(owner, name)) for owner, name in LOOKUPS]
    for owner, name, original in kept:
        setattr(owner, name, noting(name, original))
    try:
        for document in read:
            match(document, index)
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
    return noted


def forget() -> None:
    """Empty the memory of every memoised function of folding."""
    for value in vars(labels).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def seconds(noted: list[tuple[str, str, tuple[Any, ...]]], index: Index) -> float:
    """Return the CPU time of the lookups alone."""
    owners = {"": index, **index.forms}
    bound = [
        (getattr(index.screen if name == "idle" else owners[form], name), args) for form, name, args in noted
    ]
    begun = time.process_time()
    for lookup, args in bound:
        lookup(*args)
    spent = time.process_time() - begun
    begun = time.process_time()
    for lookup, args in bound:  # noqa: B007  the loop itself
        pass
    return spent - (time.process_time() - begun)


def main() -> None:
    """Print one line a folder and one for all."""
    given = [Path(name) for name in sys.argv[1:]]
    specimens = ROOT.parent / "shared" / "specimens"
    folders = given or [ROOT / "fixtures", *([specimens] if specimens.is_dir() else [])]
    rulebook = load_rulebook()
    for chosen in [[folder] for folder in folders] + ([folders] if len(folders) > 1 else []):
        read = documents(chosen)
        texts = [cell.text for document in read for grid in document.grids for cell in grid.cells]
        noted = calls(read, Index(rulebook))
        first, again, peer = [], [], []
        for _round in range(ROUNDS):
            forget()
            index = Index(rulebook)
            first.append(seconds(noted, index))
            again.append(seconds(noted, index))
            known = dict.fromkeys(texts)
            begun = time.process_time()
            for text in texts:
                known.get(text)
            peer.append(time.process_time() - begun)
        name = " + ".join(folder.name for folder in chosen)
        cost = [sorted(rounds)[ROUNDS // 2] / len(texts) * 1e6 for rounds in (first, again, peer)]
        print(f"{name}: {len(read)} documents, {len(texts)} cells, {len(set(texts))} distinct texts")
        print(f"  lookups: {dict(Counter(method for _form, method, _args in noted))}")
        print(
            f"  {cost[0]:.3f} us a cell with empty memories, {cost[1]:.3f} again; a dictionary alone {cost[2]:.3f}"
        )
    print(f"jieba loaded: {'jieba' in sys.modules}")


if __name__ == "__main__":
    main()
