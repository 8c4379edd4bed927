"""Short rows that together are as wide as the header: perhaps one row, torn by line breaks in a cell without quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Pieces", "find_pieces", "short_tail"]

_MOST = 100  # rows that may be pieces of one


@dataclass(frozen=True, slots=True)
class Pieces:
    """Consecutive short rows, the first of them numbered ``first``, which have the cells of one row between them."""

    first: int
    rows: tuple[Sequence[str], ...]

    @property
    def numbers(self) -> range:
        """The numbers of the rows."""
        return range(self.first, self.first + len(self.rows))

    @property
    def cells(self) -> list[str]:
        """The one row that they may be: where two of them meet, a cell goes on."""
        cells = list(self.rows[0])
        for row in self.rows[1:]:
            cells[-1] = f"{cells[-1]} {row[0]}"
            cells += row[1:]
        return cells


def find_pieces(first: int, rows: Sequence[object], width: int) -> list[Pieces]:
    """What may be pieces among these rows, the first of which is numbered ``first``; no row is in two of them."""
    found: list[Pieces] = []
    at = 0
    while at < len(rows):
        count = _pieces_at(rows, at, width)
        if count:
            texts = tuple(row or [""] for row in rows[at : at + count] if isinstance(row, list))
            found.append(Pieces(first + at, texts))
        at += count or 1
    return found


def short_tail(rows: Sequence[object], width: int) -> int:
    """How many rows at the end may be pieces of a row that goes on behind them; 0 if they are too many for that."""
    short = next((count for count, row in enumerate(reversed(rows)) if not _is_short(row, width)), len(rows))
    return short if short < _MOST else 0


def _pieces_at(rows: Sequence[object], at: int, width: int) -> int:
    """How many rows from this one on are as wide as the header together; 0 if they are not."""
    begun = rows[at]
    if not _is_short(begun, width) or not begun:
        return 0
    cells = 1
    for count, row in enumerate(rows[at : at + _MOST], 1):
        if not _is_short(row, width):
            return 0
        cells += max(0, len(row) - 1)  # type: ignore[arg-type]  # it is a list
        if cells >= width:
            return count if cells == width else 0
    return 0


def _is_short(row: object, width: int) -> bool:
    return isinstance(row, list) and len(row) < width
