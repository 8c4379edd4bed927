"""CSV and TSV as real exports have them, one row at a time: memory does not grow with the file."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice, tee
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from reelmill.catalog.dialect import KNOWN_NAMES
from reelmill.catalog.pieces import short_tail
from reelmill.catalog.quotes import RowShape, line_breaks
from reelmill.catalog.sniff import FileKind, decoding_errors
from reelmill.catalog.table import Batch, BrokenRow, batch_of_rows
from reelmill.column_names import column_name
from reelmill.errors import FixFeed

if TYPE_CHECKING:
    from _csv import Reader  # the csv module has no public name for it

__all__ = ["DelimitedTable"]

_DELIMITERS = (",", "\t", ";", "|")
_QUOTED = (",", ";")  # cells hold these often, so that a quote before them means something
_MAX_LINE = 1 << 21
_STEP_ROWS = 100
_BATCH_BYTES = 1 << 24  # a packed megabyte can unfold to a thousand: rows alone do not bound a batch
_MAX_HEADER_CELLS = 4096
_MOST_PASSED_OVER = 100  # lines: in a feed whose rows all lack cells, one broken row must not take the rest away
_SHOWN = 200
_OPEN_QUOTE = "unexpected end of data"  # what the csv module says where a feed ends inside quotes


class DelimitedTable:
    """An open CSV or TSV file, perhaps gzipped. Raises FixFeed when it has no readable header."""

    def __init__(self, stream: BinaryIO, kind: FileKind, file: str) -> None:
        self._file = file
        self._raw = stream
        unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if kind.gzipped else stream
        self._unpacked = unpacked
        self._text = io.TextIOWrapper(
            unpacked, encoding=kind.encoding, errors=decoding_errors(kind.encoding), newline=""
        )
        self._lines = _Lines(iter(partial(self._text.readline, _MAX_LINE), ""))
        self._delimiter = self._find_delimiter(kind.sample)
        self.header = self._read_header()
        self._width = len(self.header)
        self._final: list[str] | BrokenRow = []  # the last row so far
        self._doubt = 0  # how many lines may still belong to the broken row before them
        self._shape = RowShape(self._delimiter, self._width, spaced=self._is_spaced(kind.sample))

    def close(self) -> None:
        """Let go of the file."""
        self._text.close()
        self._raw.close()

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order. A row that cannot be parted comes as a BrokenRow, and the next one is read well."""
        first = 1
        held: Sequence[list[str] | BrokenRow] = ()  # rows that may be pieces of one with those after them
        while True:
            more = self._next_batch(rows, first + len(held))
            batch = [*held, *more]
            if not batch:
                break
            whole = len(batch) - (short_tail(batch, self._width) if more else 0)
            held = batch[whole:]
            if whole:
                yield batch_of_rows(first, batch[:whole], self._width)
            first += whole

    def _next_batch(self, count: int, first: int) -> Sequence[list[str] | BrokenRow]:
        """The next rows, fewer than ``count`` where they are long."""
        batch: list[list[str] | BrokenRow] = []
        begun = self._unpacked.tell()
        while len(batch) < count and self._unpacked.tell() - begun < _BATCH_BYTES:
            some = self._next_rows(min(_STEP_ROWS, count - len(batch)), first + len(batch))
            if not some:
                self._check_end()
                break
            self._final = some[-1]
            batch += some
        return batch

    def _check_end(self) -> None:
        """Raise FixFeed if the last line has no end, and too few cells or a cell that is still open.

        Half a feed must not pass for a whole one.
        """
        if self._lines.ended:
            return
        row = self._final
        short = not isinstance(row, BrokenRow) and len(row) < self._width and any(cell.strip() for cell in row)
        if short or self._doubt:
            raise self._cut_off()

    def _cut_off(self) -> FixFeed:
        remedy = "Export or download it again; if it is whole, fill up its last row and end the line."
        return FixFeed(f"{self._file} breaks off before its end.", remedy)

    def _next_rows(self, count: int, first: int) -> Sequence[list[str] | BrokenRow]:
        """The next rows, parted by the csv module alone as long as all of them are sound."""
        if self._doubt:
            return list(self._careful_rows(count, first))
        lines, again = tee(self._lines.untracked())
        reader = self._new_reader(lines)
        try:
            rows = list(islice(reader, count))
            if reader.line_num == len(rows):
                return rows
            taken = list(islice(again, reader.line_num))
            if self._are_sound(rows, taken):
                return rows
        except csv.Error:
            taken = list(islice(again, reader.line_num))
        except (OSError, EOFError, zlib.error):
            raise FixFeed(f"{self._file} breaks off before its end.", "Pack or download it again.") from None
        self._lines.give_back(taken)
        return list(self._careful_rows(count, first))

    def _are_sound(self, rows: Sequence[list[str]], lines: Sequence[str]) -> bool:
        """Whether every row that goes over several lines was meant to."""
        at = 0
        for row in rows:
            end = at + 1 + line_breaks(row)
            if end > at + 1 and (self._shape.too_wide(row) or self._shape.swallowed(lines[at:end])):
                return False
            at = end
        return at == len(lines)

    def _careful_rows(self, count: int, first: int) -> Iterator[list[str] | BrokenRow]:
        """At most ``count`` rows. A row that the csv module refuses is read by its first line alone.

        So is one that seems to have swallowed the rows after it. A quote that never closes would take them away.
        """
        reader = self._new_reader(self._lines)
        for number in range(first, first + count):
            row = self._careful_row(reader, number)
            if row is None:
                break
            yield row

    def _careful_row(self, reader: Reader, number: int) -> list[str] | BrokenRow | None:
        """The next row, or None at the end. Lines that still belong to a broken row are passed over."""
        while True:
            error, row = "", None
            try:
                row = next(reader, None)
                if row is None:
                    return None
            except csv.Error as refused:
                error = str(refused)
            except (OSError, EOFError, zlib.error):
                raise FixFeed(f"{self._file} breaks off before its end.", "Pack or download it again.") from None
            lines = self._lines.taken
            swallowed = row is not None and len(lines) > 1 and self._shape.swallowed(lines)
            sound = row is not None and not swallowed and not (len(lines) > 1 and self._shape.too_wide(row))
            if self._doubt and not self._is_row(row if sound else None, lines):
                self._pass_over()
                continue
            self._doubt = 0
            if sound:
                lines.clear()
                return row
            return self._repair(error, number, None if swallowed else row, sure=swallowed)

    def _is_row(self, row: list[str] | None, lines: Sequence[str]) -> bool:
        """Whether lines after a broken row are a row, or without ``row`` begin one, and no text of the broken one.

        What is taken for a row is paid for.
        """
        if self._shape.closes(lines[0]):
            return False
        if row is None:
            return self._shape.begins_another(lines[0])
        return self._shape.is_row(lines[0]) if len(lines) == 1 else len(row) >= self._width

    def _pass_over(self) -> None:
        """Count the first of the lines that were taken to the broken row before it."""
        first, *rest = self._lines.taken
        self._lines.give_back(rest)
        open_still = not self._shape.closes(first) or self._shape.stays_open(first, inside=True)
        self._doubt = self._doubt - 1 if open_still else 0

    def _new_reader(self, lines: Iterator[str]) -> Reader:
        return csv.reader(lines, delimiter=self._delimiter, strict=True, skipinitialspace=True)

    def _repair(self, error: str, number: int, row: list[str] | None, *, sure: bool) -> list[str] | BrokenRow:
        """Read the first line of a refused row by itself, and give the lines after it back.

        The line counts as read when its cells are as many as the header's. Where quotes are mostly plain characters,
        as in TSV, it is tried without regard to them too. Otherwise the row is broken, or stays as wide as it is.
        Unless it is ``sure`` that the lines after it are rows, they may be text of a cell that it leaves open. Raises
        FixFeed if the feed ends inside the quotes of its last line.
        """
        first, *rest = self._lines.taken
        self._lines.give_back(rest)
        open_still = not sure and self._shape.stays_open(first, inside=False)
        self._doubt = _MOST_PASSED_OVER if open_still else 0
        cut_off = error == _OPEN_QUOTE and not rest and not self._lines.ended
        if "limit" not in error or rest:
            for quotes in (True,) if self._delimiter in _QUOTED else (True, False):
                cells = self._part(first, quotes=quotes)
                if cells is None or len(cells) != self._width:
                    continue
                if quotes and cut_off:
                    break
                self._doubt = self._doubt if quotes else 0
                return cells
        if cut_off:
            raise self._cut_off()
        if row is not None:
            return row
        return BrokenRow(
            number,
            "The row cannot be parted into cells: a quote is not closed, or a cell is longer than "
            f"{csv.field_size_limit():,} characters.",
            'Put quotes around the whole cell and double those inside it (""), or shorten the cell.',
            first[:_SHOWN].strip(),
            self._part(first, quotes=True) or (),
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

    def _is_spaced(self, sample: str) -> bool:
        """Whether space follows the delimiters of the header."""
        lines = (line for line in sample.splitlines() if line.strip() and not line.lower().startswith("sep="))
        return f"{self._delimiter} " in next(lines, "")

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
            for row in self._new_reader(self._lines.untracked()):
                cells = [cell.lstrip("\ufeff").strip() for cell in row]
                if not any(cells) or (len(cells) <= 2 and cells[0].lower().startswith("sep=")):  # noqa: PLR2004 - sep=;
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
    """Lines that can be given back. Iterating it notes what was taken since the note was last cleared."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.taken: list[str] = []
        self._last = ""
        self._lines: Iterator[str] = map(self._noted, lines)  # no generator: `yield from` would close it too soon
        self._again: deque[str] = deque()

    @property
    def ended(self) -> bool:
        """Whether the last line that was read has a line end."""
        return self._last.endswith(("\n", "\r"))

    def _noted(self, line: str) -> str:
        self._last = line
        return line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def untracked(self) -> Iterator[str]:
        """The same lines without the note, which is several times faster."""
        return self._given_back_first() if self._again else self._lines

    def give_back(self, lines: list[str]) -> None:
        """These lines come next; the note is cleared."""
        self._again.extendleft(reversed(lines))
        self.taken.clear()

    def _given_back_first(self) -> Iterator[str]:
        while self._again:
            yield self._again.popleft()
        yield from self._lines
