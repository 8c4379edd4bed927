"""The three dialects of feeds: how each names its columns, and how a header gives its dialect away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from reelmill.column_names import column_name

__all__ = ["KNOWN_NAMES", "LIST_FIELDS", "NAMES", "Dialect", "detect_dialect"]


class Dialect(StrEnum):
    """Who wrote the feed."""

    GOOGLE = "google"  # Google Merchant Center product data
    SHOPIFY = "shopify"  # Shopify product export
    PLAIN = "plain"  # anything else: a warehouse table, a spreadsheet


# Fields that may take several columns; every other field takes the first column that carries one of its names.
LIST_FIELDS = frozenset({"images", "highlights"})

_GOOGLE: Mapping[str, tuple[str, ...]] = {
    "sku": ("id", "offer_id", "sku"),
    "title": ("title", "name"),
    "description": ("description",),
    "brand": ("brand",),
    "color": ("color", "colour"),
    "material": ("material",),
    "pattern": ("pattern",),
    "size": ("size",),
    "gender": ("gender",),
    "age_group": ("age_group",),
    "availability": ("availability",),
    "link": ("link",),
    "image": ("image_link",),
    "images": ("additional_image_link", "additional_image_links"),
    "price": ("price",),
    "currency": ("currency",),
    "item_group_id": ("item_group_id",),
    "category": ("category",),
    "google_category": ("google_product_category",),
    "product_type": ("product_type", "product_types"),
    "highlights": ("product_highlight", "product_highlights"),
}

_PLAIN: Mapping[str, tuple[str, ...]] = {
    "sku": (
        "sku", "id", "product_id", "item_id", "product_sku", "item_sku", "article_number", "article_no",
        "item_number", "item_no", "product_code", "item_code", "sku_id", "code",
    ),
    "title": ("title", "name", "product_name", "product_title", "item_name", "product"),
    "description": ("description", "product_description", "long_description", "body", "details", "short_description"),
    "brand": ("brand", "brand_name", "manufacturer", "vendor"),
    "color": ("color", "colour", "color_name", "colour_name"),
    "material": ("material", "materials", "fabric"),
    "pattern": ("pattern",),
    "size": ("size",),
    "gender": ("gender",),
    "age_group": ("age_group",),
    "availability": ("availability", "stock_status"),
    "link": ("link", "url", "product_url", "product_link"),
    "image": (
        "image", "image_link", "image_url", "main_image", "main_image_url", "image_src", "picture", "picture_url",
        "image_1", "image1", "image_url_1", "photo", "photo_url", "img",
    ),
    "images": ("images", "image_urls", "image_links", "additional_images", "additional_image_link", *(
        f"image{between}{number}" for between in ("_", "", "_url_") for number in range(2, 11)
    )),
    "price": ("price", "unit_price", "retail_price", "price_amount", "list_price"),
    "currency": ("currency", "price_currency", "currency_code"),
    "item_group_id": ("item_group_id", "variant_group_id", "parent_sku", "style_number"),
    "category": ("category", "categories", "product_category", "category_path", "category_name", "department"),
    "google_category": ("google_product_category", "google_category"),
    "product_type": ("product_type", "type"),
    "highlights": ("highlights", "product_highlight", "features", "bullet_points", "bullets"),
}  # fmt: skip

# The export as it was named until 2024, and as Shopify renamed it since.
_SHOPIFY: Mapping[str, tuple[str, ...]] = {
    "handle": ("handle", "url_handle"),
    "title": ("title",),
    "description": ("body_html", "body", "description"),
    "brand": ("vendor",),
    "category": ("product_category", "standardized_product_type", "standard_product_type"),
    "google_category": ("google_shopping_google_product_category",),
    "product_type": ("type", "custom_product_type"),
    "status": ("status",),
    "published": ("published", "published_on_online_store"),
    "option1_name": ("option1_name",),
    "option1_value": ("option1_value",),
    "option2_name": ("option2_name",),
    "option2_value": ("option2_value",),
    "option3_name": ("option3_name",),
    "option3_value": ("option3_value",),
    "sku": ("variant_sku", "sku"),
    "price": ("variant_price", "price"),
    "currency": ("currency",),
    "stock": ("variant_inventory_qty", "inventory_quantity"),
    "stock_tracker": ("variant_inventory_tracker", "inventory_tracker"),
    "stock_policy": ("variant_inventory_policy", "continue_selling_when_out_of_stock"),
    "image": ("image_src", "product_image_url"),
    "image_position": ("image_position",),
    "variant_image": ("variant_image", "variant_image_url"),
    "color": ("color_product_metafields_shopify_color_pattern",),
    "material": ("material_product_metafields_shopify_material", "fabric_product_metafields_shopify_fabric"),
    "gender": ("google_shopping_gender", "target_gender_product_metafields_shopify_target_gender"),
    "age_group": ("google_shopping_age_group", "age_group_product_metafields_shopify_age_group"),
    "link": ("link", "url"),
    "pattern": (),  # these two come from options, or from a columns mapping
    "size": (),
}

NAMES: Mapping[Dialect, Mapping[str, tuple[str, ...]]] = {
    Dialect.GOOGLE: _GOOGLE,
    Dialect.SHOPIFY: _SHOPIFY,
    Dialect.PLAIN: _PLAIN,
}

KNOWN_NAMES = frozenset(name for names in NAMES.values() for synonyms in names.values() for name in synonyms)

_GOOGLE_SIGNS = frozenset({
    "image_link", "additional_image_link", "availability", "google_product_category", "item_group_id",
    "product_type", "gtin", "mpn", "condition", "custom_label_0", "identifier_exists", "product_highlight",
    "sale_price", "age_group",
})  # fmt: skip
_SHOPIFY_SIGNS = frozenset({
    "body_html", "vendor", "variant_sku", "variant_price", "option1_name", "option1_value", "image_src",
    "product_image_url", "published_on_online_store", "variant_image", "variant_image_url",
})  # fmt: skip


def detect_dialect(header: Sequence[str]) -> Dialect:
    """The dialect that the header looks like; plain when it looks like neither of the others."""
    names = {column_name(column) for column in header}
    if names & {"handle", "url_handle"} and "title" in names and names & _SHOPIFY_SIGNS:
        return Dialect.SHOPIFY
    if {"id", "title"} <= names and ("image_link" in names or len(names & _GOOGLE_SIGNS) > 1):
        return Dialect.GOOGLE
    return Dialect.PLAIN
