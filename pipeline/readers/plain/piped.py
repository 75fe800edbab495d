"""Rows and cells that bars part: ``a | b |``, one cell per line, Markdown."""

from collections.abc import Iterable, Sequence

from pipeline.readers.plain.region import Region, Table, cells_of_rows, paragraphs

BARS = str.maketrans(dict.fromkeys("│┃║｜¦", "|"))
_ESCAPED = "\ue000"
_RULE = frozenset("|-:=+ ")

Row = list[tuple[int, str]]


def parse(line: int, lines: Sequence[str]) -> list[Region]:
    """Return the table of these lines, the first of which has number ``line``; or paragraphs."""
    numbered = [
        (line + i, text.translate(BARS).replace("\\|", _ESCAPED).strip())
        for i, text in enumerate(lines)
        if not _is_rule(text)
    ]
    barred = [text for _, text in numbered if "|" in text]
    several = sum(1 for text in barred if "|" in text[1:-1])
    led = _most(text[0] == "|" for text in barred)
    alone = sum(1 for text in barred if text == "|")
    if several and several * 2 >= len(barred) - alone:
        rows = (
            _closed_rows(numbered, led)
            if _most(text[-1] == "|" for text in barred)
            else _open_rows(numbered, led)
        )
        enough = sum(1 for row in rows if len(row) > 1) > 1 or len(numbered) < len(lines)
    else:
        rows = _cell_rows(numbered, barred, alone)
        enough = sum(map(len, rows)) > 2
    if not rows or not enough:
        return paragraphs(line, lines)
    rows = [[(at, cell.replace(_ESCAPED, "|")) for at, cell in row] for row in rows]
    return [Table(line, line + len(lines) - 1, cells_of_rows(rows), False)]


def _is_rule(text: str) -> bool:
    """Say whether a line only draws the rule under a Markdown header."""
    return "-" in text and "|" in text and _RULE.issuperset(text.strip())


def _most(signs: Iterable[bool]) -> bool:
    """Say whether four of five are so."""
    seen = list(signs)
    return sum(seen) * 5 >= len(seen) * 4


def _split(at: int, text: str, *, led: bool) -> Row:
    """Return the cells of a line; a bar closes the last and, where rows are ``led``, opens the first."""
    text = text.removesuffix("|")
    if led:
        text = text.removeprefix("|")
    return [(at, cell.strip()) for cell in text.split("|")]


def _closed_rows(numbered: Sequence[tuple[int, str]], led: bool) -> list[Row]:
    """Return rows that end with a bar at a line's end; a line without one goes on in the next."""
    rows: list[Row] = []
    held: list[str] = []
    first = 0
    for at, text in numbered:
        if not held:
            first = at
        if text:
            held.append(text)
        if held and (not text or text[-1] == "|"):
            rows.append(_split(first, "\n".join(held), led=led))
            held = []
    if held:
        rows.append(_split(first, "\n".join(held), led=led))
    return rows


def _open_rows(numbered: Sequence[tuple[int, str]], led: bool) -> list[Row]:
    """Return rows of which each is one line; a line without a bar is a row of one cell."""
    return [_split(at, text, led=led) for at, text in numbered if text]


def _cell_rows(numbered: Sequence[tuple[int, str]], barred: Sequence[str], alone: int) -> list[Row]:
    """Return rows of cells that have a line each; without a blank line to end rows, each cell is a row."""
    if alone == len(barred):
        rows = _between_bars(numbered)
    elif sum(1 for text in barred if text[-1] == "|") * 2 >= len(barred):
        rows = _closed_cells(numbered)
    else:
        rows = _opened_cells(numbered)
    if len(rows) == 1:
        return [[cell] for cell in rows[0]]
    return rows


def _closed_cells(numbered: Sequence[tuple[int, str]]) -> list[Row]:
    """Return rows of cells that a bar closes, a lone bar being an empty cell; a blank line ends a row."""
    rows: list[Row] = [[]]
    held: list[str] = []
    first = 0
    for at, text in numbered:
        if not held:
            first = at
        if text.endswith("|"):
            held.append(text[:-1].rstrip())
            rows[-1] += _split(first, "\n".join(held).strip("\n"), led=False)
            held = []
        elif text:
            held.append(text)
        else:
            if held:
                rows[-1].append((first, "\n".join(held)))
            held = []
            rows.append([])
    if held:
        rows[-1].append((first, "\n".join(held)))
    return [row for row in rows if row]


def _opened_cells(numbered: Sequence[tuple[int, str]]) -> list[Row]:
    """Return rows of cells that a bar opens; others go on with it, a blank line ends the row."""
    rows: list[Row] = [[]]
    for at, text in numbered:
        if not text:
            rows.append([])
        elif "|" in text or not rows[-1]:
            rows[-1] += _split(at, text, led=True)
        else:
            first, cell = rows[-1][-1]
            rows[-1][-1] = (first, f"{cell}\n{text}".strip("\n"))
    return [row for row in rows if row]


def _between_bars(numbered: Sequence[tuple[int, str]]) -> list[Row]:
    """Return rows of lines between lone bars: several end a row; where single ones occur, they part cells."""
    runs = _bar_runs(numbered)
    if min(runs) > 1:
        rows: list[Row] = [[]]
        for at, text in numbered:
            if text == "|":
                rows.append([])
            elif text:
                rows[-1].append((at, text))
        return [row for row in rows if row]
    return _closed_cells(numbered)


def _bar_runs(numbered: Sequence[tuple[int, str]]) -> list[int]:
    """Return the lengths of the runs of lone bars."""
    runs = [0]
    for _, text in numbered:
        if text == "|":
            runs[-1] += 1
        elif text and runs[-1]:
            runs.append(0)
    return [run for run in runs if run] or [0]
