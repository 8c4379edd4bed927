"""Parquet as rows of text, batch by batch: memory does not grow with the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from reelmill.catalog.table import Batch
from reelmill.errors import FixFeed

__all__ = ["ParquetTable"]

_BUFFER_BYTES = 1 << 16


class ParquetTable:
    """An open Parquet file. Raises FixFeed when it is damaged."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        import pyarrow.parquet as pq

        self._file = file
        self._raw = stream
        try:
            # Measured on pyarrow 26: with pre_buffer the memory grows with the file, without it it is flat; and
            # without a buffer size whole column chunks are held.
            self._parquet = pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER_BYTES)
            self.header: tuple[str, ...] = tuple(self._parquet.schema_arrow.names)
        except _damage():
            raise self._damaged() from None
        if not self.header:
            raise FixFeed(f"{file} has no columns.", "Export the product table again.")

    def close(self) -> None:
        """Let go of the file."""
        self._parquet.close()
        self._raw.close()

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, every value as the text that a CSV export would hold."""
        first = 1
        try:
            for batch in self._parquet.iter_batches(batch_size=rows, use_threads=False):
                columns = [_as_text(column) for column in batch.columns]
                yield Batch(range(first, first + batch.num_rows), columns)
                first += batch.num_rows
        except _damage():
            raise self._damaged() from None

    def _damaged(self) -> FixFeed:
        return FixFeed(f"{self._file} is a damaged or unsupported Parquet file.", "Write or download it again.")


def _damage() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return pa.ArrowException, OSError, ValueError, UnicodeDecodeError


def _as_text(column: Any) -> list[str]:
    """One column's values as texts; nothing is the empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return list(pc.fill_null(column, "").to_pylist())
    if pa.types.is_floating(kind):
        return [_number(text) for text in column.cast(pa.string()).to_pylist()]
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [_nested(value) for value in column.to_pylist()]
    if pa.types.is_null(kind):
        return [""] * len(column)
    try:
        return list(pc.fill_null(column.cast(pa.string()), "").to_pylist())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return [_nested(value) for value in column.to_pylist()]


def _number(text: str | None) -> str:
    """A float without the zero that pandas adds to whole numbers next to missing ones."""
    if text is None or text == "nan":
        return ""
    return text.removesuffix(".0")


def _nested(value: object) -> str:
    """Lists one value a line, other nested values as JSON, bytes as the UTF-8 they hold or as nothing."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return ""
    if isinstance(value, list):
        return "\n".join(_nested(item) for item in value if item is not None)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
