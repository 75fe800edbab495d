"""Dates and times by the parts of a format section."""

from collections.abc import Sequence
from datetime import date, timedelta

from pipeline.readers.sheets.general import general, numeral_digits, numeral_text

_LAST_DAY = 2958465  # 9999-12-31
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS_ZH = "一二三四五六日"

Tokens = Sequence[tuple[str, str]]


def date_text(tokens: Tokens, serial: float, date1904: bool, numerals: int = 0) -> str:
    """Return a serial number (days) as the date and time parts show it; one that is no date as a number."""
    parts = _with_minutes(tokens)
    fraction = _fraction_places(parts)
    units = 10**fraction
    if date1904:
        serial += 1462
    if not 0 <= serial < _LAST_DAY + 1:
        return general(serial - 1462 if date1904 else serial)
    # Rounded once, at the finest part that can show: 0.9999999 of a day carries over to the next day.
    ticks = int(serial * 86400 * units + 0.5)
    days, within = divmod(ticks, 86400 * units)
    day = _calendar(days)
    clock = _Clock(within // units, within % units, fraction, ticks // units)
    noon = any(kind == "noon" for kind, _ in parts)
    out: list[str] = []
    for kind, text in parts:
        if kind == "date":
            shown = _calendar_part(text, day) if text[0] in "ymdae" else clock.part(text, noon)
            out.append(_numerals(shown, text, numerals) if numerals else shown)
        elif kind == "minute":
            shown = clock.part("n" * len(text), noon)
            out.append(numeral_text(shown, numerals) if numerals else shown)
        elif kind == "elapsed":
            out.append(clock.elapsed(text))
        elif kind == "noon":
            out.append(clock.half(text))
        elif kind == "fraction":
            out.append(clock.fraction(text))
        elif kind != "pad":
            out.append(text)
    return "".join(out)


def _with_minutes(tokens: Tokens) -> list[tuple[str, str]]:
    """Return the tokens with ``m`` after an hour or before a second as minutes, and ``.00`` as fraction."""
    parts = list(tokens)
    clock = [
        i
        for i, (kind, text) in enumerate(parts)
        if kind == "elapsed" or (kind == "date" and text[0] in "ymdhs")
    ]
    for n, i in enumerate(clock):
        kind, text = parts[i]
        if kind != "date" or text[0] != "m" or len(text) > 2:
            continue
        before = parts[clock[n - 1]][1][0] if n else ""
        after = parts[clock[n + 1]][1][0] if n + 1 < len(clock) else ""
        if before == "h" or after == "s":
            parts[i] = ("minute", text)
    out: list[tuple[str, str]] = []
    for kind, text in parts:
        if kind == "digit" and text == "0" and out and out[-1] == ("point", "."):
            out[-1] = ("fraction", "0")
        elif kind == "digit" and text == "0" and out and out[-1][0] == "fraction":
            out[-1] = ("fraction", out[-1][1] + "0")
        else:
            out.append((kind, text))
    return out


def _fraction_places(parts: Tokens) -> int:
    return min(3, max((len(text) for kind, text in parts if kind == "fraction"), default=0))


def _calendar(days: int) -> tuple[int, int, int, int]:
    """Return year, month, day and weekday (Monday is 0); day 60 is the 29 February 1900 of Excel."""
    if days == 0:
        return 1900, 1, 0, 5
    if days == 60:
        return 1900, 2, 29, 2
    day = date(1899, 12, 30 if days > 60 else 31) + timedelta(days=days)
    return day.year, day.month, day.day, (days - 2) % 7


def _calendar_part(text: str, day: tuple[int, int, int, int]) -> str:
    year, month, number, weekday = day
    letter, width = text[0], len(text)
    if letter == "y":
        return f"{year:04d}" if width > 2 else f"{year % 100:02d}"
    if letter == "e":
        return str(year)
    if letter == "a":
        return ("星期" if width > 3 else "") + _WEEKDAYS_ZH[weekday]
    if width <= 2:
        value = month if letter == "m" else number
        return f"{value:0{width}d}"
    if letter == "m":
        name = _MONTHS[month - 1]
        return name[:3] if width == 3 else name[:1] if width == 5 else name
    return _WEEKDAYS[weekday][:3] if width == 3 else _WEEKDAYS[weekday]


def _numerals(shown: str, text: str, kind: int) -> str:
    return numeral_digits(shown, kind) if text[0] in "ye" else numeral_text(shown, kind)


class _Clock:
    """The time of day in seconds, with the parts that show it."""

    def __init__(self, second: int, rest: int, places: int, total: int) -> None:
        self._second, self._rest, self._places, self._total = second, rest, places, total

    def part(self, text: str, noon: bool) -> str:
        """Return hours, minutes (``n``) or seconds, padded to the width of the text."""
        if text[0] == "h":
            value = self._second // 3600
            value = (value % 12 or 12) if noon else value
        else:
            value = self._second // 60 % 60 if text[0] == "n" else self._second % 60
        return f"{value:0{min(len(text), 2)}d}"

    def half(self, text: str) -> str:
        """Return the word for the half of the day, in the words of the format."""
        first, _, second = text.partition("/")
        return first if self._second < 43200 else second

    def elapsed(self, text: str) -> str:
        """Return all hours, minutes or seconds since the day 0."""
        return f"{self._total // {'h': 3600, 'm': 60, 's': 1}[text[0]]:0{len(text)}d}"

    def fraction(self, text: str) -> str:
        """Return the point and the fraction of the second."""
        digits = f"{self._rest:0{self._places}d}" if self._places else ""
        return "." + digits.ljust(len(text), "0")[: len(text)]
