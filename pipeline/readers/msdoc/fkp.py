"""Read formatted disk pages: runs of characters or paragraphs and the property lists that hold for them."""

import re
from struct import unpack_from

from pipeline.readers.msdoc.fib import CHAR_PAGES, PARA_PAGES, Fib

_PAGE = 512


def _pages(fib: Fib, word: bytes, index: int) -> tuple[list[bytes], int]:
    """Return the 512-byte pages that a bin table lists, each once, and how many of them do not exist."""
    plc = fib.part(index)
    count = max(0, (len(plc) - 4) // 8)
    numbers = dict.fromkeys(n & 0x3FFFFF for n in unpack_from(f"<{count}I", plc, 4 * (count + 1)) if count)
    pages = [word[n << 9 : (n << 9) + _PAGE] for n in numbers]
    whole = [page for page in pages if len(page) == _PAGE]
    return whole, len(pages) - len(whole)


def paragraph_runs(fib: Fib, word: bytes) -> tuple[list[int], list[bytes], int]:
    """Return the sorted start offsets of paragraph runs, their property lists, and the count of lost pages.

    A list is the style index (2 bytes) and the sprms (structures PapxFkp, section 2.9.174, and PapxInFkp); empty for the defaults.
    """
    starts: list[int] = []
    lists: list[bytes] = []
    pages, lost = _pages(fib, word, PARA_PAGES)
    for page in pages:
        runs = page[511]
        if not runs or 4 + 17 * runs > 511:
            lost += 1
            continue
        starts += unpack_from(f"<{runs}I", page)
        for word_offset in page[4 * runs + 4 : 17 * runs + 4 : 13]:
            at = word_offset * 2
            size = page[at] if at else 0
            if size:
                lists.append(page[at + 1 : at + 2 * size])
            elif at and at < 510:
                lists.append(page[at + 2 : at + 2 + 2 * page[at + 1]])
            else:
                lists.append(b"")
    if starts != sorted(starts):
        order = sorted(range(len(starts)), key=starts.__getitem__)
        starts, lists = [starts[k] for k in order], [lists[k] for k in order]
    return starts, lists, lost


def character_runs(fib: Fib, word: bytes, wanted: re.Pattern[bytes]) -> list[tuple[int, int, bytes]]:
    """Return (start offset, end offset, sprms) of the character runs whose list may hold a wanted operation.

    ``wanted`` is searched in whole pages first: most pages of most documents hold nothing of interest.
    """
    found: list[tuple[int, int, bytes]] = []
    for page in _pages(fib, word, CHAR_PAGES)[0]:
        if wanted.search(page) is None:
            continue
        runs = page[511]
        if not runs or 4 + 5 * runs > 511:
            continue
        limits = unpack_from(f"<{runs + 1}I", page)
        for run, word_offset in enumerate(page[4 * runs + 4 : 5 * runs + 4]):
            at = word_offset * 2
            grpprl = page[at + 1 : at + 1 + page[at]] if at else b""
            if grpprl and limits[run] < limits[run + 1] and wanted.search(grpprl):
                found.append((limits[run], limits[run + 1], grpprl))
    return _disjoint(found)


def _disjoint(runs: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Return the runs sorted, with what a run shares with an earlier one cut off; honest files have none."""
    runs.sort(key=lambda run: run[:2])
    reached = 0
    found: list[tuple[int, int, bytes]] = []
    for start, end, grpprl in runs:
        if end > reached:
            found.append((max(start, reached), end, grpprl))
            reached = end
    return found
