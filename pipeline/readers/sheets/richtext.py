"""Texts of cells in SpreadsheetML: plain or in runs, without the phonetic guides; shared ones and those in place."""

import re
from collections.abc import Callable
from contextlib import suppress

from pipeline.errors import SourceError
from pipeline.readers.sheets.markup import Attributes, InMemory, Readable, cell_text, unescaped, walk

MAX_STRINGS = 1_000_000

# A comment, a CDATA section or a DOCTYPE would mislead the quick way; so would a prefix before the names.
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*?(?:encoding=[\"'](?i:utf-8)[\"'])?[^>]*\?>)?\s*"
    rb"<(?:sst|worksheet|styleSheet)\s[^>]*?\bxmlns=[\"']http://(?:schemas\.openxmlformats\.org|purl\.oclc\.org)/"
)
_OTHER_ENCODING = re.compile(rb"<\?xml[^>]*?encoding=[\"'](?!(?i:utf-8)[\"'])")
_ITEM = re.compile(
    r"<si>\s*+(?:<t(?: [^<>]*)?>([^<]*)</t>\s*+</si>|([^<]*+(?:<(?!/?si\b)[^<]*+)*+)</si>)|<si/>"
)
MARKED = re.compile("[&\r]|_x").search  # text that is not what it says
_PLAIN = re.compile(r"\s*+<t(?: [^<>]*)?>([^<]*)</t>\s*\Z")
_GUIDE = re.compile(r"<rPh\b[^<]*+(?:<(?!/?rPh\b)[^<]*+)*+</rPh>")
_TEXT = re.compile(r"<t(?: [^<>]*)?>([^<]*)</t>")


class IrregularError(Exception):
    """The quick way does not know what it sees; the parser has to look."""


def is_regular(head: bytes) -> bool:
    """Say whether a part begins so that patterns may read it: UTF-8, names without prefix."""
    start = head[:4096]
    return (
        _HEAD.match(start) is not None and _OTHER_ENCODING.match(start.lstrip(b"\xef\xbb\xbf \r\n\t")) is None
    )


def fragment_text(inner: str) -> str:
    """Return the text between ``<si>`` and ``</si>`` (or ``<is>``); IrregularError where tags do not match."""
    plain = _PLAIN.match(inner)
    if plain:
        return _resolved(plain[1])
    if "<rPh" in inner:
        inner = _GUIDE.sub("", inner)
    runs = _TEXT.findall(inner)
    if len(runs) != inner.count("</t>") or len(runs) != inner.count("<t>") + inner.count("<t "):
        raise IrregularError
    return _resolved("".join(runs))


def _resolved(text: str) -> str:
    return cell_text(unescaped(text)) if MARKED(text) else text


def shared_strings(data: bytes, place: str) -> list[str]:
    """Return the shared strings of a book; SourceError corrupt where they are not well-formed."""
    if is_regular(data):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            raise SourceError("corrupt", place=place, detail=str(fault)) from fault
        count = text.count("<si>") + text.count("<si/>")
        if count > MAX_STRINGS:
            raise SourceError("too_large", place=place, detail=f"more than {MAX_STRINGS} strings")
        if "<!" not in text and "<si " not in text and text.rstrip().endswith(("</sst>", "/>")):
            found = _ITEM.findall(text)
            if len(found) == count:
                with suppress(IrregularError):
                    return [
                        fragment_text(runs) if runs else _resolved(plain) if MARKED(plain) else plain
                        for plain, runs in found
                    ]
    return _walked(InMemory(data), place)


def _walked(source: Readable, place: str) -> list[str]:
    found: list[str] = []
    gather = Gather("si", found.append)
    walk(source, place, gather.start, gather.end, gather.text)
    return found


class Gather:
    """Gathers the text of each element of one name from a walk; ``done`` gets it at the element's end."""

    def __init__(self, name: str, done: Callable[[str], object]) -> None:
        self._name, self._done = name, done
        self._parts: list[str] | None = None
        self._guides = 0
        self._in_text = False

    def start(self, name: str, _: Attributes) -> None:
        """Take the beginning of an element."""
        if name == self._name:
            self._parts = []
        elif name == "rPh":
            self._guides += 1
        elif name == "t":
            self._in_text = self._guides == 0

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._guides -= 1
        elif name == self._name and self._parts is not None:
            self._done(cell_text("".join(self._parts)))
            self._parts = None

    def text(self, data: str) -> None:
        """Take a piece of text."""
        if self._in_text and self._parts is not None:
            self._parts.append(data)
