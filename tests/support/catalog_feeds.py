"""Feeds for the catalog tests: written as an export would, read back as products and rejects."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reelmill.catalog.feed import FeedOptions, open_feed
from reelmill.product import Product, Reject

GOOGLE = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "availability",
    "price",
    "brand",
    "color",
    "item_group_id",
)


def csv_text(header: Sequence[str], rows: Iterable[Mapping[str, str]], *, delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, delimiter=delimiter, lineterminator=end, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def google_csv(*rows: Mapping[str, str], more: Sequence[str] = ()) -> str:
    """A Merchant Center feed; every row has a title and a picture unless it says otherwise."""
    header = (*GOOGLE, *more)
    usual = {"title": "Linen dress", "image_link": "https://images.example.com/a.jpg", "availability": "in_stock"}
    return csv_text(header, [{**usual, **row} for row in rows])


def read(location: Path | str, **options) -> tuple[list[Product], list[Reject]]:
    rows = list(open_feed(location, FeedOptions(**options)))
    return [row for row in rows if isinstance(row, Product)], [row for row in rows if isinstance(row, Reject)]


def read_text(
    folder: Path, text: str | bytes, *, name: str = "feed.csv", **options
) -> tuple[list[Product], list[Reject]]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, **options)
