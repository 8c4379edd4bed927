"""What the shop asks for a product, as a clip carries it to its captions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reelmill.catalog.price import format_price, parse_price
from reelmill.product import Product

__all__ = ["ShownPrices", "shown_prices"]

_SALE, _SALE_DATES = "sale_price", "sale_price_effective_date"  # columns of Merchant Center


@dataclass(frozen=True, slots=True)
class ShownPrices:
    """The price like ``19.99 EUR``, and the one of a sale that runs; empty where there is none."""

    price: str = ""
    sale_price: str = ""


def shown_prices(product: Product, now: datetime) -> ShownPrices:
    """The prices of a product at a moment. A price of nothing is none."""
    if not product.price:
        return ShownPrices()
    return ShownPrices(format_price(product.price, product.currency), _sale_price(product, now))


def _sale_price(product: Product, now: datetime) -> str:
    """The lower price of a sale that runs now; empty if anything about it is in doubt, for a film is not taken back."""
    text = product.extra.get(_SALE, "").strip()
    if not text or product.price is None or not _runs(product.extra.get(_SALE_DATES, ""), now):
        return ""
    try:
        amount, currency = parse_price(text)
    except ValueError:
        return ""
    if not 0 < amount < product.price or currency not in ("", product.currency):
        return ""
    return format_price(amount, product.currency)


def _runs(dates: str, now: datetime) -> bool:
    """Whether ``start/end``, both in ISO 8601, holds the moment; without dates a sale runs. A bare time is in UTC."""
    if not dates.strip():
        return True
    start, _, end = dates.partition("/")
    try:
        began, ends = (datetime.fromisoformat(part.strip()) for part in (start, end))
    except ValueError:
        return False
    return _aware(began) <= now < _aware(ends)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
