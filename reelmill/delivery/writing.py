"""Rows to files, one writer per kind, and back: an earlier manifest is read to see what it listed.

A cell that begins with ``=``, ``+``, ``-``, ``@`` or a tab is a formula where a person opens the table. In files for
people such a cell gets an apostrophe in front, which spreadsheets take for "this is text". Machine feeds are left as
they are: an id that was changed would name another product.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from reelmill.delivery.spec import Field, FileKind, Row, Spec, Value
from reelmill.errors import FixConfiguration

__all__ = ["RowWriter", "harmless", "open_writer", "original", "read_rows"]

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - spreadsheets take the wide ones for the same
_HEAD, _TAIL = '{"version": 1, "format": "reelmill", "items": [', "]}"


class RowWriter(Protocol):
    """Takes rows that were checked, and ends the file."""

    def write(self, row: Row) -> None:
        """One row, every field of the format in it."""
        ...

    def end(self) -> None:
        """Nothing follows."""
        ...


def open_writer(spec: Spec, file: IO[str]) -> RowWriter:
    """The writer of the format's kind on an open text file (UTF-8, newlines untranslated)."""
    if spec.kind.is_table:
        return _TableWriter(spec, file)
    return _JsonWriter(spec, file, lines=spec.kind is FileKind.NDJSON)


def read_rows(spec: Spec, path: Path) -> Iterator[Row]:
    """The rows of an earlier file of this format, streamed; lists come back as lists.

    Raises FixConfiguration for a file that this format did not write.
    """
    try:
        yield from (_read_table(spec, path) if spec.kind.is_table else _read_json(spec, path))
    except (csv.Error, UnicodeDecodeError, ValueError, TypeError):
        raise FixConfiguration(
            f"The earlier {spec.file} is no manifest of Reelmill's, or was changed.",
            "Move it away; what it listed is then not retired by name.",
        ) from None


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; the inverse of :func:`original`."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def original(cell: str) -> str:
    """What a harmless cell stands for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def joined(one: Field, value: Value) -> str:
    """A value as the text of a cell."""
    if isinstance(value, tuple):
        return one.joined_by.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class _TableWriter:
    def __init__(self, spec: Spec, file: IO[str]) -> None:
        self._spec = spec
        tabs = spec.kind is FileKind.TSV
        self._csv = csv.writer(file, delimiter="\t" if tabs else ",", lineterminator="\n" if tabs else "\r\n")
        self._csv.writerow(spec.names)

    def write(self, row: Row) -> None:
        cells = [joined(one, row[one.name]) for one in self._spec.fields]
        self._csv.writerow([harmless(cell) for cell in cells] if self._spec.for_people else cells)

    def end(self) -> None:
        """A table ends where it ends."""


class _JsonWriter:
    """One object per line, also inside the one big object, so that it can be read back a line at a time."""

    def __init__(self, spec: Spec, file: IO[str], *, lines: bool) -> None:
        self._names, self._file, self._lines = spec.names, file, lines
        self._before = "\n" if not lines else ""
        if not lines:
            file.write(_HEAD)

    def write(self, row: Row) -> None:
        text = orjson.dumps({name: row[name] for name in self._names}).decode()
        self._file.write(f"{text}\n" if self._lines else f"{self._before}{text}")
        self._before = ",\n"

    def end(self) -> None:
        if not self._lines:
            self._file.write(f"\n{_TAIL}\n")


def _read_table(spec: Spec, path: Path) -> Iterator[Row]:
    lists = {one.name: one.joined_by for one in spec.fields if one.most_items is not None}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter="\t" if spec.kind is FileKind.TSV else ",", strict=True)
        header = next(rows, [])
        if spec.key not in header:
            raise ValueError(header)
        for cells in rows:
            if spec.for_people:
                cells = [original(cell) for cell in cells]  # noqa: PLW2901 - the same cells, as they were
            row: Row = dict(zip(header, cells, strict=True))
            for name in lists.keys() & row.keys():
                row[name] = tuple(filter(None, str(row[name]).split(lists[name])))
            yield row


def _read_json(spec: Spec, path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        if spec.kind is FileKind.JSON and file.readline().rstrip("\n") != _HEAD:
            raise ValueError(spec.file)
        for line in file:
            text = line.rstrip(",\n")
            if text in (_TAIL, ""):
                continue
            item: dict[str, Any] = orjson.loads(text)
            if spec.key not in item:
                raise ValueError(spec.file)
            yield {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
