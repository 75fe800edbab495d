"""Find the styles whose text is hidden: forms pasted from web pages bring some (z-Top of Form)."""

from struct import unpack_from

from pipeline.readers.msdoc import sprms
from pipeline.readers.msdoc.fib import STYLES, Fib

_PARAGRAPH, _CHARACTER = 1, 2
_HIDDEN = sprms.C_HIDDEN.to_bytes(2, "little")


def hidden_styles(fib: Fib) -> frozenset[int]:
    """Return the indices of paragraph and character styles that hide their text, inheritance included.

    The style sheet (structure STSH) is taken apart only when a hiding modifier occurs in its bytes.
    """
    sheet = fib.part(STYLES)
    if _HIDDEN not in sheet or len(sheet) < 8:
        return frozenset()
    header, count, base_size = unpack_from("<3H", sheet, 0)
    at = 2 + header
    own: dict[int, bool] = {}
    parent: dict[int, int] = {}
    for index in range(min(count, 0x0FFF)):
        if at + 2 > len(sheet):
            break
        size = unpack_from("<H", sheet, at)[0]
        style = sheet[at + 2 : at + 2 + size]
        at += 2 + size + (size & 1)
        if len(style) >= max(base_size, 6):
            kind = unpack_from("<H", style, 2)[0]
            parent[index] = kind >> 4
            hides = _hides(style, base_size, kind & 15)
            if hides is not None:
                own[index] = hides
    return frozenset(index for index in parent if _inherited(index, own, parent))


def _inherited(index: int, own: dict[int, bool], parent: dict[int, int]) -> bool:
    for _ in range(16):
        if index in own:
            return own[index]
        if index not in parent:
            return False
        index = parent[index]
    return False


def _hides(style: bytes, base_size: int, kind: int) -> bool | None:
    """Return what a style's own character properties say about hiding; None where they are silent."""
    if kind not in (_PARAGRAPH, _CHARACTER) or base_size + 2 > len(style):
        return None
    at = base_size + 4 + 2 * unpack_from("<H", style, base_size)[0]
    if kind == _PARAGRAPH and at + 2 <= len(style):
        size = unpack_from("<H", style, at)[0]
        at += 2 + size + (size & 1)
    if at + 2 > len(style):
        return None
    size = unpack_from("<H", style, at)[0]
    grpprl = style[at + 2 : at + 2 + size]
    for operation, place, _ in sprms.split(grpprl):
        if operation == sprms.C_HIDDEN:
            return grpprl[place] & 1 == 1
    return None
