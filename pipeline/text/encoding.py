"""Turn the bytes of a text into characters when nobody says, or somebody lies about, how they are encoded."""

import codecs
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.text.hanzi import han_costs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# codec -> what a reading with it costs beforehand: an unmarked UTF-16 or Big5 file is rare
_CANDIDATES = {"gb18030": 0.0, "utf-8": 0.0, "cp950": 4.0, "utf-16-le": 12.0, "utf-16-be": 14.0}
_DECLARED_BONUS = 20.0
_GB_LABELS = re.compile(r"(?:gb_?2312.*|gbk|cp936|ms936|x-gbk|gb18030.*|csgb2312|euc-?cn|windows-936)", re.I)
_BIG5_LABELS = re.compile(r"(?:big-?5.*|cp950|x-x-big5|windows-950|csbig5)", re.I)
_FOREIGN = re.compile(
    r"(?:iso8859-\d+|cp125\d|cp932|shift_jis\w*|euc_\w+|koi8-\w|utf-(?:8|16|16-le|16-be|32))"
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_FROM_0800 = re.compile("[\u0800-\U0010ffff]")
_NOT_ASCII_TEXT = re.compile("[^\x00-\x7f]+")
# Nothing but characters that no broken reading is needed for; the rest is for the full comparison to judge.
_PLAIN = re.compile(
    "[\t\n\x0b\x0c\r\x1a\x20-\x7e\xa0-\xff\u0391-\u03c9\u2010-\u2642\u3000-\u303f\u3105-\u312f\u3220-\u33ff"
    "\u4e00-\u9fff\ufe30-\ufe4f\uff01-\uffe5]*"
)
_EVERYDAY_REACHES = (150, 10_000)
_EVERYDAY_LEAST = 24
_EVERYDAY_SHARE = 0.7
_EVERYDAY_COST = 8.0
_EVERYDAY_SIGNS = "，。：；、（）《》“”—…％≥≤×①②③④⑤ \u3000"
# Control characters but tab, line feed, vertical tab, form feed, carriage return and the DOS end of file
_CONTROLS = bytes((*range(0x09), *range(0x0E, 0x1A), *range(0x1B, 0x20), 0x7F))
# Signs and letters of UTF-8 texts whose two bytes also are one Han character of GB 18030.
_SIGNS = frozenset("±×÷°·²³")
_LATIN_IN_WORD = re.compile(
    "(?<=[A-Za-z])[\u00b5\u00c0-\u00ff\u03a9\u03b1-\u03c9]|[\u00b5\u00c0-\u00ff\u03a9\u03b1-\u03c9](?=[A-Za-z])"
)
_SAMPLE = 32_768
_BROKEN_COST = 18.0
_BROKEN_SHARE = 0.05
_NUL_SHARE = 0.01
_FOREIGN_TO_CHINESE = 13.0
_UNMARKED_UTF16 = 11.5


class UndecodableText(ValueError):  # noqa: N818
    """The bytes are no text in any encoding that is tried: binary, or an encoding of another country."""


class Decoded(NamedTuple):
    """A text, the codec that gave it, and how many of its characters are U+FFFD in place of bad bytes."""

    text: str
    encoding: str
    replaced: int = 0


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text and the name of its Python codec; as ``recognise``, for callers that need no count."""
    found = recognise(data, declared)
    return found.text, found.encoding


def recognise(data: bytes, declared: str | None = None) -> Decoded:
    """Return the text of bytes, its codec and the number of characters that bad bytes cost.

    A byte order mark decides; then strict UTF-8 does, unless the bytes are as well a short Han string
    of GB 18030 (学习 is valid UTF-8 for "ѧϰ"); then the reading with the most common characters wins
    among GB 18030, Big5 and UTF-16 without a mark. ``declared`` (a ``<meta>`` charset) is a hint that
    tips a balance and no more; GB2312 and GBK always mean GB 18030. A truncated last
    character or a few bad bytes become U+FFFD.
    Raise UndecodableText when more than a few characters are broken in every reading.
    """
    marked = _marked(data)
    if marked is not None:
        return marked
    text = _strict(data, "utf-8")
    if text is not None and not _has_controls(data):
        disguised = _is_gb_in_disguise(data, text)
        return Decoded(data.decode("gb18030"), "gb18030") if disguised else Decoded(text, "utf-8")
    codec = _codec(declared)
    if (evident := _evident(data, codec)) is not None:
        return evident
    if text is None and (cut := _cut_utf8(data)) is not None:
        return cut
    return _best(data, codec)


def _marked(data: bytes) -> Decoded | None:
    """Return the text of data with a byte order mark, None without one or where the rest contradicts it."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            body = data[len(mark) :] if codec == "gb18030" else data
            found = _decoded(body, codec)
            if not _is_broken(found.text):
                return found
    return None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _decoded(data: bytes, codec: str) -> Decoded:
    """Decode with U+FFFD for bad bytes, counting those and not the U+FFFD that stood in the text."""
    text = _strict(data, codec)
    if text is not None:
        return Decoded(text, codec)
    text = data.decode(codec, errors="replace")
    genuine = data.count(b"\xef\xbf\xbd") if codec.startswith("utf-8") else 0
    return Decoded(text, codec, max(1, text.count("\ufffd") - genuine))


def _has_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) != len(data)  # five times as fast as a pattern


def _is_gb_in_disguise(data: bytes, text: str) -> bool:
    """Say whether valid UTF-8 is rather GB 18030: nothing at or above U+0800 and Han all over in GB 18030.

    ± × ÷ ° · ² ³ beside other characters and accented letters inside Latin words are left out of the account:
    they are what UTF-8 texts hold.
    """
    if text.isascii() or _FROM_0800.search(text):
        return False
    rest = _LATIN_IN_WORD.sub("", text)
    if any(char.isalnum() or char in "%％" for char in rest if char not in _SIGNS):
        rest = "".join(char for char in rest if char not in _SIGNS)
    if rest.isascii():
        return False
    other = _strict(data, "gb18030")
    return other is not None and all("\u4e00" <= char <= "\u9fff" for char in other if not char.isascii())


def _cut_utf8(data: bytes) -> Decoded | None:
    """Return the text of UTF-8 whose only fault is that its last character is cut off."""
    for lost in (1, 2, 3):
        text = _strict(data[:-lost], "utf-8") if len(data) > lost else None
        if text is None:
            continue
        tail = data[-lost:]
        whole = text and (_FROM_0800.search(text) or len(data) > _SAMPLE)
        if whole and tail[0] >= 0xC2 and not _has_controls(data) and _is_incomplete(tail):
            return Decoded(text + "\ufffd", "utf-8", 1)
    return None


def _is_incomplete(tail: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(tail, final=False) == ""
    except UnicodeDecodeError:
        return False


def _evident(data: bytes, declared: str | None) -> Decoded | None:
    """Return the text where one reading has no fault and nothing but everyday Chinese; None where that is open.

    A fiftieth of the time that comparing the readings takes, for nearly all files in GB 18030 and UTF-16. A zero
    byte is no part of any other encoding's text, so that it tells UTF-16, and its place the order of the bytes.
    """
    codec = _utf16_order(data) if b"\0" in data else "gb18030"
    if declared not in (None, codec):
        return None
    text = _strict(data, codec)
    if text is None or not _is_everyday(text) or not _PLAIN.fullmatch(text):
        return None
    return Decoded(text, codec)


def _utf16_order(data: bytes) -> str:
    return "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"


def _is_everyday(text: str) -> bool:
    """Say whether what is not ASCII at the start of a text is frequent characters, far above chance.

    Chinese forms have some 90 % of them; other encodings read as GB 18030 have 5 to 40 %.
    """
    first = _NOT_ASCII_TEXT.search(text)
    if first is None:
        return False
    for reach in _EVERYDAY_REACHES:
        rest = "".join(_NOT_ASCII_TEXT.findall(text, first.start(), first.start() + reach))
        if len(rest) >= _EVERYDAY_LEAST:
            return len("".join(_everyday()(rest))) > _EVERYDAY_SHARE * len(rest)
    return False


@cache
def _everyday() -> Callable[[str], list[str]]:
    """Return what finds the frequent characters of simplified Chinese, with the signs between them, in a text.

    A pattern takes a tenth of the time that looking up character by character does.
    """
    frequent = (char for char, cost in han_costs().items() if cost <= _EVERYDAY_COST)
    return re.compile(f"[{re.escape(''.join((*frequent, *_EVERYDAY_SIGNS)))}]+").findall


def _best(data: bytes, declared: str | None) -> Decoded:
    """Return the reading that is most like Chinese, or raise UndecodableText."""
    candidates = dict(_CANDIDATES)
    if declared is not None:
        candidates[declared] = candidates.get(declared, 0.0) - _DECLARED_BONUS
    sample = _sample(data)
    ranked = sorted(
        (_cost(_sample_for(codec, data, sample), codec) + prior, codec) for codec, prior in candidates.items()
    )
    for _, codec in ranked[:2]:
        found = _decoded(data, codec)
        if codec == "cp950" and found.replaced:
            found = min(found, _decoded(data, "big5hkscs"), key=lambda reading: reading.replaced)
        if not _is_broken(found.text) and not _is_chance(found, codec == declared):
            return found
    raise UndecodableText("neither UTF-8, GB 18030, Big5 nor UTF-16: binary data, or another encoding")


def _codec(declared: str | None) -> str | None:
    """Return the Python codec that a label of the web means, None when it is unknown or cannot be trusted."""
    label = (declared or "").strip().strip("\"'").lower()
    if not label:
        return None
    if _GB_LABELS.fullmatch(label):
        return "gb18030"
    if _BIG5_LABELS.fullmatch(label):
        return "cp950"
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return name if _FOREIGN.fullmatch(name) else None


def _sample(data: bytes) -> bytes:
    """Return up to 32 KiB from the line of the first byte above ASCII on; no code is split by a line end."""
    first = _NOT_ASCII.search(data)
    if first is None or len(data) <= _SAMPLE:
        return data[:_SAMPLE]
    start = data.rfind(b"\n", max(0, first.start() - 4096), first.start()) + 1 or first.start()
    end = data.rfind(b"\n", start, start + _SAMPLE)
    return data[start : end if end > start + _SAMPLE // 2 else start + _SAMPLE]


def _sample_for(codec: str, data: bytes, sample: bytes) -> bytes:
    """UTF-16 must be read from an even place; so its cost is compared over other bytes of the same number."""
    return data[: len(sample)] if codec.startswith("utf-16") else sample


def _cost(sample: bytes, codec: str) -> float:
    """Return minus the logarithm of how likely a reading is: the sum over its characters, in nats."""
    counts = Counter(sample.decode(codec, errors="replace"))
    return sum(_char_cost(char) * count for char, count in counts.items())


@lru_cache(maxsize=65_536)
def _char_cost(char: str) -> float:
    """Return the cost of one character in nats, from the share of its class in Chinese office text."""
    code = ord(char)
    if code < 0x80:
        return 6.0 if char.isprintable() or char in "\t\n\r\f\x0b\x1a" else 20.0
    if char == "\ufffd":
        return 30.0
    if (known := han_costs().get(char)) is not None:
        return known
    for last, cost in _BLOCKS:
        if code <= last:
            return cost if char.isprintable() or cost < _BROKEN_COST else 25.0
    return 25.0


# (last code point, cost of a character up to it); from 18 on a reading is taken for broken there
_BLOCKS = (
    (0x9F, 20.0),  # C1 controls
    (0xFF, 9.0),  # Latin-1 signs: ± × ÷ ° ·
    (0x1FFF, 13.0),  # other letters of the world, none Chinese
    (0x206F, 7.0),  # general punctuation: — … “ ” and the zero widths
    (0x27BF, 10.0),  # arrows, enclosed numbers, box drawing, shapes, ticks
    (0x2FFF, 14.0),
    (0x303F, 6.0),  # ideographic space, 、 。 《 》 【 】
    (0x312F, 13.0),  # kana, bopomofo
    (0x4DFF, 16.0),
    (0x9FFF, 16.8),  # Han outside GB 2312 and Big5 level 1
    (0xABFF, 17.0),
    (0xD7FF, 15.0),  # Hangul
    (0xDFFF, 25.0),
    (0xF8FF, 19.0),  # private use
    (0xFAFF, 16.0),
    (0xFDFF, 17.5),
    (0xFE6F, 9.0),  # vertical and small forms, zero width no-break space
    (0xFFEF, 7.0),  # full-width letters, digits and signs
    (0x1FFFF, 17.5),
    (0x3FFFF, 17.5),  # Han extensions B to H
)


def _is_broken(text: str) -> bool:
    """Say whether more than a few characters cannot stand in a text; long ones are judged by three pieces."""
    if _PLAIN.fullmatch(text):
        return False
    if text.count("\ufffd") > 1 + _BROKEN_SHARE * len(text) or text.count("\x00") > 1 + _NUL_SHARE * len(
        text
    ):
        return True
    middle = len(text) // 2
    pieces = (
        (text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:])
        if len(text) > 3 * _SAMPLE
        else (text,)
    )
    counts = Counter("".join(pieces))
    broken = sum(count for char, count in counts.items() if _char_cost(char) >= _BROKEN_COST)
    return broken > 1 + _BROKEN_SHARE * counts.total()


def _is_chance(found: Decoded, declared: bool) -> bool:
    """Say whether a reading is one that almost any bytes allow: no common characters in it."""
    if found.encoding == "utf-8" or declared:
        return False
    counts = Counter(found.text[:_SAMPLE])
    mean = sum(_char_cost(char) * count for char, count in counts.items()) / max(1, counts.total())
    return mean > (_UNMARKED_UTF16 if found.encoding.startswith("utf-16") else _FOREIGN_TO_CHINESE)
