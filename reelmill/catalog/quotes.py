"""Quotes that go over several lines: whether they were meant to, or swallowed the rows after them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

__all__ = ["RowShape", "line_breaks"]

_QUOTES = re.compile('"+').finditer
_INCHES = re.compile(r'[0-9]"').search
_ENOUGH_CELLS = 2  # a product has an id and a title


class RowShape:
    """What a line must look like to be a row of a table.

    ``spaced`` says whether the table's own delimiters are followed by space; elsewhere that is how prose writes commas.
    """

    def __init__(self, delimiter: str, width: int, *, spaced: bool) -> None:
        self._delimiter = delimiter
        self._width = width
        self._spaced = spaced

    def is_row(self, line: str) -> bool:
        """Whether the line has by itself exactly as many cells as the header, and is no prose."""
        if line.count(self._delimiter) < self._width - 1:
            return False
        cells = self._part(line)
        if len(cells) < self._width or self.too_wide(cells):
            return False
        return not self._is_prose(cells) and sum(not cell.isspace() for cell in cells if cell) >= _ENOUGH_CELLS

    def too_wide(self, row: Sequence[str]) -> bool:
        """Whether a row has more cells than the header; empty ones do not count."""
        return len(row) > self._width and any(map(str.strip, row[self._width :]))

    def swallowed(self, lines: Sequence[str]) -> bool:
        """Whether a record of several lines is rather one row a line, the first of which opens a quote by mistake.

        Nothing in the grammar tells: the quote of ``Monitor 27"`` closes the mistaken one as well as any. So all of
        this must hold, which a description of several lines fulfils only by rare chance:

        - the first line has as many cells as the header without what follows;
        - the last line does by itself, and so do most of the lines between;
        - there are two such lines, or the quote that closes stands after a digit, as an inch mark does.

        What it cannot tell: a table in the last column, whose lines have just as many cells as the header, is taken for
        rows; a swallowed row at the end that lacks cells is taken for the end of a description.
        """
        if lines[-1].count(self._delimiter) < self._width - 1:  # nearly always, and quickly told
            return False
        first, *others = lines
        if not self.begins_row(first):
            return False
        said = [line for line in others if line.strip()]
        rows = sum(map(self.is_row, said))
        if rows * 2 <= len(said) or not self.is_row(said[-1]):
            return False
        return rows > 1 or _INCHES(said[-1]) is not None

    def begins_another(self, line: str) -> bool:
        """Whether a line that is no row by itself is one with a problem of its own, and no prose."""
        return self.begins_row(line) and not self._is_prose(self._part(line))

    def begins_row(self, line: str) -> bool:
        """Whether the line has as many cells as the header if a quote that it leaves open is none."""
        cells = self._part(line)
        return len(cells) + sum(cell.count(self._delimiter) for cell in cells[-1:]) >= self._width

    def stays_open(self, line: str, *, inside: bool) -> bool:
        """Whether a quoted cell is open where the line ends. ``inside``: one is open where it begins.

        As people mean it: a quote opens after a delimiter and closes before one; others are part of the text.
        """
        for _, opens, closes in self._quotes(line):
            inside = not closes if inside else opens
        return inside

    def closes(self, line: str) -> bool:
        """Whether the line closes a quote that an earlier line opened: its first quote that means something does."""
        for at, opens, closes in self._quotes(line):
            if opens or closes:
                return closes and (not opens or at == 0)
        return False

    def _quotes(self, line: str) -> Iterator[tuple[int, bool, bool]]:
        """Each quote that is not doubled: its place, and whether it may open or close a cell there."""
        text = line.rstrip("\r\n")
        for match in _QUOTES(text):
            at, end = match.span()
            while at and text[at - 1] == " ":
                at -= 1
            opens = at == 0 or text[at - 1] == self._delimiter
            closes = end == len(text) or text[end] == self._delimiter
            if len(match[0]) % 2 or (opens and not closes):  # else doubled, or an empty cell
                yield at, opens, closes

    def _is_prose(self, cells: Sequence[str]) -> bool:
        return not self._spaced and any(cell[:1] == " " for cell in cells[1:])

    def _part(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return []


def line_breaks(row: Sequence[str]) -> int:
    """How many line breaks stand in the cells of a row."""
    text = "".join(row)
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)
