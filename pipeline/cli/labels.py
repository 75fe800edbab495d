"""``guibiao labels``: what a workspace has not understood, what it probably is, and one accept to add it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.rulebook.accepted import write_accepted
from pipeline.rulebook.load import load_rulebook
from pipeline.run.labels import Cluster, suggestions
from pipeline.store import Workspace


def labels(workspace: Path, rules: Path | None, accept: Sequence[str], limit: int) -> int:
    """Print the unmatched labels with suggestions, or write the accepted ones into the user's rules.

    ``accept`` holds ``3`` (the first suggestion), ``3=section.field`` (the author's own choice), or a label's
    text in place of its number.
    """
    snapshot = Workspace(workspace).current()
    if snapshot is None:
        raise StoreError(f"{workspace}: 没有数据，请先运行 guibiao run | no data yet; run guibiao run first")
    given = rules if rules is not None and rules.is_dir() else None
    if rules is not None and given is None and not accept:
        load_rulebook(rules)
    found = suggestions(snapshot, load_rulebook(given))
    if accept:
        return _accept(found, accept, rules)
    for number, one in enumerate(found[:limit], 1):
        _show(number, one)
    if len(found) > limit:
        print(f"还有 {len(found) - limit} 个 | {len(found) - limit} more: --limit")
    print(
        f"{len(found)} 个未识别的标签 unmatched labels; 采纳 accept: guibiao labels {workspace} --accept N --rules DIR"
    )
    return 0


def _show(number: int, one: Cluster) -> None:
    where = "列 column" if one.column else "标签 label"
    print(
        f"{number}. {one.text}  [{one.form}] {where}, {one.gain} 格 cells, {len(one.documents)} 份 documents"
    )
    others = [text for text in one.texts if text != one.text]
    if others:
        print(f"   又作 also: {'、'.join(sorted(others))}")
    for guess in one.guesses:
        print(f"   可能是 probably {guess.target} {guess.score:.2f}（相近 like {guess.like}）")
    if not one.guesses:
        print("   没有建议，请指明 | no suggestion; say which: --accept N=section.field")
    if one.values:
        print(f"   值 values: {'；'.join(dict.fromkeys(value[:20] for value in one.values[:4]))}")
    print(f"   见于 seen: {'；'.join(one.places[:3])}")
    for collision in one.collisions:
        print(f"   冲突 collides: {collision}")


def _accept(found: Sequence[Cluster], accept: Sequence[str], rules: Path | None) -> int:
    if rules is None:
        print("请用 --rules 指明规则目录 | say where to write: --rules DIR", file=sys.stderr)
        return 2
    chosen: dict[str, list[tuple[str, str, str]]] = {}
    for wanted in accept:
        name, _, target = wanted.partition("=")
        one = _find(found, name)
        if one is None or not (target or one.guesses):
            print(f"没有这个建议：{wanted} | no such suggestion: {wanted}", file=sys.stderr)
            return 2
        target = target or one.guesses[0].target
        seen = f"见于 {len(one.documents)} 份文件 {len(one.places)} 处，如 {one.places[0]}"
        chosen.setdefault(one.form, []).extend((target, text, seen) for text in sorted(one.texts))
    for form, texts in chosen.items():
        path = write_accepted(rules, form, texts)
        for target, text, _seen in texts:
            print(f"{text} -> {form} {target}  {path}")
    load_rulebook(rules)
    return 0


def _find(found: Sequence[Cluster], name: str) -> Cluster | None:
    if name.isdigit():
        return found[int(name) - 1] if 0 < int(name) <= len(found) else None
    return next((one for one in found if name in one.texts), None)
