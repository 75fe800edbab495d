"""Read the piece table: the text by character position, and the file offset of every character."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import unpack_from

from pipeline.errors import SourceError
from pipeline.readers.msdoc.container import Streams
from pipeline.readers.msdoc.fib import PIECES, Fib

_COMPRESSED = 0x40000000
_PRC, _PLC = 1, 2
# One-byte text is Windows-1252 (structure FcCompressed); its five unused bytes stay what they are.
_BYTES = "".join(bytes([code]).decode("cp1252", "replace") for code in range(256))
_LATIN = {code: ord(char) for code, char in enumerate(_BYTES) if char not in (chr(code), "\ufffd")}


@dataclass(frozen=True, slots=True)
class Pieces:
    """The whole text, one character per position (surrogate halves apart), and the pieces that it lies in.

    Piece k holds the positions ``starts[k]`` to ``starts[k + 1]``; its first character lies at ``offsets[k]``
    of the WordDocument stream, each takes ``widths[k]`` bytes; ``modifiers[k]`` are property changes (sprms)
    that a fast save put on the whole piece, empty as a rule.
    """

    text: str
    starts: tuple[int, ...]
    offsets: tuple[int, ...]
    widths: tuple[int, ...]
    modifiers: tuple[bytes, ...]

    def offset(self, position: int) -> int:
        """Return where a character lies in the WordDocument stream."""
        piece = bisect_right(self.starts, position) - 1
        return self.offsets[piece] + (position - self.starts[piece]) * self.widths[piece]

    def overlaps(self, runs: Sequence[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
        """Yield (first position, position after the last, property list) for runs of stream offsets.

        The runs must be sorted and must not overlap; then the work is bounded by the length of the text.
        """
        ends = [run[1] for run in runs]
        for piece, offset in enumerate(self.offsets):
            width, first, last = self.widths[piece], self.starts[piece], self.starts[piece + 1]
            end = offset + (last - first) * width
            for index in range(bisect_right(ends, offset), len(runs)):
                run_start, run_end, grpprl = runs[index]
                if run_start >= end:
                    break
                low = first + max(0, -(-(run_start - offset) // width))
                high = min(last, first + -(-(run_end - offset) // width))
                if low < high:
                    yield low, high, grpprl


def read_pieces(streams: Streams, fib: Fib) -> Pieces:
    """Return text and pieces of all stories (section 2.4.1); SourceError where it is missing."""
    total = sum(fib.lengths)
    clx = fib.part(PIECES)
    modifiers, at = _modifiers(clx)
    if at + 5 > len(clx) or clx[at] != _PLC:
        raise SourceError(streams.damage, place="piece table", detail="not found")
    size = min(unpack_from("<I", clx, at + 1)[0], len(clx) - at - 5)
    count = (size - 4) // 12
    if count < 1:
        raise SourceError(streams.damage, place="piece table", detail="empty")
    positions = unpack_from(f"<{count + 1}I", clx, at + 5)
    if positions[0] != 0 or any(a >= b for a, b in pairwise(positions)):
        raise SourceError("corrupt", place="piece table", detail="positions out of order")
    if positions[-1] > 2 * len(streams.word):
        raise SourceError(
            "corrupt", place="piece table", detail=f"{positions[-1]} characters in {len(streams.word)} bytes"
        )
    if positions[-1] < total - 1 and positions[-1] < fib.lengths[0]:
        raise SourceError("corrupt", place="piece table", detail=f"{positions[-1]} of {total} characters")
    texts: list[str] = []
    offsets: list[int] = []
    widths: list[int] = []
    changes: list[bytes] = []
    descriptors = at + 5 + 4 * (count + 1)
    for piece in range(count):
        where, prm = unpack_from("<IH", clx, descriptors + 8 * piece + 2)
        width = 1 if where & _COMPRESSED else 2
        offset = (where & 0x3FFFFFFF) >> 1 if width == 1 else where & 0x3FFFFFFF
        length = positions[piece + 1] - positions[piece]
        raw = streams.word[offset : offset + length * width]
        if len(raw) < length * width:
            code = streams.damage
            raise SourceError(
                code, place=f"piece {piece}", detail=f"{length * width} bytes at {offset}, {len(raw)} there"
            )
        texts.append(_decode(raw, width, length))
        offsets.append(offset)
        widths.append(width)
        changes.append(_change(prm, modifiers) if prm else b"")
    return Pieces("".join(texts), positions, tuple(offsets), tuple(widths), tuple(changes))


def _decode(raw: bytes, width: int, length: int) -> str:
    if width == 1:
        return raw.decode("latin-1") if raw.isascii() else raw.decode("latin-1").translate(_LATIN)
    text = raw.decode("utf-16-le", "surrogatepass")
    if (
        len(text) != length
    ):  # characters beyond the basic plane: keep one per code unit, positions count units
        text = "".join(map(chr, unpack_from(f"<{length}H", raw)))
    return text


def _modifiers(clx: bytes) -> tuple[list[bytes], int]:
    """Return the property lists before the piece table, and the offset behind them."""
    found: list[bytes] = []
    at = 0
    while at + 3 <= len(clx) and clx[at] == _PRC:
        size = unpack_from("<H", clx, at + 1)[0]
        found.append(clx[at + 3 : at + 3 + size])
        at += 3 + size
    return found, at


# Prm0: a 7-bit short name of a sprm and its one-byte operand; those that matter here.
_SHORT_NAMES = {0x18: 0x2416, 0x19: 0x2417, 0x41: 0x0800, 0x5C: 0x083C}


def _change(prm: int, modifiers: list[bytes]) -> bytes:
    if prm & 1:
        index = prm >> 1
        return modifiers[index] if index < len(modifiers) else b""
    sprm = _SHORT_NAMES.get(prm >> 1 & 0x7F)
    return b"" if sprm is None else bytes((sprm & 0xFF, sprm >> 8, prm >> 8))
