"""Rejects: what is wrong with a row and what to do about it, in the same words everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reelmill.catalog.media import shown_address
from reelmill.catalog.nothing import SHEET_ERRORS
from reelmill.catalog.table import BrokenRow
from reelmill.markup import tidy
from reelmill.product import Reject, RowRef
from reelmill.signatures import hide_secrets

__all__ = [
    "broken",
    "duplicate",
    "missing",
    "reject",
    "sku_problem",
    "sound_skus",
    "wrong_currency",
    "wrong_image",
    "wrong_price",
]

MAX_SKU = 100
_SHOWN = 200
_LOOKED_AT = 1000
_ROUNDED = re.compile(r"[0-9]+[.,]?[0-9]*[Ee]\+[0-9]+").fullmatch  # in a German sheet with a comma


def reject(ref: RowRef, sku: str, field: str, told: tuple[str, str], raw: str) -> Reject:
    """A reject whose texts are safe to store and show; ``told`` is the reason and the remedy."""
    reason, remedy = told
    shown_sku, shown = (hide_secrets(tidy(text[:_LOOKED_AT])) for text in (sku, raw))
    return Reject(ref=ref, sku=shown_sku[:MAX_SKU], field=field, reason=reason, remedy=remedy, raw_value=shown[:_SHOWN])


def missing(ref: RowRef, sku: str, field: str, what: str) -> Reject:
    """A reject for an empty required cell."""
    return reject(ref, sku, field, (f"The {what} is missing.", f"Fill in the {what} of this row."), "")


def sku_problem(sku: str) -> tuple[str, str] | None:
    """Why a product id cannot be used, and the remedy; None if it can.

    It must be stable, because changing it makes (and pays for) the product's clips again.
    """
    if len(sku) > MAX_SKU:
        return f"The product id is longer than {MAX_SKU} characters.", f"Use an id of at most {MAX_SKU} characters."
    if not sku.isprintable():
        return "The product id holds control or invisible characters.", "Use plain letters, digits and punctuation."
    if is_sheet_error(sku):
        return "The product id is a spreadsheet error.", "Correct the formula and export again."
    if _ROUNDED(sku) is not None:
        return (
            "The product id is a long number that a spreadsheet has rounded.",
            "Format the id column as text in the spreadsheet and export again.",
        )
    return None


def sound_skus(skus: Sequence[str]) -> bool:
    """Whether none of these ids can have a problem, seen from all of them at once; False asks for a closer look."""
    joined = "".join(skus)
    return (
        all(skus)
        and joined.isprintable()
        and "#" not in joined
        and "E+" not in joined
        and "e+" not in joined
        and max(map(len, skus), default=0) <= MAX_SKU
    )


def is_sheet_error(text: str) -> bool:
    """Whether a cell holds what a spreadsheet writes when its formula fails."""
    return text[:1] == "#" and text.lower() in SHEET_ERRORS


def wrong_image(ref: RowRef, sku: str, field: str, problem: str, address: str) -> Reject:
    """A reject for a main image that cannot be used."""
    remedy = (
        "Give an https:// or gs:// address of the picture, or leave the cell empty to make the video from text alone."
    )
    return reject(ref, sku, field, (f"The image address {problem}.", remedy), shown_address(address))


def wrong_price(ref: RowRef, sku: str, field: str, problem: str, raw: str) -> Reject:
    """A reject for a price that is not one."""
    return reject(ref, sku, field, (f"The price {problem}.", "Write one price like 19.99 USD, or leave it empty."), raw)


def wrong_currency(ref: RowRef, sku: str, field: str, problem: str, raw: str) -> Reject:
    """A reject for a currency cell that holds no currency."""
    remedy = "Write its three letters, like EUR, or leave it empty."
    return reject(ref, sku, field, (f"The currency {problem}.", remedy), raw)


def duplicate(ref: RowRef, sku: str, field: str, first: RowRef, raw: str) -> Reject:
    """A reject for a product id that an earlier row uses."""
    where = f"row {first.row}" if first.file == ref.file else f"row {first.row} of {first.file}"
    return reject(
        ref, sku, field, (f"The product id is already used in {where}.", "Give every product an id of its own."), raw
    )


def broken(file: str, row: BrokenRow) -> Reject:
    """A reject for a row that could not be parted into cells."""
    return reject(RowRef(file, row.number), "", "row", (row.reason, row.remedy), row.raw)
