"""The normalised product, and the row that could not become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["UNCATEGORISED", "Product", "Reject", "RowRef"]

UNCATEGORISED = ("Uncategorised",)
"""The category path of a product of which the feed names none. It is for lists and sums: no prompt or tag says it."""


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where something was read: the feed file and the 1-based data row (the header is not counted)."""

    file: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One sellable item, folded from one or more feed rows.

    ``category`` is the path from general to special, like ``("Home & Garden", "Cookware")``; ``images``
    are ``https://`` or ``gs://`` addresses, the main one first; ``price`` is in ``currency``.
    Text is plain (no HTML), trimmed, and is data: it is never executed as a template.
    """

    sku: str
    title: str
    category: tuple[str, ...]
    ref: RowRef
    description: str = ""
    brand: str = ""
    color: str = ""
    material: str = ""
    pattern: str = ""
    size: str = ""
    gender: str = ""
    age_group: str = ""
    availability: str = ""
    link: str = ""
    images: tuple[str, ...] = ()
    price: Decimal | None = None
    currency: str = ""
    item_group_id: str = ""
    highlights: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()  # SKUs folded into this product, in feed order
    extra: Mapping[str, str] = field(default_factory=dict)  # every other column, for templates

    @property
    def category_text(self) -> str:
        """The category as merchants write it: ``Home & Garden > Cookware``."""
        return " > ".join(self.category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A feed row that cannot be made, with what to do about it.

    ``keys`` are what its product may be remembered under: its id and that of its group. They matter to the plan alone
    and are kept nowhere.
    """

    ref: RowRef
    sku: str
    field: str
    reason: str
    remedy: str
    raw_value: str
    keys: tuple[str, ...] = ()  # empty: nobody can tell which product it is
    on_sale: bool = True  # False: the shop has taken it away, as if it were not in the feed
