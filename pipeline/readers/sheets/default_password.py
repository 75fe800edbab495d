"""Open .xls books that Excel opens without asking: those locked with its default password.

Excel encrypts a book whose windows or structure are protected with the password VelvetSweatshop and tries it before
it asks. The cipher is RC4 ([MS-OFFCRYPTO] 2.3.5 and 2.3.6), re-keyed every 1024 bytes of the stream; record headers
and a few records stay plain ([MS-XLS] 2.2.10). Nobody's secret is guessed: any other password stays a refusal.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from itertools import repeat
from struct import unpack_from

_PASSWORD = "VelvetSweatshop".encode("utf-16-le")
_FILEPASS, _BOF, _BOUNDSHEET = 0x002F, 0x0809, 0x0085
_BOFS = (0x0009, 0x0209, 0x0409, _BOF)
# UsrExcl, FileLock, InterfaceHdr, RRDInfo, RRDHead
_PLAIN = frozenset((*_BOFS, _FILEPASS, 0x0194, 0x0195, 0x00E1, 0x0196, 0x0138))
_UNKNOWN = b"\xff\xff"  # what the FILEPASS record becomes: a record that no reader knows
_BLOCK = 1024
_LIMIT = 16 << 20  # pure Python ciphers some 3 MB/s
_HEAD = 65_536  # where the FILEPASS record is looked for
_WRITE_PROTECT = 0x0086

KeyOf = Callable[[int], bytes]


def unlocked(stream: bytes) -> bytes:
    """Return the records of a workbook in plain; as they came where they are plain or have another password."""
    at = _filepass(stream)
    if at is None or len(stream) > _LIMIT:
        return stream
    try:
        key = _key(stream[at + 4 : at + 4 + unpack_from("<H", stream, at + 2)[0]])
    except struct.error:  # the record is cut off
        return stream
    if key is None:
        return stream
    plain = bytearray(_deciphered(stream, key))
    for start, end in _kept(stream):
        plain[start:end] = stream[start:end]
    plain[at : at + 2] = _UNKNOWN
    return bytes(plain)


def _records(stream: bytes, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (code, start, end) of the records; both ends include the header."""
    at, end = 0, min(end, len(stream) - 3)
    while at < end:
        code, size = unpack_from("<HH", stream, at)
        yield code, at, at + 4 + size
        at += 4 + size


def _filepass(stream: bytes) -> int | None:
    for code, start, _ in _records(stream, _HEAD):
        if code == _FILEPASS:
            return start
        if code not in (*_BOFS, _WRITE_PROTECT):  # it comes right behind the begin, or not at all
            break
    return None


def _kept(stream: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges that are never enciphered: headers, some records, where a sheet begins."""
    for code, start, end in _records(stream, len(stream)):
        if code in _PLAIN:
            yield start, end
        else:
            yield start, start + (8 if code == _BOUNDSHEET else 4)


def _key(record: bytes) -> KeyOf | None:
    """Return block number -> key where the record's verifier says that the default password is right."""
    kind, major, minor = unpack_from("<HHH", record, 0)
    if kind != 1:
        return None
    if (major, minor) == (1, 1):
        salt, check, stated = record[6:22], record[22:38], record[38:54]
        key, digest = _rc4_key(salt), hashlib.md5
    elif major in (2, 3, 4) and minor == 2:
        size, bits = unpack_from("<I", record, 10)[0], unpack_from("<I", record, 30)[0] or 40
        if bits not in range(40, 129, 8):
            return None
        body = record[14 + size :]
        salt, check, stated = body[4:20], body[20:36], body[40:60]
        key, digest = _crypto_api_key(salt, bits // 8), hashlib.sha1
    else:
        return None
    plain = _xor(check + stated, _rc4(key(0), len(check + stated)))
    return key if digest(plain[:16], usedforsecurity=False).digest() == plain[16:] else None


def _rc4_key(salt: bytes) -> KeyOf:
    """Return the keys of 40-bit RC4 ([MS-OFFCRYPTO] 2.3.6.2)."""
    start = _md5(_PASSWORD)[:5]
    base = _md5((start + salt) * 16)[:5]
    return lambda block: _md5(base + block.to_bytes(4, "little"))


def _crypto_api_key(salt: bytes, size: int) -> KeyOf:
    """Return the keys of RC4 CryptoAPI ([MS-OFFCRYPTO] 2.3.5.2); one of 40 bits is filled up with zeros."""
    base = hashlib.sha1(salt + _PASSWORD, usedforsecurity=False).digest()

    def key(block: int) -> bytes:
        found = hashlib.sha1(base + block.to_bytes(4, "little"), usedforsecurity=False).digest()[:size]
        return found.ljust(16, b"\0") if size == 5 else found

    return key


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _deciphered(stream: bytes, key: KeyOf) -> bytes:
    """Return all bytes deciphered, each block with its own key."""
    return b"".join(
        _xor(part := stream[start : start + _BLOCK], _rc4(key(start // _BLOCK), len(part)))
        for start in range(0, len(stream), _BLOCK)
    )


def _xor(data: bytes, stream: bytes) -> bytes:
    size = len(data)
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def _rc4(key: bytes, size: int) -> bytes:
    """Return so many bytes of the RC4 key stream."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for _ in repeat(None, size):
        i = (i + 1) & 255
        x = state[i]
        j = (j + x) & 255
        state[i] = y = state[j]
        state[j] = x
        out.append(state[(x + y) & 255])
    return bytes(out)
