"""XML in general: namespaces, any encoding, piece by piece, no entity of its own; the safe way behind the quick one."""

import re
from collections.abc import Callable
from typing import Protocol
from xml.parsers import expat

from pipeline.errors import SourceError

Attributes = dict[str, str]
MAX_PARSED = 128 << 20  # of one part, by the parser; the quick way has no such limit
_PIECE = 4 << 20  # small pieces of one long token would be scanned again and again
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));")
_RUN = re.compile(r"(?:&#[0-9]{1,7};)+")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class Readable(Protocol):
    """What gives the bytes of a part piece by piece."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""


class InMemory:
    """Gives bytes in memory as a part does."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        """Return all bytes, once, whatever the size."""
        data, self._data = self._data, b""
        return data


def walk(
    source: Readable,
    place: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Call back for every element and text, names without namespace; SourceError for XML that is not well-formed."""
    parser = expat.ParserCreate(namespace_separator="\n")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(
        name.rpartition("\n")[2], {key.rpartition("\n")[2]: value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: end(name.rpartition("\n")[2])
    parser.CharacterDataHandler = text

    def refuse(*_: object) -> None:
        raise SourceError("too_large", place=place, detail="declares XML entities")

    parser.EntityDeclHandler = refuse
    try:
        taken = 0
        while piece := source.read(_PIECE):
            taken += len(piece)
            if taken > MAX_PARSED:
                raise SourceError("too_large", place=place, detail=f"more than {MAX_PARSED >> 20} MiB of XML")
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as fault:
        raise SourceError("corrupt", place=place, detail=f"not well-formed XML: {fault}") from fault
    except (ValueError, LookupError) as fault:  # an encoding that does not exist
        raise SourceError("corrupt", place=place, detail=f"not readable XML: {fault}") from fault


def elements(source: Readable, place: str, names: frozenset[str]) -> list[tuple[str, str, Attributes]]:
    """Return (name, parent's name, attributes) of every element with one of the names, in order."""
    found: list[tuple[str, str, Attributes]] = []
    stack = [""]

    def start(name: str, attributes: Attributes) -> None:
        if name in names:
            found.append((name, stack[-1], attributes))
        stack.append(name)

    def end(_: str) -> None:
        stack.pop()

    walk(source, place, start, end, lambda _: None)
    return found


def unescaped(text: str) -> str:
    """Return the text that stands in the XML: references resolved, line ends as XML wants them."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "&" not in text:
        return text
    if "&#" in text:  # some programs write every Chinese character as a number, so whole runs at once
        text = _RUN.sub(lambda match: _runs[match[0]], text)
    return _REFERENCE.sub(_character, text) if "&" in text else text


class _Decimals(dict[str, str]):
    """Digits of a reference -> its character; the few thousand in use are kept."""

    def __missing__(self, digits: str) -> str:
        number = int(digits)
        found = chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
        if len(self) < 50_000:
            self[digits] = found
        return found


_decimals = _Decimals()


class _Runs(dict[str, str]):
    """A row of references -> its text; left alone where one of them is ``&``. Labels come again in every book."""

    def __missing__(self, run: str) -> str:
        text = "".join(map(_decimals.__getitem__, run[2:-1].split(";&#")))
        text = run if "&" in text else text
        if len(run) < 256 and len(self) < 20_000:
            self[run] = text
        return text


_runs = _Runs()


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    number = int(match[1], 16) if match[1] else int(match[2])
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def whole(text: str) -> int:
    """Return the number that up to nine digits spell; -1 for anything else."""
    return int(text) if len(text) < 10 and text.isdecimal() else -1


def cell_text(text: str) -> str:
    """Return the text with the escapes of spreadsheets resolved (``_x000D_``, ECMA-376 22.9.2.19) and LF as line end."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
