"""What a PDF's bytes say against it before any engine opens it.

Engines repair and skip: a page whose content is damaged half way is given as a shorter page, without a word. The
compressed streams carry their own checksum, so the damage can be told without them.
"""

import re
import zlib

_FLATE = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)\b")
_NO_TEXT = re.compile(rb"/Subtype\s*/Image\b")
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
    """Return where the compressed streams begin that cannot be unpacked; pictures and fonts are left out."""
    found = []
    end = 0
    # plain searches: a regular expression over a whole file takes longer than PDFium does
    while (keyword := data.find(b"stream", end)) >= 0:
        start = keyword + len(b"stream")
        end = data.find(b"endstream", start)
        stop = end if end >= 0 else len(data)
        head = data[max(0, keyword - 512) : keyword]
        head = head[head.rfind(b" obj") + 1 :]
        if _FLATE.search(head) and not _NO_TEXT.search(head):
            start += 2 if data[start : start + 2] == b"\r\n" else 1
            if not _unpacks(data[start:stop]):
                found.append(start)
        if end < 0:
            break
        end += len(b"endstream")
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
