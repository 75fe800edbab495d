"""What a PDF's bytes say against it before any engine opens it.

Engines repair and skip: a page whose content is damaged half way is given as a shorter page, without a word. The
compressed streams carry their own checksum, so the damage can be told without them.
"""

import re
import zlib

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_FLATE = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)\b")
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
_TAIL = 4096
# of one stream, no more than this is unpacked; a piece at a time
_MOST, _PIECE = 1 << 26, 1 << 20


def doubts(data: bytes) -> list[str]:
    """Return what is wrong with a file that may open all the same."""
    found = []
    if b"%%EOF" not in data[-_TAIL:]:
        found.append("the file has no end mark: pages at its end may be missing")
    # the streams of an encrypted file cannot be checked from outside
    damaged = [] if b"/Encrypt" in data else damaged_streams(data)
    if damaged:
        found.append(
            f"{len(damaged)} compressed part{'s are' if len(damaged) > 1 else ' is'} damaged "
            f"(first at byte {damaged[0]}): text may be missing"
        )
    return found


def damaged_streams(data: bytes) -> list[int]:
    """Return where the compressed streams begin that cannot be unpacked; pictures are left out."""
    found = []
    for match in _STREAM.finditer(data):
        start = match.end()
        head = data[max(0, match.start() - 512) : match.start()]
        head = head[head.rfind(b" obj") + 1 :]
        if not _FLATE.search(head) or _PICTURE.search(head):
            continue
        end = data.find(b"endstream", start)
        if not _unpacks(data[start : end if end >= 0 else len(data)]):
            found.append(start)
    return found


def _unpacks(packed: bytes) -> bool:
    unpacker = zlib.decompressobj()
    total = 0
    try:
        piece = unpacker.decompress(packed, _PIECE)
        while piece and not unpacker.eof and total < _MOST:
            total += len(piece)
            piece = unpacker.decompress(unpacker.unconsumed_tail, _PIECE)
    except zlib.error:
        return False
    return True
