"""Form fields: the state of tick boxes and drop-down lists (structure FFData)."""

from struct import unpack_from

_PICTURE_HEADER = 0x44
_VERSION = 0xFFFFFFFF
_CHECK_BOX, _DROP_DOWN = 1, 2
_UNTOUCHED = 25


def form_field_text(data: bytes, offset: int) -> str:
    """Return what the form field with its data at an offset of the Data stream prints; empty if unknown."""
    if offset + 6 > len(data):
        return ""
    size, header = unpack_from("<IH", data, offset)
    at, end = offset + header, min(offset + size, len(data))
    if header != _PICTURE_HEADER or at + 10 > end:
        return ""
    version, bits = unpack_from("<IH", data, at)
    if version != _VERSION:
        return ""
    kind, result = bits & 3, bits >> 2 & 31
    at = _skip_string(data, at + 10)
    if kind not in (_CHECK_BOX, _DROP_DOWN) or at + 2 > end:
        return ""
    chosen = unpack_from("<H", data, at)[0] if result == _UNTOUCHED else result
    if kind == _CHECK_BOX:
        return "☑" if chosen else "□"
    at += 2
    for _ in range(5):  # format, help, status, entry and exit macro
        at = _skip_string(data, at)
    return _list_entry(data, at, end, chosen)


def _skip_string(data: bytes, at: int) -> int:
    """Return the offset behind a counted string with a closing zero."""
    return at + 4 + 2 * unpack_from("<H", data, at)[0] if at + 2 <= len(data) else len(data)


def _list_entry(data: bytes, at: int, end: int, chosen: int) -> str:
    """Return one string of an extended string table (structure STTB)."""
    if at + 6 > end:
        return ""
    marker, count, extra = unpack_from("<3H", data, at)
    if marker != 0xFFFF or chosen >= count or chosen > 100:
        return ""
    at += 6
    for _ in range(chosen):
        if at + 2 > end:
            return ""
        at += 2 + 2 * unpack_from("<H", data, at)[0] + extra
    if at + 2 > end:
        return ""
    length = unpack_from("<H", data, at)[0]
    return data[at + 2 : min(at + 2 + 2 * length, end)].decode("utf-16-le", "replace")
