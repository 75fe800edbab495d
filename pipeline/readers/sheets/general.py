"""Numbers as the General format shows them, and as Chinese numerals."""

from math import floor, isfinite, log10

_NUMERALS = {1: "〇一二三四五六七八九", 2: "零壹贰叁肆伍陆柒捌玖", 3: "０１２３４５６７８９"}
_TENS = {1: ("", "十", "百", "千"), 2: ("", "拾", "佰", "仟"), 3: ("", "十", "百", "千")}
_GROUPS = ("", "万", "亿", "万亿")


def general(value: float) -> str:
    """Return a number as a cell of the General format shows it.

    Excel shows at most 11 characters (sign apart) and goes over to an exponent beyond. Two kinds of number
    are kept whole although Excel shortens them on the sheet (not in its formula bar): integers of up to 15
    digits, because they are codes, and numbers of up to two decimals and 15 digits, because they are amounts.
    """
    if not isfinite(value):
        return "#NUM!"
    if value == floor(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    if "e" not in text and len(text) - text.find(".") <= 3:
        return text
    return _shortened(value)


def _shortened(value: float) -> str:
    """Return what fits in 11 characters: fixed where it can be, else six digits and an exponent."""
    size = abs(value)
    power = floor(log10(size))
    room = 12 if value < 0 else 11
    if -4 <= power <= -1:
        return _plain(f"{value:.{10 + power}g}")
    if abs(power) <= 9:
        for text in (_plain(f"{value:.12f}"), _plain(f"{value:.10g}")):
            if len(text) <= room and "E" not in text:
                return text
    elif power == 10:
        return f"{value:.0f}"
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    return f"{_plain(mantissa)}E{exponent[0]}{exponent[1:].zfill(2)}"


def _plain(text: str) -> str:
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        return f"{_plain(mantissa)}E{exponent}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def numeral_digits(text: str, kind: int) -> str:
    """Return ``text`` with each digit as a Chinese numeral; ``kind`` is the n of [DBNumn]."""
    digits = _NUMERALS.get(kind)
    return text if digits is None else "".join(digits[int(c)] if "0" <= c <= "9" else c for c in text)


def numeral_text(text: str, kind: int) -> str:
    """Return a decimal number in words, 1234 -> 一千二百三十四; anything else digit by digit."""
    sign, body = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = body.partition(".")
    if kind not in _NUMERALS or not whole.isdigit() or (rest and not rest.isdigit()) or len(whole) > 16:
        return numeral_digits(text, kind)
    return sign + _numeral_whole(int(whole), kind) + point + numeral_digits(rest, kind)


def _numeral_whole(number: int, kind: int) -> str:
    digits, tens = _NUMERALS[kind], _TENS[kind]
    if number == 0:
        return digits[0]
    out: list[str] = []
    skipped = False
    for group in range(3, -1, -1):
        part = number // 10000**group % 10000
        for place in range(3, -1, -1):
            digit = part // 10**place % 10
            if digit == 0:
                skipped = bool(out)
                continue
            if skipped:
                out.append(digits[0])
                skipped = False
            out.append(digits[digit] + tens[place])
        if part:
            out.append(_GROUPS[group])
    text = "".join(out)
    return text[1:] if kind == 1 and text.startswith("一十") else text
