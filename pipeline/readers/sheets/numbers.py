"""Numbers by the digit placeholders of a format section."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from pipeline.readers.sheets.general import general, numeral_digits, numeral_text

Tokens = Sequence[tuple[str, str]]


def number_text(tokens: Tokens, value: float, numerals: int = 0) -> str:
    """Return the value as the tokens (kind, text) of one section show it; ArithmeticError for infinity."""
    kinds = [kind for kind, _ in tokens]
    if "general" in kinds:
        return _general_text(tokens, value, numerals)
    # Excel works with 15 decimal digits and rounds half away from zero, so 1.005 shows as 1.01
    number = abs(Decimal(f"{value:.15g}"))
    with localcontext() as context:
        context.prec = 400
        number = number.scaleb(2 * kinds.count("percent") - 3 * _scale_commas(kinds))
        if "digit" not in kinds:
            text = "".join(text for kind, text in tokens if kind in ("literal", "percent", "slash", "comma"))
        elif "slash" in kinds and "point" not in kinds and "exponent" not in kinds:
            text = _fraction(tokens, number)
        elif "exponent" in kinds:
            text = _exponent(tokens, kinds.index("exponent"), number)
        else:
            text = _decimal(tokens, number)
    text = numeral_digits(text, numerals) if numerals else text
    return f"-{text}" if value < 0 else text


def _general_text(tokens: Tokens, value: float, numerals: int) -> str:
    shown = general(abs(value))
    shown = numeral_text(shown, numerals) if numerals else shown
    body = "".join(shown if kind == "general" else text for kind, text in tokens if kind not in ("pad",))
    return f"-{body}" if value < 0 else body


def _scale_commas(kinds: list[str]) -> int:
    """Count the commas that stand right behind the last digit before the point: each divides by 1000."""
    end = kinds.index("point") if "point" in kinds else len(kinds)
    before = [i for i in range(end) if kinds[i] == "digit"]
    scale = 0
    for start in {
        before[-1] if before else -1,
        max((i for i, k in enumerate(kinds) if k == "digit"), default=-1),
    }:
        position = start + 1
        while start >= 0 and position < len(kinds) and kinds[position] == "comma":
            scale += 1
            position += 1
    return scale


def _is_grouped(kinds: Sequence[str]) -> bool:
    """Say whether a comma stands between two digits before the point: thousands are set apart."""
    end = list(kinds).index("point") if "point" in kinds else len(kinds)
    places = [i for i in range(end) if kinds[i] == "digit"]
    return bool(places) and any(kinds[i] == "comma" for i in range(places[0], places[-1]))


def _decimal(tokens: Tokens, number: Decimal) -> str:
    """Return fixed-point text: digits go to their places from the point outwards, literals stay between."""
    kinds = [kind for kind, _ in tokens]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    places = sum(kind == "digit" for kind in kinds[point:])
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    whole, _, part = f"{rounded:f}".partition(".")
    left = _whole_part(tokens[:point], whole.lstrip("0"), _is_grouped(kinds))
    return left + _decimal_part(tokens[point:], part)


def _whole_part(tokens: Tokens, digits: str, grouped: bool) -> str:
    slots = sum(kind == "digit" for kind, _ in tokens)
    extra = max(0, len(digits) - slots)
    out: list[str] = []
    for kind, text in tokens:
        if kind == "digit":
            place = slots - 1  # digits to the right of this placeholder
            take = digits[: extra + 1] if extra else ""
            if extra:
                digits, extra = digits[len(take) :], 0
            elif len(digits) > place:
                take, digits = digits[0], digits[1:]
            else:
                take = {"0": "0", "?": " "}.get(text, "")
            out.append(_grouped(take, place) if grouped and take.strip() else take)
            slots -= 1
        elif kind not in ("comma", "pad"):
            out.append(text)
    return "".join(out)


def _grouped(digits: str, place: int) -> str:
    """Return the digits with a comma behind each that has a multiple of three digits to its right."""
    out: list[str] = []
    for i, digit in enumerate(digits):
        right = place + len(digits) - 1 - i
        out.append(digit + ("," if right and right % 3 == 0 else ""))
    return "".join(out)


def _decimal_part(tokens: Tokens, digits: str) -> str:
    kept = len(digits.rstrip("0"))
    out: list[str] = []
    position = 0
    for kind, text in tokens:
        if kind == "digit":
            if position < kept or text == "0":
                out.append(digits[position])
            elif text == "?":
                out.append(" ")
            position += 1
        elif kind not in ("comma", "pad"):
            out.append(text)
    return "".join(out)


def _exponent(tokens: Tokens, at: int, number: Decimal) -> str:
    """Return scientific text; with n digits before the point the exponent is a multiple of n."""
    mantissa, rest = tokens[:at], tokens[at + 1 :]
    kinds = [kind for kind, _ in mantissa]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    width = max(1, sum(kind == "digit" for kind in kinds[:point]))
    places = sum(kind == "digit" for kind in kinds[point:])
    power = number.adjusted() if number else 0
    power -= power % width
    scaled = number.scaleb(-power).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if scaled >= Decimal(10) ** width:
        power += width
        scaled = number.scaleb(-power).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign = "-" if power < 0 else "+" if tokens[at][1].endswith("+") else ""
    return f"{_decimal(mantissa, scaled)}E{sign}{_whole_part(rest, str(abs(power)).lstrip('0'), False)}"


def _fraction(tokens: Tokens, number: Decimal) -> str:
    """Return ``1 1/2``: the nearest fraction whose denominator has as many digits as the format."""
    at = [kind for kind, _ in tokens].index("slash")
    before = _digit_runs(tokens[:at])
    below = "".join(text for kind, text in tokens[at + 1 :] if kind in ("digit", "literal")).strip()
    mixed = len(before) > 1
    whole = int(number.to_integral_value(rounding=ROUND_FLOOR)) if mixed else 0
    part = Fraction(number) - whole
    fixed = int(below) if below.isdigit() and int(below) else 0
    if fixed:
        top, bottom = int(part * fixed + Fraction(1, 2)), fixed
    else:
        close = part.limit_denominator(max(1, 10 ** min(len(below), 7) - 1))
        top, bottom = close.numerator, close.denominator
    if mixed and top == bottom:
        whole, top = whole + 1, 0
    if mixed and top == 0:
        return str(whole)
    return f"{whole} {top}/{bottom}" if mixed and whole else f"{top}/{bottom}"


def _digit_runs(tokens: Iterable[tuple[str, str]]) -> list[str]:
    runs = [""]
    for kind, text in tokens:
        if kind == "digit":
            runs[-1] += text
        elif runs[-1]:
            runs.append("")
    return [run for run in runs if run]
