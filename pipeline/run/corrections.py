"""Corrections over an extraction: the last layer of interpretation, visible in ``corrected_from``.

A correction is attached to a cell, not to a row number: where it was applied is remembered in the manifest of the
snapshot (its anchors), and after other rules or another reader it is applied again only where the same cell gives
the value. Otherwise it is ``stale``, and its line is named. The new text is typed as a printed one is; a unit or
a percent sign that is not written is taken from what the printed value proves, never guessed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.rulebook.index import Index
from pipeline.run.correction_lines import FILE, PREFIX, Anchor, Correction, is_id
from pipeline.run.correction_places import Refused, Target, View, attach
from pipeline.run.correction_values import Values
from pipeline.run.one import Extraction

APPLIED, STALE, ERROR = "applied", "stale", "error"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one correction: its state, why, and where it is attached now (or was before)."""

    correction: Correction
    state: str
    message: str
    anchors: tuple[Anchor, ...] = ()

    def line(self) -> str:
        """Return one line for a person, in Chinese and English."""
        zh = {APPLIED: "已应用", STALE: "失效", ERROR: "错误"}[self.state]
        return f"{FILE}:{self.correction.line}: {zh} {self.state}: {self.message}"


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrections of a workspace; ``ids`` says which document (16 digits) lies at a path that a line names."""

    items: tuple[Correction, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    _owned: dict[str, tuple[Correction, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        """Sort the lines by the document that they are about."""
        for one in self.items:
            owner = self.ids.get(one.document, one.document)
            self._owned[owner] = (*self._owned.get(owner, ()), one)

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self.items)

    @property
    def documents(self) -> frozenset[str]:
        """Return the documents that lines are about: first 16 digits of ids, and paths that are not resolved."""
        return frozenset(self._owned)

    def of(self, document_id: str) -> tuple[Correction, ...]:
        """Return the corrections of a document in the order of the file."""
        return self._owned.get(document_id[:PREFIX], ())

    def digest(self, document_id: str) -> str:
        """Return what names the corrections of a document; empty where it has none."""
        return _digest(self.of(document_id))

    @property
    def paths(self) -> frozenset[str]:
        """Return what the lines name otherwise than by an id."""
        return frozenset(one.document for one in self.items if not is_id(one.document))

    def at(self, places: Mapping[str, str]) -> Corrections:
        """Return the same lines with their paths resolved; ``places`` says which document id lies at a path."""
        return Corrections(self.items, {path: places[path][:PREFIX] for path in self.paths if path in places})

    def resolved(self, paths: Mapping[str, Sequence[str]]) -> Corrections:
        """Return the same lines with their paths resolved; ``paths`` are all paths of each document id."""
        named = {one.document for one in self.items}
        ids = {path: name[:PREFIX] for name, places in paths.items() for path in places if path in named}
        return Corrections(self.items, ids)

    def remembering(self, kept: Iterable[Entry]) -> Corrections:
        """Return the same lines with the anchors that a snapshot's manifest keeps for them."""
        known = {one.key: one.anchors for one in from_entries(kept).items}
        items = tuple(replace(one, anchors=known.get(one.key, one.anchors)) for one in self.items)
        return Corrections(items, self.ids)

    def differing(self, before: Corrections) -> frozenset[str]:
        """Return the documents (first 16 digits) whose corrections are others than before."""
        names = self.documents | before.documents
        return frozenset(name for name in names if self.digest(name) != before.digest(name))


def _digest(found: Sequence[Correction]) -> str:
    if not found:
        return ""
    text = json.dumps([one.key for one in found], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def corrected(
    extraction: Extraction, corrections: Corrections, index: Index
) -> tuple[Extraction, tuple[Outcome, ...]]:
    """Return a document's rows with its corrections applied, and what became of each; the argument stays as it is."""
    mine = corrections.of(extraction.document_id)
    if not mine:
        return extraction, ()
    view = View(extraction)
    values = Values(view, index)
    outcomes = []
    taken: dict[tuple[object, ...], int] = {}
    for one in mine:
        try:
            targets = attach(one, view)
            for target in targets:
                values.prove(one, target)
                if not one.field and len(view.cells_of(target.place)) > 1:
                    raise Refused(
                        ERROR,
                        f"{target.field} 由几个单元格合成，请写明字段 | {target.field} is made of several cells; name the field",
                    )
            changes = [(target, values.typed(one, target)) for target in targets]
            _claim(one, targets, taken)
        except Refused as err:
            outcomes.append(Outcome(one, err.state, str(err), one.anchors))
            continue
        anchors = tuple(view.anchor(target) for target in targets)
        for target, columns in changes:
            values.apply(target, columns)
        moved = one.anchors and anchors != one.anchors
        message = "已随单元格重新关联 | attached again to its cell" if moved else ""
        outcomes.append(Outcome(one, APPLIED, message, anchors))
    return values.result(), tuple(outcomes)


def _claim(one: Correction, targets: Sequence[Target], taken: dict[tuple[object, ...], int]) -> None:
    """Note the values that a line corrects; Refused where an earlier line has one of them already."""
    for target in targets:
        if target.place in taken:
            other = taken[target.place]
            raise Refused(ERROR, f"第 {other} 行已更正同一个值 | line {other} corrects the same value")
    for target in targets:
        taken[target.place] = one.line


# -- what a snapshot keeps ---------------------------------------------------------------------------------------


def entries(
    corrections: Corrections, outcomes: Iterable[Outcome], before: Iterable[Entry] = ()
) -> list[Entry]:
    """Return what the manifest keeps: every line with its state.

    A line without an outcome keeps its state of ``before`` (its document was not interpreted again); one that
    was never tried names a document that is not there.
    """
    now = {one.correction.key: one for one in outcomes}
    old = {_from_entry(entry, 0).key: entry for entry in before}
    found = []
    for one in corrections.items:
        outcome = now.get(one.key)
        kept = old.get(one.key)
        if outcome is None and kept is not None:
            found.append(_entry(one, kept["state"], kept["message"], from_entries([kept]).items[0].anchors))
            continue
        if outcome is None:
            outcome = Outcome(
                one, STALE, f"没有文件 {one.document} | no document {one.document}", one.anchors
            )
        found.append(_entry(one, outcome.state, outcome.message, outcome.anchors))
    return found


def _entry(one: Correction, state: str, message: str, anchors: Sequence[Anchor]) -> Entry:
    names = ("document", "form", "cell", "dataset", "row", "field", "old", "new", "who", "why")
    places = [{name: getattr(anchor, name) for name in Anchor.__slots__} for anchor in anchors]
    for place in places:
        place["cells"], place["names"] = (
            [list(one) for one in place["cells"]],
            [list(one) for one in place["names"]],
        )
    return {
        **{name: getattr(one, name) for name in names},
        "state": state,
        "message": message,
        "anchors": places,
    }


def from_entries(kept: Iterable[Entry]) -> Corrections:
    """Return the corrections that a manifest keeps, with their anchors; the lines are numbered anew."""
    items = tuple(_from_entry(entry, number) for number, entry in enumerate(kept, 2))
    return Corrections(items, {one.document: one.anchors[0].document for one in items if one.anchors})


def _from_entry(entry: Entry, line: int) -> Correction:
    known: dict[str, Any] = {
        name: value for name, value in entry.items() if name not in ("state", "message", "anchors")
    }
    anchors = tuple(
        Anchor(
            **{
                **anchor,
                "cells": tuple((place, text) for place, text in anchor["cells"]),
                "names": tuple((place, text) for place, text in anchor["names"]),
            }
        )
        for anchor in entry["anchors"]
    )
    return Correction(line=line, anchors=anchors, **known)


def lines_of(kept: Iterable[Entry], corrections: Corrections) -> tuple[str, ...]:
    """Return one line per correction that is not applied, with its number in the file, and the count of the others."""
    numbers = {one.key: one for one in corrections.items}
    found = []
    applied = 0
    for entry in kept:
        one = numbers.get(_from_entry(entry, 0).key)
        if entry["state"] == APPLIED:
            applied += 1
        elif one is not None:
            found.append(Outcome(one, entry["state"], entry["message"]).line())
    if applied:
        found.insert(0, f"{applied} 处更正已应用 | {applied} corrections applied ({FILE})")
    return tuple(found)
