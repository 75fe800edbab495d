"""Split lists of single property modifiers (sprms) into operation, place and length of the operand."""

from struct import unpack_from

# Operand length by the operation's top three bits (section 2.2.5.1); 0 means: the first byte tells.
_LENGTHS = (1, 1, 2, 4, 2, 2, 0, 3)

P_IN_TABLE, P_ROW_END, P_DEPTH, P_DEPTH_CHANGE = 0x2416, 0x2417, 0x6649, 0x664A
P_INNER_CELL, P_INNER_ROW_END = 0x244B, 0x244C
P_HUGE, P_HUGE_OLD, P_TABLE_PROPS = 0x6646, 0x6645, 0x646B
P_TABS = 0xC615

T_DEFINE, T_DEFINE_OLD = 0xD608, 0xD606
T_VERTICAL_MERGE, T_MERGE, T_SPLIT = 0xD62B, 0x5624, 0x5625
T_INSERT, T_DELETE, T_COLUMN_WIDTH = 0x7621, 0x5622, 0x7623
# Anchor and offsets of a floating table.
T_POSITION = (0x360D, 0x940E, 0x940F)
T_LEFT, T_HALF_GAP, T_CELL_WIDTH = 0x9601, 0x9602, 0xD635

C_DELETED, C_HIDDEN, C_SYMBOL, C_STYLE = 0x0800, 0x083C, 0x6A09, 0x4A30
C_PICTURE = 0x6A03
C_FONTS = (0x4A4F, 0x4A50, 0x4A51)

# A parsed list: (operation, offset of the operand, its length); the operand always lies within the bytes.
Sprm = tuple[int, int, int]


def split(grpprl: bytes) -> list[Sprm]:
    """Return the modifiers of a list; what runs over its end is dropped."""
    found: list[Sprm] = []
    at, end = 0, len(grpprl)
    while at + 3 <= end:
        operation = grpprl[at] | grpprl[at + 1] << 8
        at += 2
        length = _LENGTHS[operation >> 13]
        if not length:
            at, length = _variable(grpprl, operation, at)
        if at + length > end:
            break
        found.append((operation, at, length))
        at += length
    return found


def _variable(grpprl: bytes, operation: int, at: int) -> tuple[int, int]:
    """Return offset and length of an operand that states its own length."""
    first = grpprl[at]
    if operation in (T_DEFINE, T_DEFINE_OLD):
        size = unpack_from("<H", grpprl, at)[0] if at + 2 <= len(grpprl) else 0
        return at + 2, max(0, size - 1)
    if operation == P_TABS and first == 0xFF:  # long lists count their deleted and added tab stops instead
        deleted = grpprl[at + 1] if at + 1 < len(grpprl) else 0
        added_at = at + 2 + 4 * deleted
        added = grpprl[added_at] if added_at < len(grpprl) else 0
        return at + 1, 2 + 4 * deleted + 3 * added
    return at + 1, first
