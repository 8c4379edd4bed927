"""CSV and TSV as real exports have them, one row at a time: memory does not grow with the file."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Literal, cast

from reelmill.catalog.dialect import KNOWN_NAMES, column_name
from reelmill.catalog.sniff import FileKind, decoding_errors
from reelmill.catalog.table import Batch, BrokenRow
from reelmill.errors import FixFeed

__all__ = ["DelimitedTable"]

_DELIMITERS = (",", "\t", ";", "|")
_MAX_LINE = 1 << 21
_MAX_HEADER_CELLS = 4096
_SHOWN = 200


class DelimitedTable:
    """An open CSV or TSV file, perhaps gzipped. Raises FixFeed when it has no readable header."""

    def __init__(self, stream: BinaryIO, kind: FileKind, file: str) -> None:
        self._file = file
        self._raw = stream
        unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if kind.gzipped else stream
        self._text = io.TextIOWrapper(
            unpacked, encoding=kind.encoding, errors=decoding_errors(kind.encoding), newline=""
        )
        self._lines = _Lines(self._text)
        self._delimiter = self._find_delimiter(kind.sample)
        self._reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True, skipinitialspace=True)
        self.header = self._read_header()
        self._width = len(self.header)

    def close(self) -> None:
        """Let go of the file."""
        self._text.close()
        self._raw.close()

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order. A row that cannot be parted comes as a BrokenRow, and the next one is read well."""
        first = 1
        batch: list[list[str] | BrokenRow] = []
        for row in self._rows():
            batch.append(row)
            if len(batch) >= rows:
                yield Batch(first, batch)
                first += len(batch)
                batch = []
        if batch:
            yield Batch(first, batch)

    def _rows(self) -> Iterator[list[str] | BrokenRow]:
        reader, taken = self._reader, self._lines.taken
        while True:
            try:
                for row in reader:
                    taken.clear()
                    row.append("")
                    yield row
            except csv.Error as error:
                yield self._repair(str(error))
            except (OSError, EOFError, zlib.error):
                raise FixFeed(f"{self._file} breaks off before its end.", "Pack or download it again.") from None
            else:
                return

    def _repair(self, error: str) -> list[str] | BrokenRow:
        """Read the first line of a broken row by itself, and give the lines after it back.

        A quote that never closes would otherwise swallow the products after it. The line counts as read when its
        cells are as many as the header's, with its quotes taken as marks or as plain characters.
        """
        first, *rest = self._lines.taken or [""]
        self._lines.give_back(rest)
        if "limit" not in error or rest:
            for quotes in (True, False):
                cells = self._part(first, quotes=quotes)
                if cells is not None and len(cells) == self._width:
                    return [*cells, ""]
        return BrokenRow(
            reason="The row cannot be parted into cells: a quote is not closed, or a cell is longer than "
            f"{csv.field_size_limit():,} characters.",
            remedy='Put quotes around the whole cell and double those inside it (""), or shorten the cell.',
            raw=first[:_SHOWN].strip(),
        )

    def _part(self, line: str, *, quotes: bool) -> list[str] | None:
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
        try:
            return next(csv.reader([line], delimiter=self._delimiter, quoting=quoting, skipinitialspace=True), None)
        except csv.Error:
            return None

    def _find_delimiter(self, sample: str) -> str:
        """The delimiter that makes most sense of the header: known names first, then the number of cells."""
        lines = io.StringIO(sample.lstrip("\ufeff"), newline="")
        for line in lines:
            stated = line.strip().lower()
            if stated.startswith("sep=") and len(stated) == len("sep=;"):  # what Excel writes and obeys
                return line.strip()[-1]
            if stated:
                return max(_DELIMITERS, key=lambda mark: self._score(line + lines.read(4096), mark))
        return ","

    @staticmethod
    def _score(text: str, delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            return 0, 0
        return sum(column_name(cell) in KNOWN_NAMES for cell in cells), len(cells)

    def _read_header(self) -> tuple[str, ...]:
        """The first line that says something; its empty last cells are not columns."""
        try:
            for row in self._reader:
                self._lines.taken.clear()
                cells = [cell.lstrip("\ufeff").strip() for cell in row]
                stated = len(cells) in (1, 2) and cells[0].lower().startswith("sep=")
                if not any(cells) or stated:
                    continue
                while not cells[-1]:
                    cells.pop()
                if len(cells) <= _MAX_HEADER_CELLS:
                    return tuple(cells)
                break
        except csv.Error:
            pass
        except (OSError, EOFError, zlib.error):
            raise FixFeed(f"{self._file} breaks off before its end.", "Pack or download it again.") from None
        raise FixFeed(
            f"{self._file} has no header line that can be read.", "Export it with the column names in the first line."
        )


class _Lines:
    """The lines of a text, remembering those that the current row has taken so that they can be read again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.taken: list[str] = []
        self._again: deque[str] = deque()
        self._readline = text.readline

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline(_MAX_LINE)
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Forget the current row; ``lines`` come next."""
        self._again.extendleft(reversed(lines))
        self.taken.clear()
