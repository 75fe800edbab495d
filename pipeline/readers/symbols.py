"""Characters of symbol fonts as Unicode: what a Wingdings tick or a Symbol ≥ looks like on paper.

Office files store such a character as a code of the font (0x00-0xFF, or U+F000-U+F0FF in the private use
area) and the font's name. A form prints its tick boxes and its comparison signs this way. Where Unicode has
several near-equal signs, the one that Chinese forms type directly is taken: √ × □ ■ ☑ ☒.
"""

from collections.abc import Mapping

_SYMBOL_LOW = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
)
_SYMBOL_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\uf8ff〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)


def _run(first: int, glyphs: str) -> dict[int, str]:
    return {first + offset: glyph for offset, glyph in enumerate(glyphs)}


# Font name (lower case) -> code -> character. Sources: the Adobe Symbol encoding and the Unicode names list
# for Wingdings (Unicode 7.0), with signs outside the basic plane replaced by their plain look-alikes.
FONTS: Mapping[str, Mapping[int, str]] = {
    "symbol": _run(0x20, _SYMBOL_LOW) | _run(0xA0, _SYMBOL_HIGH),
    "wingdings": {0x20: " "}
    | _run(0x21, "✏✂✁")
    | _run(0x28, "☎✆✉")
    | {0x36: "⌛", 0x37: "⌨", 0x3E: "✇", 0x3F: "✍", 0x41: "✌", 0x4A: "☺", 0x4C: "☹", 0x4E: "☠", 0x4F: "⚐"}
    | _run(0x45, "☜☞☝☟")
    | {0x51: "✈", 0x52: "☼", 0x54: "❄", 0x55: "✞", 0x58: "✠", 0x59: "✡", 0x5A: "☪", 0x5B: "☯", 0x5D: "☸"}
    | _run(0x5E, "♈♉♊♋♌♍♎♏♐♑♒♓&&●❍■□□❑❒◆◆◆❖◆☒⍓⌘❀✿❝❞")
    | _run(0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")
    | _run(0x9E, "·•▪○○○◉◎")
    | _run(0xA7, "▪□")
    | _run(0xAA, "✦★✶✴✹✵")
    | {0xB5: "✪", 0xB6: "✰", 0xD8: "➢", 0xDC: "➲", 0xE8: "➔"}
    | _run(0xDF, "←→↑↓↖↗↙↘")
    | _run(0xEF, "⇦⇨⇧⇩")
    | _run(0xFB, "×√☒☑"),
    "wingdings 2": {0x20: " "}
    | _run(0x4F, "×√☒☑☒☒")
    | _run(0x69, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")
    | {0x97: "●", 0xA1: "■", 0xA2: "■", 0xA3: "□", 0xAE: "◆", 0xAF: "◇"},
    "wingdings 3": {0x20: " "} | _run(0x70, "▲▼△▽◀▶◁▷"),
    "webdings": {0x20: " ", 0x61: "√", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "×"},
}


def glyph(font: str, code: int) -> str:
    """Return the Unicode character of a code (0x00-0xFF or U+F000-U+F0FF) in a symbol font.

    A code that no table knows stays what it is, a private-use character: nothing is lost or guessed.
    """
    known = FONTS.get(font.strip().lower())
    if known is not None:
        found = known.get(code - 0xF000 if 0xF000 <= code <= 0xF0FF else code)
        if found is not None:
            return found
    if 0xD800 <= code <= 0xDFFF or not 0 < code <= 0x10FFFF:
        return "\ufffd"
    return chr(code)
