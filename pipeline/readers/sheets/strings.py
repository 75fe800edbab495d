"""Unicode strings of BIFF8 records ([MS-XLS] 2.5.240, 2.5.293, 2.5.294), those over CONTINUE records too."""

from collections.abc import Sequence
from struct import Struct
from sys import byteorder

_COUNT_FLAGS = Struct("<HB").unpack_from
_WORD = Struct("<H").unpack_from
_LONG = Struct("<I").unpack_from
_MAX_STRINGS = 4_000_000
_WIDE, _PHONETIC, _RICH = 1, 4, 8


def one_line_ends(text: str) -> str:
    """Return the text with LF as its only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def short_text(data: bytes, at: int, end: int) -> str:
    """Return a string whose length is one byte."""
    count, flags = data[at], data[at + 1]
    return _characters(data, at + 2, min(end, at + 2 + (count << (flags & _WIDE))), flags)


def long_text(data: bytes, at: int, end: int, more: Sequence[bytes] = ()) -> str:
    """Return a string whose length is two bytes; ``more`` are the bodies of its CONTINUE records."""
    count, flags = _COUNT_FLAGS(data, at)
    at += 3 + (2 if flags & _RICH else 0) + (4 if flags & _PHONETIC else 0)
    stop = at + (count << (flags & _WIDE))
    if stop <= end or not more:
        return _characters(data, at, min(stop, end), flags)
    reading = _Segments([data[at:end], *more])
    return reading.characters(count, flags & _WIDE)


def _wide_codec(data: bytes) -> str:
    """Return the codec of the wide strings within the data.

    Without the order of bytes in its name it takes two thirds of the time, but would take the order from a mark at
    the beginning of a string.
    """
    marked = b"\xff\xfe" in data or b"\xfe\xff" in data
    return "utf-16-le" if marked or byteorder == "big" else "utf-16"


def _characters(data: bytes, start: int, stop: int, flags: int) -> str:
    if flags & _WIDE:
        return data[start:stop].decode("utf-16-le", "replace")
    return data[start:stop].decode("latin-1")


def shared_texts(segments: list[bytes]) -> list[str]:
    """Return the shared strings of an SST record and its CONTINUE records; a cut table gives what it has."""
    if len(segments[0]) < 8:
        return []
    count = min(_LONG(segments[0], 4)[0], _MAX_STRINGS)
    reading = _Segments(segments, 8)
    out: list[str] = []
    while len(out) < count:
        if not reading.take_whole(out, count):
            text = reading.next_text()
            if text is None:
                break
            out.append(text)
    if "\r" in "".join(out):
        return [one_line_ends(text) if "\r" in text else text for text in out]
    return out


class _Segments:
    """A place in a row of record bodies."""

    def __init__(self, segments: list[bytes], at: int = 0) -> None:
        self._segments, self._number, self._at = segments, 0, at

    def take_whole(self, out: list[str], count: int) -> bool:
        """Append the strings that lie whole in this segment; False when nothing moved."""
        data, at = self._segments[self._number], self._at
        full, end = len(data), len(data) - 2
        append, codec, narrow = out.append, _wide_codec(data), data.decode("latin-1")
        try:
            for _ in range(count - len(out)):
                if at >= end:
                    break
                flags = data[at + 2]
                if flags == 1:
                    start = at + 3
                    stop = start + 2 * (data[at] | data[at + 1] << 8)
                    if stop > full:
                        break
                    append(data[start:stop].decode(codec))
                    at = stop
                elif flags == 0:
                    start = at + 3
                    stop = start + (data[at] | data[at + 1] << 8)
                    if stop > full:
                        break
                    append(narrow[start:stop])
                    at = stop
                else:
                    start, tail = _rich(data, at + 3, flags)
                    stop = start + ((data[at] | data[at + 1] << 8) << (flags & _WIDE))
                    if stop + tail > full:
                        break
                    append(data[start:stop].decode(codec) if flags & _WIDE else narrow[start:stop])
                    at = stop + tail
        except UnicodeDecodeError:  # half a surrogate pair
            pass
        moved, self._at = at != self._at, at
        return moved

    def next_text(self) -> str | None:
        """Return the string that begins here and may run over into the next segments; None at the end."""
        while self._at >= len(self._segments[self._number]):
            if not self._next():
                return None
        data = self._segments[self._number]
        if self._at + 3 > len(data):
            return None
        length, flags = _COUNT_FLAGS(data, self._at)
        self._at, tail = self._at + 3, 0
        if flags & (_RICH | _PHONETIC):
            self._at, tail = _rich(data, self._at, flags)
        text = self.characters(length, flags & _WIDE)
        self._skip(tail)
        return text

    def characters(self, length: int, wide: int) -> str:
        """Return so many characters; each further segment begins with a byte that tells its width anew."""
        parts: list[bytes] = []
        while True:
            data = self._segments[self._number]
            taken = data[self._at : self._at + (length << wide)]
            length -= len(taken) >> wide
            self._at += len(taken)
            parts.append(taken if wide else taken.decode("latin-1").encode("utf-16-le"))
            if length <= 0 or not self._next():
                return b"".join(parts).decode("utf-16-le", "replace")
            following = self._segments[self._number]
            wide, self._at = (following[0] & _WIDE if following else 0), 1

    def _skip(self, count: int) -> None:
        while count > 0:
            left = max(0, len(self._segments[self._number]) - self._at)
            if left >= count:
                self._at += count
                return
            count -= left
            if not self._next():
                return

    def _next(self) -> bool:
        if self._number + 1 >= len(self._segments):
            self._at = len(self._segments[self._number])
            return False
        self._number, self._at = self._number + 1, 0
        return True


def _rich(data: bytes, at: int, flags: int) -> tuple[int, int]:
    """Return where the characters begin, and how many bytes of formatting and phonetics follow them."""
    tail = 0
    if flags & _RICH:
        tail += 4 * _WORD(data, at)[0]
        at += 2
    if flags & _PHONETIC:
        tail += _LONG(data, at)[0]
        at += 4
    return at, tail
