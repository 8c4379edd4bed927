"""What every reader gives: a header, then rows of text cells in batches, turned on their side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from reelmill.catalog.pieces import Pieces, find_pieces

__all__ = ["Batch", "BrokenRow", "Table", "batch_of_rows"]

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row whose text could not be parted into the header's cells; ``cells`` are those that it seems to have.

    ``alone`` are those of its line by itself, if it was taken for a piece of a row and may be one after all.
    """

    number: int
    reason: str
    remedy: str
    raw: str
    cells: Sequence[str] = ()
    alone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive rows of a file, as columns: working down a column costs a fraction of working along rows.

    ``numbers`` are the 1-based row numbers; every column has as many cells as there are numbers. Blank rows are left
    out, broken ones come apart; ``pieces`` are rows among the numbers that may be one. ``numeric`` are the indices of
    columns that the file types as numbers: their texts have a point before decimals, and no grouping.
    """

    numbers: Sequence[int]
    columns: Sequence[Sequence[str]]
    broken: tuple[BrokenRow, ...] = ()
    numeric: frozenset[int] = frozenset()
    pieces: tuple[Pieces, ...] = ()


class Table(Protocol):
    """An open feed file."""

    header: tuple[str, ...]

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, at most ``rows`` of them at a time. Raises FixFeed if the file breaks off."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def batch_of_rows(first: int, rows: Sequence[list[str] | BrokenRow], width: int) -> Batch:
    """A batch of rows as read, the first of them numbered ``first``.

    A short row is filled up with empty cells, because spreadsheets drop those; one that is too long is broken unless
    what is left over is empty.
    """
    if set(map(type, rows)) == {list} and set(map(len, cast("Sequence[list[str]]", rows))) == {width}:
        return Batch(range(first, first + len(rows)), list(zip(*cast("Sequence[list[str]]", rows), strict=True)))
    numbers: list[int] = []
    regular: list[list[str]] = []
    broken: list[BrokenRow] = []
    for number, row in enumerate(rows, first):
        if isinstance(row, BrokenRow):
            broken.append(row)
        elif len(row) == width:
            numbers.append(number)
            regular.append(row)
        elif any(cell.strip() for cell in row[width:]):
            broken.append(
                BrokenRow(
                    number,
                    f"The row has {len(row)} cells, the header {width}.",
                    "Put quotes around cells that hold the delimiter or a line break.",
                    " | ".join(row)[:_SHOWN],
                    row,
                )
            )
        elif any(cell.strip() for cell in row):
            numbers.append(number)
            regular.append(row[:width] + [""] * (width - len(row)))
    columns = list(zip(*regular, strict=True)) or [()] * width
    return Batch(numbers, columns, tuple(broken), pieces=tuple(find_pieces(first, rows, width)))
