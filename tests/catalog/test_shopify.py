"""Shopify exports: rows folded by handle, old and new names."""
# ruff: noqa: E501 - rows read best on one line

from __future__ import annotations

from decimal import Decimal

import pytest

from reelmill.catalog.feed import Dialect, open_feed
from tests.support.catalog_feeds import csv_text, read_text

OLD = {
    "handle": "Handle", "title": "Title", "body": "Body (HTML)", "vendor": "Vendor", "category": "Product Category",
    "type": "Type", "tags": "Tags", "published": "Published", "o1n": "Option1 Name", "o1v": "Option1 Value",
    "o2n": "Option2 Name", "o2v": "Option2 Value", "sku": "Variant SKU", "tracker": "Variant Inventory Tracker",
    "qty": "Variant Inventory Qty", "policy": "Variant Inventory Policy", "price": "Variant Price", "image": "Image Src",
    "position": "Image Position", "variant_image": "Variant Image",
    "google": "Google Shopping / Google Product Category", "status": "Status",
}  # fmt: skip
NEW = {
    **OLD, "handle": "URL handle", "body": "Description", "category": "Product category",
    "published": "Published on online store", "o1n": "Option1 name", "o1v": "Option1 value", "o2n": "Option2 name",
    "o2v": "Option2 value", "sku": "SKU", "tracker": "Inventory tracker", "qty": "Inventory quantity",
    "policy": "Continue selling when out of stock", "price": "Price", "image": "Product image URL",
    "position": "Image position", "variant_image": "Variant image URL",
    "google": "Google Shopping / Google product category",
}  # fmt: skip


def cdn(name: str) -> str:
    return f"https://cdn.example.com/{name}.jpg"


SHIRT = (
    {"handle": "shirt", "title": "Poplin Shirt", "body": "<p>Crisp &amp; cool.</p><ul><li>Pockets</li></ul>", "vendor": "Norrvik",
     "category": "Apparel & Accessories > Clothing", "type": "Shirts", "tags": "summer, new", "o1n": "Colour", "o1v": "White",
     "o2n": "Size", "o2v": "S", "sku": "SH-W-S", "price": "79.00", "image": cdn("2"), "position": "2", "status": "active"},
    {"handle": "shirt", "o1v": "White", "o2v": "M", "sku": "SH-W-M", "price": "79.00", "image": cdn("1"), "position": "1"},
    {"handle": "shirt", "o1v": "Blue", "o2v": "M", "sku": "SH-B-M", "price": "85.00", "variant_image": cdn("blue")},
    {"handle": "shirt", "image": cdn("3"), "position": "3"},
)  # fmt: skip


def export(rows, names=OLD) -> str:
    return csv_text(tuple(names.values()), [{names[key]: value for key, value in row.items()} for row in rows])


@pytest.mark.parametrize("names", [OLD, NEW], ids=["old names", "new names"])
def test_rows_fold_into_one_product(tmp_path, names):
    text = export((*SHIRT, {"handle": "mug", "title": "Mug"}), names)
    products, rejects = read_text(tmp_path, text)
    assert open_feed(tmp_path / "feed.csv").dialect is Dialect.SHOPIFY
    assert not rejects
    shirt, mug = products
    assert shirt.sku == shirt.item_group_id == "shirt"
    assert shirt.variants == ("SH-W-S", "SH-W-M", "SH-B-M")
    assert (shirt.title, shirt.description, shirt.brand) == ("Poplin Shirt", "Crisp & cool. Pockets.", "Norrvik")
    assert (shirt.color, shirt.size) == ("White", "")
    assert (shirt.price, shirt.currency) == (Decimal("79.00"), "")
    assert shirt.images == (cdn("1"), cdn("2"), cdn("3"))
    assert shirt.category == ("Apparel & Accessories", "Clothing")
    assert shirt.extra["tags"] == "summer, new"
    assert shirt.ref.row == 1
    assert (mug.sku, mug.ref.row, mug.availability) == ("mug", 5, "")


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
def test_split_variants(tmp_path, batch_rows):
    rows = (*SHIRT, {"handle": "mug", "title": "Mug", "o1n": "Title", "o1v": "Default Title", "price": "9"})
    products, rejects = read_text(tmp_path, export(rows), split_variants=True, batch_rows=batch_rows)
    assert not rejects
    assert [product.sku for product in products] == ["SH-W-S", "SH-W-M", "SH-B-M", "mug"]
    blue = products[2]
    assert (blue.title, blue.color, blue.size, str(blue.price)) == ("Poplin Shirt", "Blue", "M", "85.00")
    assert blue.images[0] == cdn("blue")
    assert blue.item_group_id == "shirt"
    assert blue.ref.row == 3


def test_a_variant_without_sku_goes_by_its_options(tmp_path):
    rows = ({"handle": "mug", "title": "Mug", "o1n": "Glaze", "o1v": "Sea Blue"}, {"handle": "mug", "o1v": "Chalk"})
    products, _ = read_text(tmp_path, export(rows), split_variants=True)
    assert [product.sku for product in products] == ["mug-sea_blue", "mug-chalk"]


def test_numbers_protected_from_spreadsheets_lose_their_apostrophe(tmp_path):
    (product,), _ = read_text(tmp_path, export([{"handle": "mug", "title": "Mug", "sku": "'0042"}]))
    assert product.variants == ("0042",)


def test_rows_far_from_their_product_make_nothing(tmp_path):
    rows = (*SHIRT, {"handle": "mug", "title": "Mug"}, {"handle": "shirt", "image": cdn("4"), "position": "4"})
    for batch_rows in (1, 100):
        products, rejects = read_text(tmp_path, export(rows), batch_rows=batch_rows)
        assert [product.sku for product in products] == ["shirt", "mug"]
        assert not rejects


def test_a_second_product_under_a_handle_is_rejected(tmp_path):
    rows = (*SHIRT, {"handle": "mug", "title": "Mug"}, {"handle": "shirt", "title": "Another"})
    products, (reject,) = read_text(tmp_path, export(rows))
    assert [product.sku for product in products] == ["shirt", "mug"]
    assert (reject.field, reject.ref.row, "row 1" in reject.reason) == ("Handle", 6, True)


def test_a_product_without_title_is_one_reject(tmp_path):
    rows = ({"handle": "lost", "sku": "a"}, {"handle": "lost", "sku": "b"}, {"handle": "mug", "title": "Mug"})
    products, (reject,) = read_text(tmp_path, export(rows))
    assert [product.sku for product in products] == ["mug"]
    assert (reject.sku, reject.field, reject.ref.row) == ("lost", "Title", 1)


def test_a_row_without_handle(tmp_path):
    rows = ({"title": "Nobody"}, *SHIRT[:1], {"image": cdn("5"), "position": "5"})
    (product,), (reject,) = read_text(tmp_path, export(rows))
    assert product.images == (cdn("2"), cdn("5"))
    assert (reject.field, reject.ref.row) == ("Handle", 1)


@pytest.mark.parametrize(
    ("cells", "made"),
    [
        ({"status": "active", "published": "false"}, True),
        ({"status": "Draft"}, False),
        ({"status": "archived"}, False),
        ({"published": "FALSE"}, False),
        ({"published": "true"}, True),
        ({}, True),
    ],
)
def test_what_is_not_on_sale_is_rejected(tmp_path, cells, made):
    products, rejects = read_text(tmp_path, export([{"handle": "mug", "title": "Mug", **cells}]))
    assert bool(products) is made
    assert [reject.reason for reject in rejects] == ([] if made else ["The product is not on sale in the shop."])


@pytest.mark.parametrize(
    ("stock", "availability"),
    [
        ([("0", "deny"), ("0", "deny")], "out_of_stock"),
        ([("0", "deny"), ("3", "deny")], "in_stock"),
        ([("-2", "FALSE")], "out_of_stock"),
        ([("0", "continue")], "in_stock"),
    ],
)
def test_stock(tmp_path, stock, availability):
    rows = [
        {"handle": "mug", "sku": f"m{n}", "tracker": "shopify", "qty": qty, "policy": policy}
        for n, (qty, policy) in enumerate(stock)
    ]
    rows[0]["title"] = "Mug"
    (product,), _ = read_text(tmp_path, export(rows))
    assert product.availability == availability


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"image": "http://cdn.example.com/1.jpg"}, "Image Src"),
        ({"price": "abc"}, "Variant Price"),
        ({"handle": "h" * 101}, "Handle"),
    ],
)
def test_bad_cells_reject_the_product(tmp_path, cells, field):
    rows = ({"handle": "mug", "title": "Mug", **cells}, {"handle": "shirt", "title": "Shirt"})
    products, (reject,) = read_text(tmp_path, export(rows))
    assert [product.sku for product in products] == ["shirt"]
    assert reject.field == field


def test_the_category_falls_back(tmp_path):
    rows = (
        {"handle": "a", "title": "A", "google": "Home & Garden > Decor", "type": "Vases"},
        {"handle": "b", "title": "B", "google": "", "type": "Vases"},
        {"handle": "c", "title": "C", "category": "Uncategorized", "google": "187"},
    )
    products, _ = read_text(tmp_path, export(rows))
    assert [product.category_text for product in products] == [
        "Home & Garden > Decor",
        "Vases",
        "Apparel & Accessories > Shoes",
    ]


def test_metafields_and_mappings_fill_fields(tmp_path):
    text = (
        "Handle,Title,Vendor,Produktname,Muster,Color (product.metafields.shopify.color-pattern)\n"
        "mug,Mug,Ostra,Becher,striped,sea blue\n"
    )
    (product,), _ = read_text(tmp_path, text, columns={"title": "Produktname", "pattern": "Muster"})
    assert (product.title, product.pattern, product.color) == ("Becher", "striped", "sea blue")
    assert product.extra == {"title": "Mug"}


def test_ids_that_a_spreadsheet_keeps_as_text_are_the_ids(tmp_path):
    row = {"handle": '="007"', "title": "Mug", "o1n": "Size", "o1v": "M", "sku": '="0042"', "price": "9"}
    (product,), _ = read_text(tmp_path, export([row]))
    assert (product.sku, product.variants) == ("007", ("0042",))


def test_a_word_for_nothing_is_an_empty_cell(tmp_path):
    row = {"handle": "mug", "title": "Mug", "body": "NULL", "vendor": "n/a", "o1n": "Color", "o1v": "None", "o2n": "Size",
           "o2v": "M", "sku": "M1", "price": "#N/A", "image": "nan", "variant_image": "-"}  # fmt: skip
    (product,), rejects = read_text(tmp_path, export([row]), split_variants=True)
    assert not rejects
    assert (product.description, product.brand, product.color, product.size) == ("", "", "", "M")
    assert (product.price, product.images) == (None, ())


def test_descriptions_whose_html_was_escaped_once_more_are_plain(tmp_path):
    row = {"handle": "mug", "title": "Mug", "body": "&lt;ul&gt;&lt;li&gt;Soft&lt;li&gt;Warm"}
    assert read_text(tmp_path, export([row]))[0][0].description == "Soft. Warm"
