"""Small values that feeds spell in many ways: availability and highlights."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from reelmill.markup import plain_text, tidy

__all__ = ["availability", "better_availability", "highlights"]

_MAX_HIGHLIGHTS = 100  # Merchant Center's own limit
_AVAILABILITY = {
    "in stock": "in_stock",
    "instock": "in_stock",
    "available": "in_stock",
    "yes": "in_stock",
    "true": "in_stock",
    "out of stock": "out_of_stock",
    "outofstock": "out_of_stock",
    "sold out": "out_of_stock",
    "unavailable": "out_of_stock",
    "no": "out_of_stock",
    "false": "out_of_stock",
    "pre order": "preorder",
    "back order": "backorder",
}
_RANK = {"in_stock": 4, "preorder": 3, "backorder": 2, "": 1, "out_of_stock": 0}


def availability(text: str) -> str:
    """``In stock`` as ``in_stock``; words that we do not know stay as they are."""
    if not text or text in _RANK:
        return text
    words = re.sub(r"[\s_-]+", " ", tidy(text).rpartition("/")[2].strip().lower())
    return _AVAILABILITY.get(words, words.replace(" ", "_"))


def better_availability(one: str, other: str) -> str:
    """The availability of a product whose variants have these: it can be bought if one of them can."""
    return other if _RANK.get(other, 1) > _RANK.get(one, 1) else one


def highlights(cells: Iterable[str]) -> tuple[str, ...]:
    """The selling points in a row's cells: one a line or cell, or quoted and parted by commas, or parted by ``|``.

    An unquoted comma parts only when no space follows it, because prose has commas too.
    """
    found: list[str] = []
    for cell in cells:
        text = cell.strip()
        if not text:
            continue
        if text.startswith('"'):
            try:
                parts = [part for row in csv.reader(text.splitlines(), skipinitialspace=True) for part in row]
            except csv.Error:
                parts = [text]
        else:
            parts = re.split(r"\s*[\n|]\s*|\s*;\s+|,(?=\S)(?<!\d,)", text)
        found.extend(filter(None, map(plain_text, parts)))
    return tuple(dict.fromkeys(found))[:_MAX_HIGHLIGHTS]
