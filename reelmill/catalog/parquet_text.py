"""Arrow columns as text: what a CSV export of the same table would hold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

__all__ = ["as_text", "is_number", "text_bytes"]

_NO_LONGER_EXACT = 2.0**53


def text_bytes(column: Any) -> int:
    """About how many bytes the column's values take once each of them stands by itself."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        each = column.dictionary
        text = pa.types.is_string(each.type) or pa.types.is_large_string(each.type)
        text = text or pa.types.is_binary(each.type) or pa.types.is_large_binary(each.type)
        lengths = pc.binary_length(each).cast(pa.int64()) if text else pa.array([16] * len(each), pa.int64())
        return int(pc.sum(lengths.take(column.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(text_bytes, column.flatten()))
    if pa.types.is_map(kind):  # Arrow has no flat form of it, but it is a list of pairs
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return text_bytes(column.cast(pa.list_(pair)))
    if pa.types.is_nested(kind):
        return text_bytes(column.flatten())
    return int(column.nbytes)


def is_number(kind: Any) -> bool:
    """Whether values of this type are numbers."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def as_text(column: Any) -> list[str]:
    """One column's values as texts; nothing is the empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return list(pc.fill_null(column, "").to_pylist())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers(column)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [_nested(value) for value in column.to_pylist()]
    if pa.types.is_null(kind):
        return [""] * len(column)
    try:
        return list(pc.fill_null(column.cast(pa.string()), "").to_pylist())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return [_nested(value) for value in column.to_pylist()]


def _numbers(column: Any) -> list[str]:
    """Decimals and floats in plain decimal notation, whole floats with the digits that an integer column has.

    pandas makes floats of whole numbers next to missing ones. Arrow writes them with an exponent from 1e10 on, so that
    the ids of a whole catalog would change when one is missing. From 2**53 on a float no longer tells whole numbers
    apart, and the shortest decimal that gives the same float stands for it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_decimal(column.type):
        return _plain(pc.fill_null(column.cast(pa.string()), ""))
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    whole = pc.and_(pc.equal(column, pc.trunc(column)), pc.less(pc.abs(column), _NO_LONGER_EXACT))
    digits = pc.if_else(whole, column, None).cast(pa.int64()).cast(pa.string())
    written = pc.if_else(pc.is_nan(column), None, column).cast(pa.string())
    return _plain(pc.coalesce(digits, written, ""))


def _plain(texts: Any) -> list[str]:
    """Numbers without an exponent: Arrow writes the zero of a decimal with nine places as ``0E-9``."""
    import pyarrow.compute as pc

    if pc.any(pc.match_substring(texts, "e", ignore_case=True)).as_py():
        return [f"{Decimal(text):f}" if "e" in text.lower() else text for text in texts.to_pylist()]
    return list(texts.to_pylist())


def _nested(value: object) -> str:
    """Lists one value a line, so are the pairs of a map; other nested values as JSON; bytes as UTF-8 or as nothing."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return ""
    if isinstance(value, list):
        return "\n".join(_nested(item) for item in value if item is not None)
    if isinstance(value, tuple):
        return ": ".join(map(_nested, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
