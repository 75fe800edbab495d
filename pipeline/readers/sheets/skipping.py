"""Runs of records of an Excel 97-2003 workbook that say nothing to a reader, or one thing each, taken at once."""

import re

# The lower bytes of the codes below 512 that a reader looks into, in the globals of a book or on a sheet.
_READ = bytes.fromhex("06 0a 14 15 22 2f 5d 85 b6 bd be d6 d7 e0 e5 fc fd")
_SIZES = (2, 21, 20, 1, 0, 4, 8, 12, 18, 16, 22, 23, 24, 25, 26, 27, 28, 30, 32, 34, 36, 38, 40, 6, 10, 14)

_unread = re.compile(
    b"(?:[^%b][\0\1](?:%b))*+"
    % (
        re.escape(_READ),
        b"|".join(re.escape(size.to_bytes(2, "little")) + b"." * size for size in _SIZES),
    ),
    re.DOTALL,
).match
_styles = re.compile(rb"(?:\xe0\0\x14\0.{20})*+", re.DOTALL).match


def skip(data: bytes, pos: int, stop: int) -> int:
    """Return where the records of usual sizes that nobody reads end; ``pos`` itself where there is none."""
    found = _unread(data, pos, stop)
    return found.end() if found else pos


def styles_run(data: bytes, pos: int, stop: int) -> bytes:
    """Return the format number, 2 bytes, of each of the XF records of 20 bytes that follow each other here."""
    found = _styles(data, pos, stop)
    end = found.end() if found else pos
    numbers = bytearray((end - pos) // 12)
    numbers[::2], numbers[1::2] = data[pos + 6 : end : 24], data[pos + 7 : end : 24]
    return bytes(numbers)
