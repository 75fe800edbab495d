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
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

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
    missing = values.count(None)
    if count and missing == count:  # half the columns of the ledger are empty
        kind_any: Any = kind
        empty: pa.Array[Any] = pa.nulls(count, kind_any)
        return empty
    validity = _bits(values) if missing else None
    if pa.types.is_list(kind):
        lists = [value or () for value in values]
        child = column([item for value in lists for item in value], kind.value_type)
        return pa.Array.from_buffers(
            kind, count, [validity, _offsets([len(value) for value in lists])], missing, children=[child]
        )
    if pa.types.is_string(kind):
        texts = [b"" if value is None else _utf8(value) for value in values]
        offsets = _offsets([len(text) for text in texts])
        return pa.Array.from_buffers(kind, count, [validity, offsets, pa.py_buffer(b"".join(texts))], missing)
    if pa.types.is_decimal(kind):
        unscaled = _decimals(values, kind.precision, kind.scale)
        return pa.Array.from_buffers(kind, count, [validity, pa.py_buffer(unscaled)], missing)
    return pa.Array.from_buffers(kind, count, [validity, pa.py_buffer(_numbers(values, str(kind)))], missing)


def _bits(values: Sequence[object]) -> pa.Buffer:
    """Return the validity bitmap: bit i, least significant first, is 1 where value i is not None."""
    import pyarrow as pa

    # int(text, 2) takes linear time and lets C do the packing; the first value must be the lowest bit
    text = "".join("0" if value is None else "1" for value in reversed(values))
    return pa.py_buffer(int(text, 2).to_bytes((len(values) + 7) // 8, "little"))


def _offsets(lengths: Sequence[int]) -> pa.Buffer:
    import pyarrow as pa

    try:
        return pa.py_buffer(array("i", accumulate(lengths, initial=0)))
    except OverflowError:
        raise ValueError("more than 2 GiB of text in one column chunk") from None


def _utf8(value: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate out of a damaged document must not end a run
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def _numbers(values: Sequence[Any], name: str) -> bytes:
    code = _CODES[name]
    convert: Callable[[object], int | float] = _float if code in "fd" else _int
    try:
        packed = array(code, [0 if value is None else convert(value) for value in values])
    except OverflowError as err:
        raise ValueError(str(err)) from None
    return packed.tobytes()


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
