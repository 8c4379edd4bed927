"""Rows torn by line breaks in a cell without quotes: told from rows that a spreadsheet cut after their last cell.

Both are short, and two of either may have as many cells as the header. What a cell holds tells them apart: an address
or an amount of money is where it belongs either in the row by itself, or in the one that the pieces make up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress

from reelmill.catalog.columns import ColumnMap
from reelmill.catalog.notes import FeedNotes
from reelmill.catalog.nothing import says_nothing
from reelmill.catalog.pieces import Pieces
from reelmill.catalog.price import KNOWN_CURRENCIES, parse_price
from reelmill.catalog.table import Batch, BrokenRow

__all__ = ["without_torn"]

_ADDRESS, _MONEY, _TEXT, _OTHER = "address", "money", "text", "other"
_ADDRESSES = ("link", "image", "images", "variant_image")
_SCHEMES = ("https://", "http://", "gs://")
_SHOWN = 200


def without_torn(batch: Batch, columns: ColumnMap, file: str, notes: FeedNotes) -> Batch:
    """The batch, with the pieces of torn rows as broken rows; pieces that may be whole rows go into the notes."""
    kinds = _kinds(columns)
    torn: list[BrokenRow] = []
    for pieces in batch.pieces:
        sure = _is_torn(pieces, kinds)
        if sure:
            torn += _broken(pieces)
        elif sure is None:
            notes.add_doubtful(file, pieces.numbers)
    if not torn:
        return batch
    gone = {row.number for row in torn}
    stay = [number not in gone for number in batch.numbers]
    kept = [list(compress(column, stay)) for column in batch.columns]
    broken = sorted((*batch.broken, *torn), key=lambda row: row.number)
    return replace(batch, numbers=list(compress(batch.numbers, stay)), columns=kept, broken=tuple(broken), pieces=())


def _is_torn(pieces: Pieces, kinds: Sequence[str]) -> bool | None:
    """Whether these are pieces of one row, and not rows; None if their cells do not tell."""
    proved = False
    for cell, alone, joined in _moved(pieces):
        kind = _kind(cell)
        if kind and kinds[alone] == kind:
            return False  # it is where it belongs already
        if not _may_hold(kinds[joined], cell, kind):
            return False
        proved = proved or (kind == kinds[joined] and kinds[alone] == _TEXT)
    if proved:
        return True
    prose = any(" " in row[0].strip() for row in pieces.rows[1:])  # ids have no spaces
    return None if prose else False


def _moved(pieces: Pieces) -> Iterator[tuple[str, int, int]]:
    """Every cell behind a line break that says something: with its place in its own row, and in the one of all."""
    start = 0
    for number, row in enumerate(pieces.rows):
        for place, cell in enumerate(row):
            text = cell.strip()
            if number and place and text and not says_nothing(text):
                yield text, place, start + place
        start += len(row) - 1


def _may_hold(wanted: str, cell: str, kind: str) -> bool:
    if wanted == _MONEY:
        return _currency(cell) is not None
    return wanted in (kind, _OTHER) or _ADDRESS not in (wanted, kind)


def _kind(cell: str) -> str:
    """Whether a cell is an address, or an amount of money with its currency; else nothing."""
    if cell.lower().startswith(_SCHEMES):
        return _ADDRESS
    return _MONEY if _currency(cell) in KNOWN_CURRENCIES else ""


def _currency(cell: str) -> str | None:
    """The currency of a price, which may be empty; None if the cell is no price."""
    try:
        return parse_price(cell)[1]
    except ValueError:
        return None


def _kinds(columns: ColumnMap) -> list[str]:
    """What each column of the feed holds."""
    kinds = [_OTHER] * (columns.width + 1)  # the last stands for fields that the feed does not have
    special = {**dict.fromkeys(_ADDRESSES, _ADDRESS), "price": _MONEY}
    for field, index in columns.fields.items():
        kinds[index] = special.get(field, _TEXT)
    for field, indices in columns.lists.items():
        for index in indices:
            kinds[index] = special.get(field, _TEXT)
    return kinds


def _broken(pieces: Pieces) -> Iterator[BrokenRow]:
    """Each piece as a broken row that stands for the product of the whole one, and for its own if it is whole."""
    cells = pieces.cells
    first, last = pieces.numbers[0], pieces.numbers[-1]
    remedy = "Put quotes around cells that hold a line break."
    reason = f"A line break stands in a cell without quotes: the rows {first} to {last} are one."
    for number, row in zip(pieces.numbers, pieces.rows, strict=True):
        if not any(map(str.strip, row)):
            continue  # a blank row, which is left out already
        yield BrokenRow(number, reason, remedy, " | ".join(row)[:_SHOWN], cells, row)
