"""Find where text boxes stand: shapes are anchored in the text, grouped shapes through their group."""

from struct import unpack_from

from pipeline.readers.msdoc.fib import BOXES, DRAWINGS, MAIN, SHAPE_ANCHORS, TEXT_BOXES, Fib

_ANCHOR_SIZE, _BOX_SIZE = 26, 22
_STORE, _DRAWING, _GROUP, _SHAPE, _SHAPE_DATA = 0xF000, 0xF002, 0xF003, 0xF004, 0xF00A
_HEADER = 8


def box_anchors(fib: Fib) -> list[tuple[int, int, int]]:
    """Return (anchor in the main text, start, end) of each text box of the main text, by anchor.

    Start and end are positions in the whole text. A box is tied to its anchor by its shape's number
    (FTXBXS.lid, section 2.9.106, and Spa.lid), or by that of the group that holds the shape.
    A box without an anchor stands at the end.
    """
    boxes = fib.part(TEXT_BOXES)
    count = max(0, (len(boxes) - 4) // (4 + _BOX_SIZE))
    story = sum(fib.lengths[:BOXES])
    length, end = fib.lengths[BOXES], fib.lengths[MAIN]
    if not count or not length:
        return [(end, story, story + length)] if length else []
    limits = unpack_from(f"<{count + 1}I", boxes)
    place = _places(fib)
    found: list[tuple[int, int, int]] = []
    reached = 0
    for box in range(count):
        first, last = max(limits[box], reached), min(limits[box + 1], length)
        if first < last:
            shape = unpack_from("<I", boxes, 4 * (count + 1) + _BOX_SIZE * box + 14)[0]
            found.append((place.get(shape, end), story + first, story + last))
            reached = last
    if reached < length:
        found.append((end, story + reached, story + length))
    return sorted(found)


def _places(fib: Fib) -> dict[int, int]:
    """Return shape number -> position of its anchor, shapes in groups included."""
    anchors = fib.part(SHAPE_ANCHORS)
    count = max(0, (len(anchors) - 4) // (4 + _ANCHOR_SIZE))
    positions = unpack_from(f"<{count}I", anchors) if count else ()
    place = {
        unpack_from("<I", anchors, 4 * (count + 1) + _ANCHOR_SIZE * index)[0]: position
        for index, position in enumerate(positions)
    }
    for shape, group in _groups(fib.part(DRAWINGS)).items():
        if shape not in place and group in place:
            place[shape] = place[group]
    return place


def _groups(drawings: bytes) -> dict[int, int]:
    """Return shape number -> number of the outermost group around it (structure OfficeArtContent).

    The drawings are the shared store of pictures, then one container for the main text and one for the
    headers, each behind a byte that says which; a group's first shape is the group itself.
    """
    found: dict[int, int] = {}
    at = 0
    while at + _HEADER <= len(drawings):
        kind, size = unpack_from("<2xHI", drawings, at)
        if kind == _STORE:
            at += _HEADER + size
        elif at + _HEADER < len(drawings) and unpack_from("<2xH", drawings, at + 1)[0] == _DRAWING:
            size = unpack_from("<I", drawings, at + 5)[0]
            _collect(drawings, at + 1 + _HEADER, min(at + 1 + _HEADER + size, len(drawings)), found)
            at += 1 + _HEADER + size
        else:
            break
    return found


def _collect(drawings: bytes, start: int, end: int, found: dict[int, int]) -> None:
    """Walk the records of one drawing; depth 1 is the drawing's own list of shapes, deeper ones groups."""
    todo: list[tuple[int, int, int, int | None]] = [(start, end, 0, None)]
    while todo:
        at, end, depth, group = todo.pop()
        while at + _HEADER <= end:
            kind, size = unpack_from("<2xHI", drawings, at)
            inner, after = at + _HEADER, min(at + _HEADER + size, end)
            if kind == _GROUP and depth < 50:
                todo += [(after, end, depth, group), (inner, after, depth + 1, group)]
                break
            if kind == _SHAPE:
                number = _shape_number(drawings, inner, after)
                if number is not None and depth > 1:
                    group = number if group is None else group
                    found[number] = group
            at = after


def _shape_number(drawings: bytes, at: int, end: int) -> int | None:
    while at + _HEADER + 4 <= end:
        kind, size = unpack_from("<2xHI", drawings, at)
        if kind == _SHAPE_DATA:
            return int(unpack_from("<I", drawings, at + _HEADER)[0])
        at += _HEADER + size
    return None
