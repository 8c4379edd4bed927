"""What a reject stands for: everything that its product may be remembered under, so that nobody takes it for gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reelmill.catalog.rejects import broken, sku_problem
from reelmill.catalog.table import BrokenRow
from reelmill.product import Reject

__all__ = ["broken_row", "named"]


def named(reject: Reject, own: str, *others: str) -> Reject:
    """The reject with its keys: its own id, and the others that are not empty, like that of its group.

    If one of them cannot be used, nobody can tell which product it is: then there are none.
    """
    keys = dict.fromkeys((own, *filter(None, others)))
    if not own or any(sku_problem(key) is not None for key in keys):
        return reject
    return replace(reject, keys=tuple(keys))


def broken_row(file: str, row: BrokenRow, width: int, own: int, other: int) -> Reject:
    """A reject for a row that could not be parted into the ``width`` cells of its header.

    ``own`` and ``other`` are the columns of the product's id and of its group, ``width`` where there is none. The
    keys are every id that may have stood there; without the one of its own, nobody can tell which product it is.
    """
    told = broken(file, row)
    places = [own] if other >= width else [own, other]
    found = [list(_near(row.cells, at, width)) for at in places]
    reached = width <= len(row.cells) or max(places) < len(row.cells) - 1  # an open quote may hold the rest
    if not reached or not any(found[0]):
        return told
    alone = [cell.strip() for cell in row.alone[own : own + 1]]
    cells = [cell for near in (*found, alone) for cell in near if cell]
    # Shopify protects numbers from spreadsheets with an apostrophe, which is no part of the id.
    return replace(told, keys=tuple(dict.fromkeys((*cells, *(cell.removeprefix("'") for cell in cells)))))


def _near(cells: Sequence[str], at: int, width: int) -> Iterator[str]:
    """The cells that a column may have moved to: nobody knows where those that are too many came from."""
    return map(str.strip, cells[at : at + max(0, len(cells) - width) + 1])
