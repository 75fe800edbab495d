"""Python values -> Arrow columns, by their buffers.

``pa.array`` imports pandas when it is installed (a quarter of a second of every short run), even for an
explicit type; ``pa.Array.from_buffers`` does not. The buffers follow the Arrow columnar format, version 1.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from itertools import accumulate, chain, repeat
from operator import is_not
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_PART = "\0"
_MOST = 2**31 - 1
_TOO_LONG = "more than 2 GiB of text in one column chunk"
_CODES = {"int8": "b", "int16": "h", "int32": "i", "int64": "q", "float": "f", "double": "d"}


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a name as rules/fields.yaml writes it; ValueError for any other."""
    import pyarrow as pa

    if name.startswith("list<") and name.endswith(">"):
        return pa.list_(arrow_type(name[5:-1]))
    if name.startswith("decimal128(") and name.endswith(")"):
        precision, _, scale = name[11:-1].partition(",")
        return pa.decimal128(int(precision), int(scale))
    known: dict[str, pa.DataType] = {
        "string": pa.string(),
        "float": pa.float32(),
        "double": pa.float64(),
        "int8": pa.int8(),
    }
    known |= {"int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64()}
    if name not in known:
        raise ValueError(f"unknown Arrow type {name!r}")
    return known[name]


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Return the values as an Arrow array of that type; None is null.

    Raises ValueError or TypeError where a value does not fit exactly: a decimal with more digits than the
    type has, a number that is not finite, an integer out of range. Nothing is rounded.
    """
    import pyarrow as pa

    count = len(values)
    kinds = set(map(type, values))
    missing = values.count(None) if type(None) in kinds else 0
    if count and missing == count:  # half the columns of the ledger are empty
        kind_any: Any = kind
        empty: pa.Array[Any] = pa.nulls(count, kind_any)
        return empty
    kinds.discard(type(None))
    validity = _bits(values) if missing else None
    if pa.types.is_list(kind):
        lists = [value or () for value in values]
        child = column(list(chain.from_iterable(lists)), kind.value_type)
        offsets = pa.py_buffer(_offsets(list(map(len, lists))))
        return pa.Array.from_buffers(kind, count, [validity, offsets], missing, children=[child])
    if pa.types.is_string(kind):
        texts = values if not missing else ["" if value is None else value for value in values]
        offsets, data = map(pa.py_buffer, _together(texts) or _one_by_one(texts))
        return pa.Array.from_buffers(kind, count, [validity, offsets, data], missing)
    if pa.types.is_decimal(kind):
        unscaled = _small_decimals(values, kind.precision, kind.scale) if kinds == {Decimal} else None
        if unscaled is None:
            unscaled = _decimals(values, kind.precision, kind.scale)
        return pa.Array.from_buffers(kind, count, [validity, pa.py_buffer(unscaled)], missing)
    numbers = values if not missing else [0 if value is None else value for value in values]
    return pa.Array.from_buffers(
        kind, count, [validity, pa.py_buffer(_numbers(numbers, str(kind), kinds))], missing
    )


def _bits(values: Sequence[object]) -> pa.Buffer:
    """Return the validity bitmap: bit i, least significant first, is 1 where value i is not None."""
    import numpy as np
    import pyarrow as pa

    there = np.fromiter(map(is_not, values, repeat(None)), dtype=np.bool_, count=len(values))
    return pa.py_buffer(np.packbits(there, bitorder="little").tobytes())


def _offsets(lengths: Sequence[int]) -> array[int]:
    try:
        return array("i", accumulate(lengths, initial=0))
    except OverflowError:
        raise ValueError(_TOO_LONG) from None


def _together(texts: Sequence[Any]) -> tuple[Any, bytes] | None:
    """Return offsets and bytes of texts encoded in one go; None where only one by one will do.

    A character that no text holds parts them while they are encoded; where one stands in the bytes, there
    an offset is.
    """
    import numpy as np

    try:
        data = _PART.join(texts).encode("utf-8")
    except (TypeError, UnicodeEncodeError):  # no text, or half a character
        return None
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord(_PART))
    count = len(texts)
    if len(ends) != count - 1:
        return None
    size = len(data) - len(ends)
    if size > _MOST:
        raise ValueError(_TOO_LONG)
    offsets = np.zeros(count + 1, dtype=np.int32)
    offsets[1:count] = ends - np.arange(count - 1)
    offsets[count] = size
    return offsets, data.replace(_PART.encode(), b"")


def _one_by_one(texts: Sequence[Any]) -> tuple[array[int], bytes]:
    raw = [_utf8(text) for text in texts]
    return _offsets(list(map(len, raw))), b"".join(raw)


def _utf8(value: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate out of a damaged document must not end a run
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def _numbers(values: Sequence[Any], name: str, kinds: set[type]) -> bytes:
    import numpy as np

    code = _CODES[name]
    floating = code in "fd"
    try:
        if kinds <= ({int, float} if floating else {int}):
            packed = array(code, values)
            if not floating or np.isfinite(np.frombuffer(packed, dtype=code)).all():
                return packed.tobytes()
        convert: Callable[[object], int | float] = _float if floating else _int
        return array(code, map(convert, values)).tobytes()
    except OverflowError as err:
        raise ValueError(str(err)) from None


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return value


def _small_decimals(values: Sequence[Any], precision: int, scale: int) -> bytes | None:
    """Return decimals that fit into 64 bits, 16 bytes each; None where there is one of another sort."""
    import numpy as np

    limit, ten = min(10**precision, 1 << 63), Decimal(10) ** scale
    zero = Decimal(0)
    decimals = [zero if value is None else value for value in values]
    if not all([-18 < value.adjusted() < 18 and value.is_finite() for value in decimals]):
        return None
    with localcontext() as context:
        context.prec = 100
        shifted = [value * ten for value in decimals]
    whole = list(map(int, shifted))
    if whole != shifted or not all([-limit < value < limit for value in whole]):
        return None
    low = np.array(whole, dtype=np.int64)
    pairs = (low, low >> 63) if sys.byteorder == "little" else (low >> 63, low)
    return np.stack(pairs, axis=1).tobytes()


def _decimals(values: Sequence[object], precision: int, scale: int) -> bytes:
    limit = 10**precision
    zero = bytes(16)
    packed = []
    with localcontext() as context:
        context.prec = 100
        for value in values:
            if value is None:
                packed.append(zero)
                continue
            if not isinstance(value, Decimal):
                raise TypeError(f"{value!r} is not a Decimal")
            if not value.is_finite() or (value and value.adjusted() >= precision):
                raise ValueError(f"{value} does not fit into decimal({precision}, {scale})")
            shifted = value.scaleb(scale) if value else Decimal(0)
            whole = int(shifted)
            if whole != shifted or abs(whole) >= limit:
                raise ValueError(f"{value} does not fit into decimal({precision}, {scale})")
            packed.append(whole.to_bytes(16, sys.byteorder, signed=True))
    return b"".join(packed)
