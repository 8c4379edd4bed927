"""TikTok catalog: a product feed of its own, because every row must carry the nine required fields."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.spec import Field, FileKind, Group, Need, Row, Source, Spec
from reelmill.product import Product

__all__ = ["TIKTOK"]

_PLATFORMS = ("tiktok",)
_AVAILABILITY = ("in stock", "available for order", "preorder", "out of stock", "discontinued")
_CONDITION = ("new", "refurbished", "used")
_STOCK = {"in_stock": "in stock", "out_of_stock": "out of stock", "backorder": "available for order"}


def _rows(group: Group) -> Iterator[Row]:
    for one in group.chosen(_PLATFORMS)[:1]:
        for item in group.items:
            yield {**_facts(item), "video_link": group.addresses.url(one.uri) or one.uri}


def _facts(item: Product) -> Row:
    return {
        "sku_id": item.sku,
        "title": item.title,
        "description": item.description or item.title,
        "availability": _STOCK.get(item.availability, item.availability.replace("_", " ")),
        # A Merchant Center feed leaves the condition out for new products.
        "condition": item.extra.get("condition", "").strip().lower() or "new",
        "price": "" if item.price is None else f"{item.price:f} {item.currency}".strip(),
        "link": item.link,
        "image_link": item.images[0] if item.images else "",
        "brand": item.brand,
        "item_group_id": item.item_group_id,
    }


TIKTOK = Spec(
    name="tiktok",
    title="TikTok catalog feed",
    kind=FileKind.CSV,
    key="sku_id",
    needs=(Need.WEB, Need.FEED),
    platforms=_PLATFORMS,
    fields=(
        Field(name="sku_id", meaning="The product's id.", required=True),
        Field(name="title", meaning="Its title.", required=True),
        Field(name="description", meaning="A short description; the title where the feed has none.", required=True),
        Field(name="availability", meaning="Whether it can be bought.", required=True, one_of=_AVAILABILITY),
        Field(
            name="condition", meaning="Its condition; new where the feed says none.", required=True, one_of=_CONDITION
        ),
        Field(
            name="price",
            meaning="An amount and an ISO 4217 currency, like 19.00 EUR.",
            required=True,
            pattern=r"[0-9]+(\.[0-9]+)? [A-Z]{3}",
        ),
        Field(name="link", meaning="Its page in the shop.", required=True, web=True),
        Field(name="image_link", meaning="Its main picture.", required=True, web=True),
        Field(name="brand", meaning="Its brand.", required=True),
        Field(name="item_group_id", meaning="The group of its variants; empty without one."),
        Field(name="video_link", meaning="Address of its video.", required=True, web=True),
    ),
    rows=_rows,
    retire=None,
    carries=("video_link",),
    retiring="left out: a row would need fields that only the feed has; take the product out of the catalog there",
    sources=(
        Source(url="https://ads.tiktok.com/help/article/catalog-product-parameters", read="2026-11"),
        Source(url="https://seller-us.tiktok.com/university/essay?knowledge_id=491489038501663", read="2026-11"),
    ),
    unverified=(
        "the last three of the nine required fields, and `video_link` with its limits: the page was read in part",
        "limits of length",
        "whether the price wants its currency behind it",
    ),
    disclosure="no field in the feed was found; TikTok Shop asks for its AI-generated label on what is posted",
)
