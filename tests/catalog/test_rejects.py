"""Rows that cannot be made: one reject each, with place, reason and remedy; the others go on."""

from __future__ import annotations

import pytest

from tests.support.catalog_feeds import google_csv, read_text

BAD_ROWS = {
    "no id": ({"id": " "}, "id", "missing", ""),
    "long id": ({"id": "x" * 101}, "id", "longer than 100", "x" * 101),
    "control in id": ({"id": "a\x07b"}, "id", "control", "a b"),
    "line break in id": ({"id": "a\nb"}, "id", "control", "a b"),
    "formula error as id": ({"id": "#REF!"}, "id", "spreadsheet", "#REF!"),
    "rounded id": ({"id": "8.4012E+12"}, "id", "rounded", "8.4012E+12"),
    "rounded id of a German sheet": ({"id": "4,00638E+12"}, "id", "rounded", "4,00638E+12"),
    "rounded id in lower case": ({"id": "4.00638e+12"}, "id", "rounded", "4.00638e+12"),
    "rounded id without a point": ({"id": "4E+12"}, "id", "rounded", "4E+12"),
    "rounded group": ({"id": "1", "item_group_id": "4,00638E+12"}, "item_group_id", "rounded", "4,00638E+12"),
    "no title": ({"id": "1", "title": " \u200b "}, "title", "missing", ""),
    "tags alone as title": ({"id": "1", "title": "<p></p>"}, "title", "missing", ""),
    "formula error as title": ({"id": "1", "title": "#N/A"}, "title", "missing", ""),
    "http picture": ({"id": "1", "image_link": "http://i.example.com/1.jpg"}, "image_link", "http://", None),
    "file picture": ({"id": "1", "image_link": "file:///etc/passwd"}, "image_link", "neither", None),
    "word as picture": ({"id": "1", "image_link": "front.jpg"}, "image_link", "not an address", "front.jpg"),
    "picture without host": ({"id": "1", "image_link": "https:///1.jpg"}, "image_link", "names no host", None),
    "bucket without object": ({"id": "1", "image_link": "gs://bucket"}, "image_link", "no bucket and object", None),
    "picture with spaces": (
        {"id": "1", "image_link": "https://i.example.com/a b.jpg"},
        "image_link",
        "characters",
        None,
    ),
    "endless picture": ({"id": "1", "image_link": "https://i.example.com/" + "a" * 3000}, "image_link", "2,048", None),
    "negative price": ({"id": "1", "price": "-5.00 USD"}, "price", "negative", "-5.00 USD"),
    "word as price": ({"id": "1", "price": "ask us"}, "price", "not one amount", "ask us"),
    "price range": ({"id": "1", "price": "5.00 - 7.00 USD"}, "price", "not one amount", None),
    "long group": ({"id": "1", "item_group_id": "g" * 101}, "item_group_id", "item group id is longer", None),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_one_reject_and_the_others_go_on(tmp_path, case):
    row, field, words, raw = BAD_ROWS[case]
    products, (reject,) = read_text(tmp_path, google_csv({"id": "before"}, row, {"id": "after"}))
    assert [product.sku for product in products] == ["before", "after"]
    assert reject.ref.file.endswith("feed.csv")
    assert reject.ref.row == 2
    assert reject.field == field
    assert words in reject.reason
    assert reject.remedy
    if raw is not None:
        assert reject.raw_value == raw
    assert len(reject.raw_value) <= 200


def test_the_first_problem_of_a_row_is_the_one_told(tmp_path):
    row = {"id": "1", "title": "", "image_link": "ftp://x", "price": "free"}
    _, (reject,) = read_text(tmp_path, google_csv(row))
    assert (reject.sku, reject.field) == ("1", "title")


def test_secrets_in_addresses_do_not_reach_the_reject(tmp_path):
    rows = (
        {"id": "1", "image_link": "http://user:hunter2@i.example.com/1.jpg?X-Goog-Signature=abc123"},
        {"id": "2", "image_link": "https://user:hunter2@i.example.com/1.jpg#abc123"},
        {"id": "3", "image_link": "user:hunter2@i.example.com/1.jpg?token=abc123"},
    )
    _, rejects = read_text(tmp_path, google_csv(*rows))
    assert len(rejects) == 3
    assert not any("hunter2" in str(reject) or "abc123" in str(reject) for reject in rejects)
    assert rejects[0].raw_value == "http://i.example.com/1.jpg?…"


def test_bad_additional_pictures_are_dropped_and_missing_ones_allowed(tmp_path):
    rows = (
        {"id": "1", "image_link": "", "additional_image_link": ""},
        {"id": "2", "image_link": "//i.example.com/1.jpg", "additional_image_link": "http://i.example.com/2.jpg"},
        {
            "id": "3",
            "image_link": "HTTPS://i.example.com/1.jpg",
            "additional_image_link": "https://i.example.com/2.jpg",
        },
    )
    products, rejects = read_text(tmp_path, google_csv(*rows, more=("additional_image_link",)))
    assert not rejects
    assert [product.images for product in products] == [
        (),
        ("https://i.example.com/1.jpg",),
        ("HTTPS://i.example.com/1.jpg", "https://i.example.com/2.jpg"),
    ]


def test_the_field_is_named_as_the_feed_spells_it(tmp_path):
    _, (reject,) = read_text(tmp_path, "Artikel-Nr.;Bezeichnung;Preis\n1;Topf;gratis\n",
                             columns={"sku": "Artikel-Nr.", "title": "Bezeichnung", "price": "Preis"})  # fmt: skip
    assert reject.field == "Preis"
    assert reject.sku == "1"


@pytest.mark.parametrize("sku", ["E+5", "4.0.0E+12", "A4E+12", "4E12", "4e+", "1+e+2", "4.0E+12-B"])
def test_an_id_that_only_looks_rounded_is_used(tmp_path, sku):
    products, rejects = read_text(tmp_path, google_csv({"id": sku}))
    assert [product.sku for product in products] == [sku]
    assert not rejects


@pytest.mark.parametrize("handle", ["sku", "handle"], ids=["plain", "shopify"])
def test_a_currency_cell_that_is_no_currency_is_named(tmp_path, handle):
    text = f"{handle},title,vendor,price,Currency Code\n1,Cup,x,19.99,Euro\n2,Hat,x,19.99,EUR\n3,Pot,x,free,Euro\n"
    products, (euro, free) = read_text(tmp_path, text, columns={"currency": "Currency Code"})
    assert [(product.title, product.currency) for product in products] == [("Hat", "EUR")]
    assert (euro.ref.row, euro.field, euro.raw_value) == (1, "Currency Code", "Euro")
    assert euro.reason == "The currency is none that we know."
    assert "EUR" in euro.remedy
    assert (free.ref.row, free.field, free.raw_value) == (3, "price", "free")
