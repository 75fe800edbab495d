"""Lock .xls books as Excel does, to test that those with its default password are opened."""

import hashlib
import struct

from pipeline.readers.sheets.compound import Compound
from tests.readers.sheet_samples import form, write_form_xls, xls_bytes
from tests.readers.word_binary import container

SALT = bytes(range(16))
PLAIN = {0x0809, 0x002F, 0x00E1, 0x0194, 0x0195, 0x0196, 0x0138}


def rc4(key: bytes, data: bytes) -> bytes:
    """Return data enciphered, straight from the cipher's description."""
    s, j = list(range(256)), 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    out, i, j = [], 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        out.append(byte ^ s[(s[i] + s[j]) % 256])
    return bytes(out)


def key_40(password: str, block: int) -> bytes:
    """Return a key of the older cipher."""
    start = hashlib.md5(password.encode("utf-16-le")).digest()[:5]
    base = hashlib.md5((start + SALT) * 16).digest()[:5]
    return hashlib.md5(base + struct.pack("<I", block)).digest()


def key_api(password: str, block: int, size: int) -> bytes:
    """Return a key of the newer cipher."""
    base = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    found = hashlib.sha1(base + struct.pack("<I", block)).digest()[:size]
    return found + bytes(11) if size == 5 else found


def book(number: int = 5) -> bytes:
    """Return a plain book."""
    return xls_bytes(lambda book: write_form_xls(book, form(number)))


def locked(password: str, bits: int = 0) -> bytes:
    """Return the book locked: ``bits`` 0 with the older cipher, else RC4 CryptoAPI with keys of so many bits."""
    stream = Compound(book()).stream("Workbook")
    verifier = b"0123456789abcdef"
    if bits:
        size = bits // 8
        keys = [key_api(password, n, size) for n in range(len(stream) // 1024 + 2)]
        check = rc4(keys[0], verifier + hashlib.sha1(verifier).digest())
        name = "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16-le")
        header = struct.pack("<8I", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + name
        told = struct.pack("<HHHII", 1, 2, 2, 4, len(header)) + header
        told += struct.pack("<I", 16) + SALT + check[:16] + struct.pack("<I", 20) + check[16:]
    else:
        keys = [key_40(password, n) for n in range(len(stream) // 1024 + 2)]
        check = rc4(keys[0], verifier + hashlib.md5(verifier).digest())
        told = struct.pack("<HHH", 1, 1, 1) + SALT + check
    begin = 4 + struct.unpack_from("<H", stream, 2)[0]
    stream = stream[:begin] + struct.pack("<HH", 0x2F, len(told)) + told + stream[begin:]
    return container({"Workbook": _enciphered(bytearray(stream), keys, len(told) + 4)})


def _enciphered(stream: bytearray, keys: list[bytes], moved: int) -> bytes:
    """Return the stream with everything enciphered but what stays plain; sheets lie ``moved`` bytes further."""
    at, keep = 0, []
    while at < len(stream) - 3:
        code, size = struct.unpack_from("<HH", stream, at)
        if code == 0x85:
            struct.pack_into("<I", stream, at + 4, struct.unpack_from("<I", stream, at + 4)[0] + moved)
        keep.append((at, at + 4 + (size if code in PLAIN else 4 if code == 0x85 else 0)))
        at += 4 + size
    blocks = range(0, len(stream), 1024)
    hidden = bytearray(b"".join(rc4(keys[n // 1024], bytes(stream[n : n + 1024])) for n in blocks))
    for start, end in keep:
        hidden[start:end] = stream[start:end]
    return bytes(hidden)
