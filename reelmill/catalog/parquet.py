"""Parquet as rows of text, batch by batch: memory grows neither with the file nor with what it unfolds to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from reelmill.catalog.parquet_text import as_text, is_number, text_bytes
from reelmill.catalog.table import Batch, BrokenRow
from reelmill.errors import FixFeed
from reelmill.signatures import hide_secrets

__all__ = ["ParquetTable"]

_BUFFER_BYTES = 1 << 16
_BATCH_BYTES = 1 << 24
_NESTED_ROWS = 500  # repeated values are not shared inside lists, so fewer rows are taken at once
_SHOWN = 40  # characters of a column's name
_ROW_BYTES = 1 << 21  # as long as a line of a CSV feed may be


class ParquetTable:
    """An open Parquet file. Raises FixFeed when it is damaged."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        import pyarrow.parquet as pq

        self._file = file
        self._raw = stream
        try:
            # Measured on pyarrow 26: with pre_buffer the memory grows with the file, without it it is flat; and
            # without a buffer size whole column chunks are held.
            # Repeated values stay shared until their size is known: a dictionary of one long text unfolds to any size.
            metadata = pq.read_metadata(stream)
            top = set(metadata.schema.to_arrow_schema().names)  # Arrow cannot do it inside lists
            texts = [column.path for column in _leaves(metadata.schema) if column.path in top and _is_text(column)]
            self._nested = any(column.path not in top for column in _leaves(metadata.schema))
            stream.seek(0)
            self._parquet = pq.ParquetFile(
                stream, metadata=metadata, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER_BYTES
            )
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
            for batch in self._parquet.iter_batches(batch_size=min(rows, self._rows_at_once()), use_threads=False):
                yield from _parts(batch, first, self._file)
                first += batch.num_rows
        except _damage():
            raise self._damaged() from None

    def _rows_at_once(self) -> int:
        """How many rows fit into a batch, by the row group with the longest ones."""
        metadata = self._parquet.metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        longest = max((group.total_byte_size // max(1, group.num_rows) for group in groups), default=0)
        most = _NESTED_ROWS if self._nested else _BATCH_BYTES
        return min(most, max(1, _BATCH_BYTES // max(1, longest)))

    def _damaged(self) -> FixFeed:
        return FixFeed(f"{self._file} is a damaged or unsupported Parquet file.", "Write or download it again.")


def _damage() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return pa.ArrowException, OSError, ValueError, UnicodeDecodeError


def _leaves(schema: Any) -> Iterator[Any]:
    return (schema.column(number) for number in range(len(schema)))


def _is_text(column: Any) -> bool:
    return column.physical_type == "BYTE_ARRAY" and column.logical_type.type in ("STRING", "NONE", "JSON", "ENUM")


def _parts(batch: Any, first: int, file: str) -> Iterator[Batch]:
    """The batch, in halves while its text is too long. A row that is too long by itself is broken."""
    count, size = batch.num_rows, sum(map(text_bytes, batch.columns))
    if count > 1 and size > _BATCH_BYTES:
        half = count // 2
        yield from _parts(batch.slice(0, half), first, file)
        yield from _parts(batch.slice(half), first + half, file)
    elif count == 1 and size > _ROW_BYTES:
        reason, remedy = f"The row holds more than {_ROW_BYTES:,} characters.", "Shorten its cells."
        yield Batch((), [()] * batch.num_columns, (BrokenRow(first, reason, remedy, ""),))
    else:
        numeric = frozenset(place for place, column in enumerate(batch.columns) if is_number(column.type))
        texts = [_texts(column, name, file) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
        yield Batch(range(first, first + count), texts, numeric=numeric)


def _texts(column: Any, name: str, file: str) -> list[str]:
    """The column's values as texts. Raises FixFeed where it holds a time that nobody can tell."""
    try:
        return as_text(column)
    except (OverflowError, LookupError):  # a time of no year that we know; a time zone of no name that we know
        column_name = hide_secrets(name)[:_SHOWN]
        raise FixFeed(
            f"{file}: the column {column_name!r} holds a time or names a time zone that cannot be read.",
            "Write the column as text, or leave it out.",
        ) from None
