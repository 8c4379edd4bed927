"""Quotes that go over several lines: whether they were meant to, or swallowed the rows after them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

__all__ = ["RowShape", "line_breaks"]

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
        prose = not self._spaced and any(cell[:1] == " " for cell in cells[1:])
        return not prose and sum(not cell.isspace() for cell in cells if cell) >= _ENOUGH_CELLS

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
        opened = self._part(first)
        if len(opened) + sum(cell.count(self._delimiter) for cell in opened[-1:]) < self._width:
            return False
        said = [line for line in others if line.strip()]
        rows = sum(map(self.is_row, said))
        if rows * 2 <= len(said) or not self.is_row(said[-1]):
            return False
        return rows > 1 or _INCHES(said[-1]) is not None

    def _part(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return []


def line_breaks(row: Sequence[str]) -> int:
    """How many line breaks stand in the cells of a row."""
    text = "".join(row)
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)
