"""Number formats: what a cell with a format code shows.

The codes are those of ECMA-376 part 1 section 18.8.31; built-in ones are taken as a Chinese Excel shows them
(18.8.30, zh-cn), because most of them depend on the language of the machine and not on the file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pipeline.readers.sheets.dates import date_text
from pipeline.readers.sheets.general import general
from pipeline.readers.sheets.numbers import number_text

_LONGEST_CODE = 255  # Excel's own limit; a longer one is damage

BUILTIN: dict[int, str] = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"¥"#,##0;"¥"\\-#,##0',
    6: '"¥"#,##0;[Red]"¥"\\-#,##0',
    7: '"¥"#,##0.00;"¥"\\-#,##0.00',
    8: '"¥"#,##0.00;[Red]"¥"\\-#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: '上午/下午h"时"mm"分"',
    35: '上午/下午h"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"',
    37: "#,##0;\\-#,##0",
    38: "#,##0;[Red]\\-#,##0",
    39: "#,##0.00;\\-#,##0.00",
    40: "#,##0.00;[Red]\\-#,##0.00",
    41: '_ * #,##0_ ;_ * \\-#,##0_ ;_ * "-"_ ;_ @_ ',
    42: '_ "¥"* #,##0_ ;_ "¥"* \\-#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* \\-#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"',
    56: '上午/下午h"时"mm"分"ss"秒"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}

Display = Callable[[float], str]


class Token(NamedTuple):
    """One piece of a section: ``kind`` says what it is, ``text`` what it holds."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One of the up to four parts of a code: its tokens, its condition, and what kind of value it shows."""

    tokens: tuple[Token, ...]
    kind: str  # "number", "date", "general" or "text"
    condition: tuple[str, float] | None = None
    numerals: int = 0  # the n of [DBNumn]


_TOKEN = re.compile(
    r"""
    (?P<quoted>"[^"]*"?)
  | \\(?P<escaped>.)
  | (?P<pad>_.)
  | (?P<fill>\*.)
  | \[(?P<bracket>[^\]]*)\]
  | (?P<general>General|G/通用格式)
  | (?P<noon>AM/PM|A/P|上午/下午)
  | (?P<exponent>E[+-])
  | (?P<date>y+|m+|d+|h+|s+|a{3,4}|e+)
  | (?P<end>;)
  | (?P<digit>[0\#?])
  | (?P<mark>[.,%/@])
  | (?P<plain>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+(?:[Ee][+-]?[0-9]+)?)\Z")
_ELAPSED = re.compile(r"(h+|m+|s+)\Z", re.IGNORECASE)
_SIMPLE = re.compile(
    r'(?P<before>(?:"[^"]*"|\\.)*)(?P<comma>\#,\#\#)?0(?:\.(?P<places>0+))?(?P<percent>%?)'
    r'(?P<after>(?:"[^"]*"|\\.|_.|[ 元])*)\Z',
    re.DOTALL,
)
# What the system settings of a Chinese Windows put in the place of these two.
_SYSTEM = {"F800": 'yyyy"年"m"月"d"日"', "F400": "h:mm:ss"}


@lru_cache(maxsize=2048)
def display(code: str, date1904: bool = False) -> Display:
    """Return the function number -> shown text of a format code; it never raises."""
    if code in ("General", "@", "") or len(code) > _LONGEST_CODE:
        return general
    simple = _SIMPLE.match(code)
    if simple:
        return _fixed(simple, code, date1904)
    return _chosen(parse(code), date1904)


@lru_cache(maxsize=2048)
def text_display(code: str) -> Callable[[str], str] | None:
    """Return the function text -> shown text of a code that adds to text (``@"万元"``), else None."""
    if "@" not in code or len(code) > _LONGEST_CODE:
        return None
    found = [section for section in parse(code) if section.kind == "text"]
    if not found or all(token.kind in ("at", "pad") for token in found[-1].tokens):
        return None
    tokens = found[-1].tokens

    def shown(text: str) -> str:
        return "".join(text if kind == "at" else literal for kind, literal in tokens if kind != "pad")

    return shown if "".join(token.text for token in tokens if token.kind == "literal").strip() else None


@lru_cache(maxsize=2048)
def parse(code: str) -> tuple[Section, ...]:
    """Return the sections of a code, at most four; anything unknown in it is literal text."""
    sections: list[Section] = []
    reading = _Reading()
    for match in _TOKEN.finditer(code):
        if match.lastgroup == "end":
            sections.append(reading.section())
            reading = _Reading()
        else:
            reading.take(match.lastgroup or "plain", match[match.lastgroup or 0])
    sections.append(reading.section())
    return tuple(sections[:4])


class _Reading:
    """Gathers the tokens of one section."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.condition: tuple[str, float] | None = None
        self.numerals = 0

    def take(self, group: str, text: str) -> None:
        """Add one match of the tokenizer."""
        if group == "bracket":
            self._bracket(text)
        elif group == "quoted":
            self.tokens.append(Token("literal", text.strip('"')))
        elif group in ("escaped", "plain"):
            self.tokens.append(Token("literal", text))
        elif group == "mark":
            kinds = {".": "point", ",": "comma", "%": "percent", "/": "slash", "@": "at"}
            self.tokens.append(Token(kinds[text], text))
        elif group != "fill":
            self.tokens.append(Token(group, text.lower() if group == "date" else text))

    def _bracket(self, text: str) -> None:
        condition = _CONDITION.match(text)
        if condition:
            self.condition = (condition[1], _number(condition[2]))
        elif _ELAPSED.match(text):
            self.tokens.append(Token("elapsed", text.lower()))
        elif text.upper().startswith("DBNUM") and text[5:].isdigit():
            self.numerals = int(text[5:])
        elif text.startswith("$"):
            symbol, _, locale = text[1:].rpartition("-") if "-" in text else (text[1:], "", "")
            if symbol:
                self.tokens.append(Token("literal", symbol))
            elif locale.upper() in _SYSTEM:
                self.tokens.append(Token("system", locale.upper()))

    def section(self) -> Section:
        """Return what was gathered."""
        tokens = self.tokens
        system = next((token.text for token in tokens if token.kind == "system"), None)
        if system:
            (replaced,) = parse(_SYSTEM[system])
            tokens = list(replaced.tokens)
        kinds = {token.kind for token in tokens}
        if "at" in kinds:
            kind = "text"
        elif "general" in kinds:
            kind = "general"
        elif kinds & {"date", "elapsed", "noon"}:
            kind = "date"
        else:
            kind = "number"
        return Section(tuple(tokens), kind, self.condition, self.numerals)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _fixed(simple: re.Match[str], code: str, date1904: bool) -> Display:
    """Return the quick way for ``0.00``, ``#,##0.00``, ``0%`` and the like, which nearly all numbers have."""
    places, percent = len(simple["places"] or ""), bool(simple["percent"])
    pattern = f"{{:{',' if simple['comma'] else ''}.{places}f}}".format
    literals = [
        "".join(token.text for token in parse(part)[0].tokens if token.kind == "literal") if part else ""
        for part in (simple["before"], simple["after"])
    ]
    before, after = literals[0], ("%" if percent else "") + literals[1]
    if before.strip() != before or after.strip() != after or not 0 <= places <= 9:
        return _chosen(parse(code), date1904)
    scale = 10.0 ** (places + (2 if percent else 0))
    slow = _chosen(parse(code), date1904)

    def shown(value: float) -> str:
        # Rounding the binary number differs from rounding its 15 decimal digits only near a half: the slow way.
        scaled = abs(value) * scale
        if not scaled < 1e11 or abs(scaled % 1.0 - 0.5) < 1e-4:
            return slow(value)
        text = pattern(value * 100 if percent else value)
        return f"-{before}{text[1:]}{after}" if text[0] == "-" else f"{before}{text}{after}"

    return shown


def _chosen(sections: tuple[Section, ...], date1904: bool) -> Display:
    """Return the full way: choose the section by the value, then show it."""
    numeric = [section for section in sections if section.kind != "text"][:3]
    plain = not any(section.condition for section in numeric)

    def shown(value: float) -> str:
        if not numeric:
            return general(value)
        try:
            section = _choose(numeric, value, plain)
            if section is None:
                return "########"
            bare = (plain and len(numeric) > 1 and value < 0) or _below_zero(section)
            return _section_text(section, abs(value) if bare else value, date1904)
        except (ArithmeticError, ValueError, IndexError):
            return general(value)

    return lru_cache(maxsize=256)(shown)  # 100%, 10.00 and the same day come again and again


def _below_zero(section: Section) -> bool:
    """Say whether the section's own condition admits only negative numbers: it then writes the sign itself."""
    return section.condition is not None and (
        (section.condition[0] == "<" and section.condition[1] <= 0)
        or (section.condition[0] in ("<=", "=") and section.condition[1] < 0)
    )


def _choose(sections: list[Section], value: float, plain: bool) -> Section | None:
    if plain:
        if value < 0 and len(sections) > 1:
            return sections[1]
        return sections[2] if value == 0 and len(sections) > 2 else sections[0]
    for number, section in enumerate(sections):
        if section.condition is None:
            # the part without a condition takes what is left; the second of three takes the negative ones
            if number == 1 and len(sections) == 3 and value >= 0:
                continue
            return section
        if _holds(section.condition, value):
            return section
    return None


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _section_text(section: Section, value: float, date1904: bool) -> str:
    if section.kind == "date":
        return date_text(section.tokens, value, date1904, section.numerals).strip()
    return number_text(section.tokens, value, section.numerals).strip()
