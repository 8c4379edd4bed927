"""Reading Cloud Billing exports from disk: Parquet, JSON lines or CSV, also gzipped, a piece at a time."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from reelmill.errors import FixFeed
from reelmill.report.billing import NEEDED, BillingLine, line_of

__all__ = ["read_billing"]

_ROWS = 5_000
_LONGEST_LINE = 4_000_000  # bytes; a line of the bill has a few thousand
_REMEDY = (
    "Export the usage cost table (gcp_billing_export_v1_… or gcp_billing_export_resource_v1_…) from BigQuery as "
    "Parquet or newline-delimited JSON."
)
_NESTED = (("service", "description"), ("sku", "description"), ("project", "id"))
_FLAT = {f"{outer}{dot}{inner}" for outer, inner in _NESTED for dot in "._"}


def read_billing(path: Path) -> Iterator[BillingLine]:
    """Every line of a billing export: one file, or a folder of them as BigQuery writes large tables.

    What is hidden in a folder, or named with ``_`` as tools mark their own files, is no part of it. Raises FixFeed for
    what is no billing export, naming file and line; nothing of it is guessed.
    """
    try:
        files = sorted(filter(_is_part, path.iterdir())) if path.is_dir() else [path]
        if not files:
            raise FixFeed(f"{path} is empty.", _REMEDY)
        for file in files:
            yield from _lines(file)
    except OSError as error:
        raise FixFeed(
            f"{path} cannot be read: {error.strerror or error}.", "Check the file, or copy it anew."
        ) from None


def _is_part(entry: Path) -> bool:
    return entry.is_file() and not entry.name.startswith((".", "_"))


def _lines(file: Path) -> Iterator[BillingLine]:
    for number, record in _records(file):
        try:
            yield line_of(record)
        except ValueError as error:
            _refuse(file, number, str(error))


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Numbered records, whatever the format; the first bytes tell which it is."""
    with file.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if start == b"PAR1":
            yield from _parquet(file, raw)
        elif start[:2] == b"\x1f\x8b":
            with gzip.open(raw) as unpacked:
                yield from _text(file, io.BufferedReader(unpacked))
        else:
            yield from _text(file, raw)


def _parquet(file: Path, raw: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        table = pq.ParquetFile(raw)
        columns = [name for name in table.schema_arrow.names if name in NEEDED or name in _FLAT]
        _check_columns(file, set(columns))
        number = 0
        for batch in table.iter_batches(batch_size=_ROWS, columns=columns):
            for record in batch.to_pylist():
                number += 1
                yield number, record
    except pa.ArrowException as error:
        raise FixFeed(f"{file} is no Parquet file that can be read ({error}).", _REMEDY) from None


def _text(file: Path, raw: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        head = raw.peek(64) if isinstance(raw, io.BufferedReader) else b""
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        if first == b"[":
            raise FixFeed(f"{file} is one JSON array.", _REMEDY)
        yield from _json_lines(file, raw) if first == b"{" else _csv(file, raw)
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FixFeed(f"{file} is no billing export ({error}).", _REMEDY) from None


def _json_lines(file: Path, raw: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    while line := raw.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            _refuse(file, number, "is too long")
        text = line.decode("utf-8-sig").strip()
        if not text:
            continue
        try:
            record = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            _refuse(file, number, "is no JSON object")
        if not isinstance(record, dict):
            _refuse(file, number, "is no JSON object")
        yield number, record


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _csv(file: Path, raw: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    rows = csv.reader(text, strict=True)
    header = next(rows, [])
    _check_columns(file, set(header))
    for row in rows:
        if len(row) != len(header):
            _refuse(file, rows.line_num, f"has {len(row)} fields instead of {len(header)}")
        yield rows.line_num, dict(zip(header, row, strict=True))


def _check_columns(file: Path, there: set[str]) -> None:
    missing = [name for name in ("cost", "currency", "usage_start_time", "labels") if name not in there]
    if missing:
        raise FixFeed(f"{file} has no column {', '.join(missing)}.", _REMEDY)


def _refuse(file: Path, number: int, why: str) -> NoReturn:
    raise FixFeed(f"{file}, line {number}: {why}.", "Export the table anew; an edited export proves nothing.")
