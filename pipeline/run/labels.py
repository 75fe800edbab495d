"""Unmatched labels of a workspace, clustered and ranked, each with the field that it probably is; nothing is changed."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import shipped_rules
from pipeline.rulebook.meanings import Meaning, labels_of, meanings
from pipeline.text.labels import fold, fold_keep
from pipeline.text.units import is_measure_word
from pipeline.text.values import NotAValue, clean, parse_comparator, parse_number, parse_quantity

LONGEST = 24
_LEAST = 0.2
_SAME = 0.85
_FEWEST_SHAPED = 3
_PROSE = 25
_BLIND = frozenset("的及和与或")
_CELLS = (
    "document_id",
    "form_id",
    "grid",
    "row",
    "col",
    "row_span",
    "col_span",
    "text",
    "role",
    "field",
    "match",
)
_NUMBERS = ("decimal", "double", "int")

Cell = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Guess:
    """A field that a label probably is: ``section.field``, how sure, and the spelling that it is most like."""

    target: str
    score: float
    like: str


@dataclass(slots=True)
class Cluster:
    """One label as printed in its variants: where it was seen, what stands beside it, what it probably is.

    ``gain`` counts the cells that stand beside or below it unread; ``column`` says that it heads a column.
    """

    form: str
    key: str
    column: bool
    gain: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    values: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    beside: Counter[str] = field(default_factory=Counter)
    guesses: tuple[Guess, ...] = ()
    collisions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the variant that is printed most."""
        return min(self.texts, key=lambda text: (-self.texts[text], text))


@dataclass(slots=True)
class _Seen:
    """One unmatched cell that looks like a label."""

    cell: Cell
    column: bool
    values: list[str]
    beside: frozenset[str] = frozenset()


def suggestions(snapshot: Path, rulebook: Rulebook) -> list[Cluster]:
    """Return the unmatched labels of a snapshot, those first that would bring most; suggestions only.

    Labels that the rules know by now are left out, so that a list made before a rerun does not repeat them.
    """
    return suggest(*_read(snapshot), Index(rulebook))


def suggest(
    cells: Sequence[Cell], types: Mapping[str, str], paths: Mapping[str, str], index: Index
) -> list[Cluster]:
    """Return the unmatched labels of a ledger: its cells, form id -> form type, document id -> path."""
    by_form: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell["form_id"] is not None and _int(cell, "grid") >= 0:
            by_form.setdefault(str(cell["form_id"]), []).append(cell)
    clusters: dict[tuple[str, bool, str], Cluster] = {}
    present: dict[str, Counter[str]] = {}
    for name in sorted(by_form):
        form = types.get(name, "")
        if form not in index.forms:
            continue
        columns = frozenset(
            label.field
            for section in index.forms[form].rule.sections
            if section.kind in ("matrix", "records")
            for label in section.labels
        )
        here = {str(cell["field"]) for cell in by_form[name] if cell["role"] == "label" and cell["field"]}
        for seen in _labels(by_form[name], columns):
            text = str(seen.cell["text"]).strip()
            if any(one.owner == form for one in meanings(index, text, form) if one.how != "loose"):
                continue
            key = fold(text)
            cluster = clusters.setdefault((form, seen.column, key), Cluster(form, key, seen.column))
            _add(cluster, seen, paths)
            present.setdefault(f"{form} {key}", Counter()).update(here)
    merged = _merge(clusters.values())
    valued = Counter(fold_keep(str(cell["text"])) for cell in cells if cell["role"] == "value")
    for cluster in merged:
        cluster.places.sort()
        cluster.guesses = guesses(cluster, index, present[f"{cluster.form} {cluster.key}"])
        cluster.collisions = _collisions(cluster, index, valued)
    return sorted(merged, key=lambda one: (-one.gain, -len(one.places), one.form, one.key))


def _read(snapshot: Path) -> tuple[list[Cell], dict[str, str], dict[str, str]]:
    """Return the cells of forms in order, form id -> type, document id -> first path."""
    import pyarrow.dataset as ds

    def rows(dataset: str, columns: Sequence[str]) -> list[Cell]:
        folder = snapshot / dataset
        if not folder.is_dir():
            raise StoreError(f"{folder}: 快照不完整 | the snapshot is not complete")
        table = ds.dataset(folder, format="parquet", partitioning="hive").to_table(columns=list(columns))
        return cast(list[Cell], table.to_pylist())

    cells = rows("cells", _CELLS)
    cells.sort(
        key=lambda cell: (str(cell["document_id"]), *(_int(cell, name) for name in ("grid", "row", "col")))
    )
    types = {str(row["form_id"]): str(row["form_type"]) for row in rows("forms", ("form_id", "form_type"))}
    paths: dict[str, str] = {}
    for row in rows("documents", ("document_id", "paths")):
        found = cast(list[str], row["paths"] or [])
        paths[str(row["document_id"])] = found[0] if found else ""
    return cells, types, paths


def _int(cell: Cell, name: str) -> int:
    return int(cast(int, cell[name]))


def _label_like(text: str) -> bool:
    key = fold(text)
    if (
        clean(text) is None
        or not 2 <= len(key) <= LONGEST
        or any(char in "，。；,;" for char in text.strip()[:-1])
    ):
        return False
    letters = sum("㐀" <= char <= "鿿" for char in key)
    return letters * 2 > len(key) and not any(char.isdigit() for char in key)


def _labels(cells: Sequence[Cell], columns: frozenset[str]) -> Iterable[_Seen]:
    """Yield the unmatched cells of one form that stand like labels.

    What stands below a head of a column is its values, down to the first cell that something else was read
    from; what stands right of another label is its value. ``columns`` are the fields that columns give.
    """
    at: dict[tuple[int, int, int], Cell] = {}
    for cell in cells:
        for row in range(_int(cell, "row"), _int(cell, "row") + _int(cell, "row_span")):
            for col in range(_int(cell, "col"), _int(cell, "col") + _int(cell, "col_span")):
                at[_int(cell, "grid"), row, col] = cell
    rows: dict[tuple[int, int], list[Cell]] = {}
    for cell in cells:
        rows.setdefault((_int(cell, "grid"), _int(cell, "row")), []).append(cell)
    heads = {place for place, line in rows.items() if _is_head(at, line, columns)}
    known = {
        place: frozenset(str(one["field"]) for one in line if one["role"] == "label" and one["field"])
        for place, line in rows.items()
    }
    taken: set[int] = set()
    for cell in cells:
        if cell["role"] != "unmatched" or id(cell) in taken or not _label_like(str(cell["text"])):
            continue
        grid, row, col = (_int(cell, name) for name in ("grid", "row", "col"))
        right = at.get((grid, row, col + _int(cell, "col_span")))
        below = _below(at, cell)
        if (grid, row) in heads:
            if below:
                taken.update(id(one) for one in below)
                yield _Seen(cell, True, [str(one["text"]).strip() for one in below], known[grid, row])
        elif right is not None and right["role"] == "unmatched":
            taken.add(id(right))
            yield _Seen(cell, False, [str(right["text"]).strip()])


def _is_head(at: Mapping[tuple[int, int, int], Cell], line: Sequence[Cell], columns: frozenset[str]) -> bool:
    """Say whether a row names columns: two that are known, or nothing but labels over cells that are none."""
    full = [cell for cell in line if str(cell["text"]).strip()]
    # a block's name to the left goes down beside the values
    least = min((_int(cell, "row_span") for cell in full), default=1)
    printed = [cell for cell in full if _int(cell, "row_span") == least]
    named = [cell for cell in printed if cell["role"] == "label"]
    if sum(cell["field"] in columns for cell in named) > 1:
        return True
    free = [cell for cell in printed if cell["role"] == "unmatched"]
    if not free or any(not _label_like(str(cell["text"])) for cell in free):
        return False
    if any(cell["role"] == "value" for cell in printed) or len(free) + len(named) < 2:
        return False
    under = [(cell, _under(at, cell)) for cell in [*free, *named]]
    over = [
        cell
        for cell, below in under
        if below is not None and below["role"] in ("unmatched", "value") and not _heads_alike(cell, below)
    ]
    return len(over) == len(under)


def _under(at: Mapping[tuple[int, int, int], Cell], cell: Cell) -> Cell | None:
    """Return the cell that begins right below another one, in the same column."""
    below = at.get((_int(cell, "grid"), _int(cell, "row") + _int(cell, "row_span"), _int(cell, "col")))
    return below if below is not None and _int(below, "col") == _int(cell, "col") else None


def _heads_alike(cell: Cell, below: Cell) -> bool:
    """Say whether a cell below a label may be a label like it: short, without figures."""
    return below["role"] == "unmatched" and _label_like(str(below["text"])) and len(str(below["text"])) <= 8


def _below(at: Mapping[tuple[int, int, int], Cell], cell: Cell) -> list[Cell]:
    """Return the unmatched cells under a cell, down to the first that something else was read from."""
    found: list[Cell] = []
    grid, col = _int(cell, "grid"), _int(cell, "col")
    row, last = (
        _int(cell, "row") + _int(cell, "row_span"),
        max((key[1] for key in at if key[0] == grid), default=0),
    )
    while row <= last:
        below = at.get((grid, row, col))
        if below is not None:
            if _int(below, "col") != col or not (below["role"] == "unmatched" or _unnamed(below)):
                break
            found.append(below)
        row += 1
    return found


def _unnamed(cell: Cell) -> bool:
    """Say whether a value was read though nobody knows its head: a sign of comparison."""
    return (
        cell["role"] == "value"
        and cell["match"] == "loose"
        and (parse_comparator(str(cell["text"])) is not None or str(cell["text"]).strip() in ("定性", "定量"))
    )


def _add(cluster: Cluster, seen: _Seen, paths: Mapping[str, str]) -> None:
    cell = seen.cell
    document = str(cell["document_id"])
    cluster.texts["".join(str(cell["text"]).split())] += 1
    cluster.gain += len(seen.values)
    cluster.values += seen.values
    cluster.beside.update(seen.beside)
    cluster.documents.add(document)
    cluster.places.append(f"{paths.get(document, document[:16])} {cell['grid']}/{cell['row']}/{cell['col']}")


def _merge(clusters: Iterable[Cluster]) -> list[Cluster]:
    """Join clusters of one form whose keys differ by little; the one seen most gives the name."""
    from pipeline.text.segment import similar

    kept: list[Cluster] = []
    for cluster in sorted(clusters, key=lambda one: (-len(one.places), one.form, one.key)):
        for one in kept:
            alike = one.form == cluster.form and one.column == cluster.column
            if alike and similar(one.key, cluster.key, _words()) >= _SAME:
                one.gain += cluster.gain
                one.texts += cluster.texts
                one.values += cluster.values
                one.beside += cluster.beside
                one.places += cluster.places
                one.documents |= cluster.documents
                break
        else:
            kept.append(cluster)
    return kept


def _words() -> Path:
    return shipped_rules() / "words.txt"


def guesses(cluster: Cluster, index: Index, present: Counter[str]) -> tuple[Guess, ...]:
    """Return the fields that a label may be, likeliest first.

    Half of the score is the likeness of the nearest spelling, half the label's words, weighted by how few
    fields use them; then come the kind of the values beside it, whether its section has the columns that stand
    beside it, and whether the form has the field already.
    """
    from pipeline.text.segment import similar, tokens

    kinds = {"matrix", "records"} if cluster.column else {"fields"}
    # over one text each, a head may be a field's label with its value below: 年度目标完成情况
    once = cluster.column and cluster.gain == len(cluster.places)
    sections = {
        one.name: one
        for one in index.forms[cluster.form].rule.sections
        if one.kind in kinds or (once and one.kind == "fields")
    }
    used: dict[str, set[str]] = {}
    nearest: dict[str, tuple[float, str]] = {}
    for target, spelling in labels_of(index, cluster.form):
        if target.partition(".")[0] in sections:
            used.setdefault(target, set()).update(tokens(spelling.key, _words()))
            score = similar(cluster.key, spelling.key, _words())
            nearest[target] = max(nearest.get(target, (0.0, "")), (score, spelling.text))
    own = [word for word in tokens(cluster.key, _words()) if word not in _BLIND]
    # 原因 counts where a field says 偏差原因, which is one word of the domain
    users = {
        word: {name for name, words in used.items() if any(word in one for one in words)} for word in own
    }
    weight = {word: math.log((1 + len(used)) / max(1, len(users[word]))) for word in own}
    whole = sum(weight[word] for word in own) or 1.0
    numeric = _numeric(cluster.values)
    shape = _shape(cluster.values)
    prose = once and all(len(value) > _PROSE for value in cluster.values)
    percent = any(char in value for value in cluster.values for char in "%％")
    types = {(one.dataset, one.name): one.type for one in index.rulebook.fields}
    found: list[Guess] = []
    for target, (score, like) in nearest.items():
        shared = sum(weight[word] for word in own if target in users[word]) / whole
        section, _, name = target.partition(".")
        number = types.get((sections[section].dataset, name), "").startswith(_NUMBERS)
        total = (score + shared) / 2
        if shape is not None:
            total += (
                0.5 if name == shape else 0.2 if shape == "target_text" and name == "actual_text" else 0.0
            )
        if prose and name.startswith("goal_"):
            total += 0.3
        if numeric and name.endswith("_rate"):
            total += 0.1 if percent else -0.2
        if total >= _LEAST:
            total += 0.1 if numeric is not None and number == numeric else -0.15 if number else 0.0
            total -= 0.2 if present[name] else 0.0
            total += 0.15 * _fit(cluster.beside, {label.field for label in sections[section].labels})
            found.append(Guess(target, round(min(max(total, 0.0), 1.0), 3), like))
    return tuple(sorted(found, key=lambda one: (-one.score, one.target))[:3])


def _shape(values: Sequence[str]) -> str | None:
    """Return the column whose values look like no other's, where nearly all do: signs, units, numbers with a sign."""
    printed = [text for value in values if (text := clean(value)) is not None]
    if len(printed) < _FEWEST_SHAPED:
        return None
    counts = Counter(shape for text in printed if (shape := _shape_of(text)) is not None)
    shape, count = counts.most_common(1)[0] if counts else (None, 0)
    return shape if count >= 0.7 * len(printed) else None


def _shape_of(text: str) -> str | None:
    if parse_comparator(text) is not None:
        return "sign"
    if is_measure_word(text) or text in ("%", "％", "万元"):
        return "target_unit"
    try:
        quantity = parse_quantity(text)
    except NotAValue:
        return None
    return "target_text" if quantity.comparator is not None else None


def _fit(beside: Counter[str], fields: set[str]) -> float:
    """Return the share of the columns beside a label that a section has."""
    whole = sum(beside.values())
    return sum(count for name, count in beside.items() if name in fields) / whole if whole else 0.0


def _numeric(values: Sequence[str]) -> bool | None:
    """Say whether most values are numbers; None where there are none."""
    printed = [text for value in values if (text := clean(value)) is not None]
    if not printed:
        return None
    numbers = 0
    for text in printed:
        try:
            parse_number(text.rstrip("%分万元亿"))
        except NotAValue:
            continue
        numbers += 1
    return numbers * 2 > len(printed)


def _collisions(cluster: Cluster, index: Index, valued: Counter[str]) -> tuple[str, ...]:
    """Return what else the text stands for: other meanings in its form, and cells that were read as values."""
    text = cluster.text
    found: list[Meaning] = meanings(index, text, cluster.form)
    notes = [f"{one.owner} {one.what} ({one.how}, {one.spelling.place})" for one in found]
    if valued[fold_keep(text)]:
        notes.append(
            f"{valued[fold_keep(text)]} 处作为值读出 | read as a value in {valued[fold_keep(text)]} cells"
        )
    return tuple(notes)
