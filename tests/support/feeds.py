"""Small product feeds for tests."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

__all__ = ["product_row", "write_feed"]

_COLUMNS = ("id", "title", "description", "link", "image_link", "price", "brand", "google_product_category")


def product_row(sku: str, title: str = "Walnut bowl", category: str = "Home & Garden > Kitchen & Dining") -> list[str]:
    """One product as Google Merchant Center has it."""
    link = f"https://shop.example.com/{sku}"
    return [sku, title, "Turned by hand.", link, f"{link}.jpg", "49.00 EUR", "Marrow & Pine", category]


def write_feed(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A CSV feed with these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
    return path
