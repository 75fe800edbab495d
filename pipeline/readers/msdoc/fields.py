"""Fields: hide the codes, keep the results, and print the fields whose code is all there is."""

import re
from collections.abc import Callable, Iterator

from pipeline.readers.symbols import glyph

_MARKS = re.compile("[\x13\x14\x15]")
_CODE = re.compile(r"\s*([A-Za-z]+)\s*(.*)", re.DOTALL)
_SYMBOL = re.compile(r"\s*(0x[0-9A-Fa-f]{1,5}|\d{1,6}|.)")
_FONT = re.compile(r"""\\f\s*(?:["“”]([^"“”]*)["“”]|(\S+))""", re.IGNORECASE)

# (first position, position after the last) to hide, and what is printed there instead.
Edit = tuple[int, int, str]


def field_edits(text: str, start: int, end: int, form_field: Callable[[int], str]) -> Iterator[Edit]:
    """Yield the ranges of a story that are field codes, each with the text that stands for the field.

    A field is begin, code, separator, result, end; the result is shown as it is. Without a
    separator only SYMBOL, EQ and form fields print something. ``form_field`` gives the text of the form field
    whose placeholder character stands at a position. Marks without a partner hide nothing but themselves.
    """
    stack: list[list[int]] = []  # begin and separator (-1: none yet) of the fields that are open
    for match in _MARKS.finditer(text, start, end):
        at = match.start()
        mark = text[at]
        if mark == "\x13":
            stack.append([at, -1])
        elif mark == "\x14":
            if stack and stack[-1][1] < 0:
                stack[-1][1] = at
        elif stack:
            begin, separator = stack.pop()
            code_end = separator if separator >= 0 else at
            printed = (
                ""
                if text[code_end + 1 : at].strip("\x01 ")
                else _printed(text, begin + 1, code_end, form_field)
            )
            yield begin, code_end + 1, printed


def _printed(text: str, start: int, end: int, form_field: Callable[[int], str]) -> str:
    """Return what a field without a result prints."""
    if end - start > 500:
        return ""
    code = text[start:end]
    match = _CODE.match(code)
    if match is None:
        return ""
    name = match[1].upper()
    if name == "SYMBOL":
        return _symbol(match[2])
    if name == "EQ":
        return _equation(match[2])
    if name in ("FORMCHECKBOX", "FORMDROPDOWN"):
        place = code.find("\x01")
        return form_field(start + place if place >= 0 else end + 1)
    return ""


def _symbol(rest: str) -> str:
    number = _SYMBOL.match(rest)
    if number is None:
        return ""
    digits = number[1]
    code = (
        int(digits, 0) if digits[:2].lower() == "0x" else int(digits) if digits.isdecimal() else ord(digits)
    )
    font = _FONT.search(rest)
    if font is None and code < 0x100:
        return bytes([code]).decode("cp1252", "replace")
    return glyph((font[1] or font[2] or "") if font else "", code)


_SWITCH = re.compile(r"\\[A-Za-z]+\d*")
_ENCLOSED = {"□√": "☑", "□×": "☒"} | {f"○{n}": chr(0x245F + n) for n in range(1, 21)}


def _equation(rest: str) -> str:
    r"""Return an equation's arguments side by side: ``\o\ac(□,√)`` is a ticked box, ``\f(1,2)`` 1/2."""
    joint = "/" if re.match(r"\s*\\f\b", rest, re.IGNORECASE) else ""
    inner = _SWITCH.sub("", rest).strip()
    if inner.startswith(("(", "（")) and inner.endswith((")", "）")):
        inner = inner[1:-1]
    printed = joint.join(part.strip() for part in re.split("[,，;；]", inner))
    return _ENCLOSED.get(printed, printed)
