"""A product feed: opened, understood from its header, and read as a stream of products and rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.catalog.columns import ColumnMap, check_mapping, match_columns
from reelmill.catalog.dialect import Dialect, detect_dialect
from reelmill.catalog.folding import Folder
from reelmill.catalog.merchant import MerchantRows
from reelmill.catalog.notes import FeedNotes
from reelmill.catalog.shopify import ShopifyRows
from reelmill.catalog.sniff import sniff
from reelmill.catalog.source import FeedOpener, list_files, open_binary
from reelmill.catalog.table import Table
from reelmill.catalog.torn import without_torn
from reelmill.errors import FixConfiguration
from reelmill.product import Product, Reject

__all__ = ["Dialect", "Feed", "FeedOpener", "FeedOptions", "open_feed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """How to understand a feed.

    ``columns`` maps product fields to the feed's columns and wins over what the dialect says. ``batch_rows`` is the
    number of rows held at a time.
    """

    dialect: Dialect | None = None  # None: the header tells
    columns: Mapping[str, str] = field(default_factory=dict)
    split_variants: bool = False
    batch_rows: int = 5000


class Feed:
    """An opened feed. Iterating reads it from the start, every time; memory does not grow with its length.

    Each row ends up in exactly one product or one reject, or is a later row of a group that is already made.
    Iterating raises FixFeed if a file breaks off or is not like the first: half a feed must not pass for a whole one.
    """

    def __init__(self, location: str, files: list[str], options: FeedOptions, opener: FeedOpener | None) -> None:
        self.location = location
        self._files = files
        self._options = options
        self._opener = opener
        self.notes = FeedNotes()  # what the last reading found odd, as far as it went
        table = _open_table(files[0], opener)
        try:
            self.columns: tuple[str, ...] = table.header
        finally:
            table.close()
        self.dialect: Dialect = options.dialect or detect_dialect(self.columns)
        check_mapping(options.columns, self.dialect)
        self._first = self._match(files[0], self.columns)

    def __repr__(self) -> str:
        return f"Feed({self.location!r}, {self.dialect.value}, {len(self.columns)} columns)"

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The names, as in ``Product.extra``, of the columns that no product field carries."""
        return tuple(name for name, _ in self._first.extra)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that make up the feed, in the order in which they are read."""
        return tuple(self._files)

    def __iter__(self) -> Iterator[Product | Reject]:
        split = self._options.split_variants or self.dialect is Dialect.SHOPIFY
        seen = Folder.new_seen()
        self.notes = FeedNotes()
        try:
            folder = Folder(seen, self._files, self.notes, fold=not split)
            id_field = ""
            for file in self._files:
                table = _open_table(file, self._opener)
                try:
                    columns = self._match(file, table.header)
                    id_field = columns.spelled("handle" if self.dialect is Dialect.SHOPIFY else "sku")
                    yield from self._read(table, columns, file, folder, id_field)
                finally:
                    table.close()
            yield from folder.finish(id_field)
        finally:
            seen.close()

    def _read(
        self, table: Table, columns: ColumnMap, file: str, folder: Folder, id_field: str
    ) -> Iterator[Product | Reject]:
        rows: ShopifyRows | MerchantRows
        if self.dialect is Dialect.SHOPIFY:
            rows = ShopifyRows(columns, file, split_variants=self._options.split_variants)
        else:
            rows = MerchantRows(columns, file)
        for batch in table.batches(self._options.batch_rows):
            whole = without_torn(batch, columns, file, self.notes) if batch.pieces else batch
            yield from folder.take(rows.convert(whole), id_field)
        yield from folder.take(rows.end(), id_field)

    def _match(self, file: str, header: tuple[str, ...]) -> ColumnMap:
        columns = match_columns(header, self.dialect, self._options.columns, file)
        if header == self.columns:
            return columns
        # A file of the folder that lacks a column of the first one still answers its name, with nothing.
        first = match_columns(self.columns, self.dialect, self._options.columns, self._files[0])
        return columns.with_extra(key for key, _ in first.extra)


def open_feed(location: str | Path, options: FeedOptions | None = None, *, opener: FeedOpener | None = None) -> Feed:
    """Open a CSV, TSV or Parquet file, or a folder of them; ``gs://`` through ``opener``.

    Raises FixFeed, naming the file and what to do, if there is no feed there; FixConfiguration if ``options.columns``
    names a field that the dialect does not read.
    """
    options = options or FeedOptions()
    if options.batch_rows < 1:
        raise FixConfiguration("A feed is read at least one row at a time.", "Set batch_rows to 1 or more.")
    place = str(location)
    return Feed(place, list_files(place, opener), options, opener)


def _open_table(file: str, opener: FeedOpener | None) -> Table:
    stream = open_binary(file, opener)
    try:
        kind = sniff(stream, file)
        if kind.parquet:
            from reelmill.catalog.parquet import ParquetTable

            return ParquetTable(stream, file)
        from reelmill.catalog.delimited import DelimitedTable

        return DelimitedTable(stream, kind, file)
    except BaseException:
        stream.close()
        raise
