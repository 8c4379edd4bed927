"""A made-up Merchant Center feed of any length: the same rows for the same length, on every machine."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["write_feed"]

_COLUMNS = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "availability",
    "price",
    "brand",
    "google_product_category",
    "color",
    "material",
    "condition",
)
_KINDS = (
    ("shirt", "Apparel & Accessories > Clothing > Shirts & Tops", "linen"),
    ("trail pack", "Sporting Goods > Outdoor Recreation > Camping & Hiking", "ripstop nylon"),
    ("saute pan", "Home & Garden > Kitchen & Dining > Cookware", "stainless steel"),
    ("signet ring", "Apparel & Accessories > Jewelry > Rings", "silver"),
    ("desk lamp", "Home & Garden > Lighting > Lamps", "powder-coated steel"),
    ("headphones", "Electronics > Audio > Headphones", "aluminium"),
    ("wooden train", "Toys & Games > Toys", "beech"),
    ("face balm", "Health & Beauty > Personal Care > Cosmetics", ""),
    ("olive oil", "Food, Beverages & Tobacco > Food Items", ""),
    ("floor cushion", "Home & Garden > Decor", "cotton"),
)
_SENTENCES = (
    "Made in small runs, repaired for life.",
    "Cut wide and finished by hand, for long days and short packing lists.",
    "Light enough to forget, strong enough to rely on.",
    "A quiet design that goes with what you have.",
    "Tested for a year before we dared to sell it.",
    "Comes in a plain box without plastic.",
    "Chosen by people who use theirs every day.",
)
_COLORS = ("sand", "ink", "moss", "clay", "snow", "rust", "slate", "plum", "sea blue", "natural", "black")
_BRANDS = ("Marrow & Pine", "Halden", "Ostro", "Kestrel Works", "Lumen", "Tarn")


def write_feed(path: Path, rows: int) -> Path:
    """Write ``rows`` products of twelve columns as CSV; returns ``path``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(map(_row, range(rows)))
    return path


def _row(number: int) -> tuple[str, ...]:
    kind, category, material = _KINDS[number % len(_KINDS)]
    color, brand = _COLORS[number % len(_COLORS)], _BRANDS[number % len(_BRANDS)]
    mixed = number * 2_654_435_761 % 2**32  # spreads neighbours
    first, second = _SENTENCES[mixed % 7], _SENTENCES[(mixed // 7) % 7]
    cents = 500 + mixed % 19_500
    return (
        f"SKU-{number:08d}",
        f"{brand} {kind}, {color}, no. {number}",
        f"{first} {second}",
        f"https://shop.example.com/products/{number}",
        f"https://images.example.com/{number}/main.jpg",
        "out_of_stock" if mixed % 17 == 0 else "in_stock",
        f"{cents // 100}.{cents % 100:02d} EUR",
        brand,
        category,
        color,
        material,
        "new",
    )
