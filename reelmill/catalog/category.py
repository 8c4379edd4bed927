"""Categories as paths from general to special, from whatever the feed says about them."""

from __future__ import annotations

import re

from reelmill.catalog.nothing import NO_WORDS, SHEET_ERRORS
from reelmill.markup import plain_text
from reelmill.product import UNCATEGORISED

__all__ = ["category_path", "choose_category"]

_MAX_LEVELS = 10
_NUMBERED = re.compile(r"^(\d{1,7})(?:\.0)?(?:\s*-\s*(.+))?$")  # pandas writes 1604.0 where others are missing
_PATH_MARKS = frozenset(">|\u00bb\u203a")
_SAYS_NOTHING = frozenset({"uncategorized", "uncategorised"}) | NO_WORDS | SHEET_ERRORS

# The taxonomy's own numbers: every top level, and the branches below them that shops use most.
_GOOGLE = {
    "1": "Animals & Pet Supplies",
    "8": "Arts & Entertainment",
    "111": "Business & Industrial",
    "141": "Cameras & Optics",
    "166": "Apparel & Accessories",
    "187": "Apparel & Accessories > Shoes",
    "188": "Apparel & Accessories > Jewelry",
    "201": "Apparel & Accessories > Jewelry > Watches",
    "212": "Apparel & Accessories > Clothing > Shirts & Tops",
    "222": "Electronics",
    "412": "Food, Beverages & Tobacco",
    "436": "Furniture",
    "469": "Health & Beauty",
    "473": "Health & Beauty > Personal Care > Cosmetics",
    "536": "Home & Garden",
    "537": "Baby & Toddler",
    "632": "Hardware",
    "638": "Home & Garden > Kitchen & Dining",
    "772": "Mature",
    "783": "Media",
    "888": "Vehicles & Parts",
    "922": "Office Supplies",
    "988": "Sporting Goods",
    "1011": "Sporting Goods > Outdoor Recreation",
    "1239": "Toys & Games",
    "1604": "Apparel & Accessories > Clothing",
    "2092": "Software",
    "2271": "Apparel & Accessories > Clothing > Dresses",
    "2915": "Health & Beauty > Personal Care",
    "5181": "Luggage & Bags",
    "5605": "Religious & Ceremonial",
}


def choose_category(own: str, google: str, product_type: str) -> tuple[str, ...]:
    """The first that says something: the shop's own category, Google's taxonomy, the product type.

    Google's number counts when we know its name; otherwise the product type speaks before it.
    """
    for text in (own, google, product_type):
        if text and (path := category_path(text)):
            return path
    return UNCATEGORISED


def category_path(text: str) -> tuple[str, ...]:
    """``Home & Garden > Cookware`` as its levels; empty if the text names none.

    Levels are parted by ``>``, or else by ``|``, or else by line breaks, as the values of a list in Parquet are, or
    else by a slash with spaces around it.
    """
    cleaned = _one_line(text).replace("\u00bb", ">").replace("\u203a", ">")
    numbered = _NUMBERED.match(cleaned)
    if numbered:
        cleaned = numbered[2] or _GOOGLE.get(numbered[1], "")
    mark = next((mark for mark in (">", "|", " / ") if mark in cleaned), ">")
    levels = [level.strip() for level in cleaned.split(mark)]
    return tuple(level for level in levels if level and level.lower() not in _SAYS_NOTHING)[:_MAX_LEVELS]


def _one_line(text: str) -> str:
    """The text without markup; levels that stand on lines of their own are parted by ``>``."""
    if "\n" in text:
        lines = [line for line in map(plain_text, text.split("\n")) if line]
        if not any(mark in line for line in lines for mark in _PATH_MARKS):
            return " > ".join(lines)
    return plain_text(text)
