"""Variants into products, repeated ids into rejects, wherever in the feed they stand."""

from __future__ import annotations

from decimal import Decimal

from tests.support.catalog_feeds import google_csv, read_text


def image(name: str) -> str:
    return f"https://images.example.com/{name}.jpg"


def variant(sku: str, group: str = "G", **more: str) -> dict[str, str]:
    return {"id": sku, "item_group_id": group, "image_link": image(sku), **more}


def test_adjacent_variants_become_one_product(tmp_path):
    text = google_csv(
        variant("s", size="S", color="red", availability="out_of_stock", brand=""),
        variant("m", size="M", color="red", availability="in_stock", brand="Norrvik", price="5.00 USD"),
        variant("l", size="M", color="blue", description="Late text"),
        more=("size",),
    )
    (product,), rejects = read_text(tmp_path, text)
    assert not rejects
    assert product.sku == product.item_group_id == "G"
    assert product.variants == ("s", "m", "l")
    assert product.ref.row == 1
    assert product.color == "red"
    assert product.size == ""
    assert (product.brand, product.description) == ("Norrvik", "Late text")
    assert (product.price, product.currency) == (Decimal("5.00"), "USD")
    assert product.availability == "in_stock"
    assert product.images == (image("s"), image("m"))


def test_the_id_of_a_folded_product_stays_when_its_first_variant_is_gone(tmp_path):
    whole, _ = read_text(tmp_path, google_csv(variant("s"), variant("m")))
    less, _ = read_text(tmp_path, google_csv(variant("m")))
    assert [product.sku for product in whole] == [product.sku for product in less] == ["G"]


def test_scattered_variants_still_make_one_product(tmp_path):
    rows = [variant(f"{number}-{group}", group) for number in range(4) for group in ("a", "b", "c")]
    for batch_rows in (1, 2, 5, 100):
        products, rejects = read_text(tmp_path, google_csv(*rows), batch_rows=batch_rows)
        assert [product.sku for product in products] == ["a", "b", "c"]
        assert not rejects


def test_variants_on_both_sides_of_a_rejected_row_fold(tmp_path):
    (product,), (reject,) = read_text(tmp_path, google_csv(variant("s"), variant("m", title=""), variant("l")))
    assert product.variants == ("s", "l")
    assert reject.sku == "m"


def test_split_variants_keeps_them_apart(tmp_path):
    products, rejects = read_text(tmp_path, google_csv(variant("s"), variant("m")), split_variants=True)
    assert not rejects
    assert [(product.sku, product.item_group_id, product.variants) for product in products] == [
        ("s", "G", ()),
        ("m", "G", ()),
    ]


def test_a_placeholder_is_no_group(tmp_path):
    products, _ = read_text(
        tmp_path, google_csv(*(variant(str(n), group) for n, group in enumerate(["0", "-", "N/A", "0.0"])))
    )
    assert [(product.sku, product.item_group_id) for product in products] == [
        ("0", ""),
        ("1", ""),
        ("2", ""),
        ("3", ""),
    ]


def test_a_repeated_id_is_rejected_and_names_the_first_row(tmp_path):
    rows = [{"id": str(number)} for number in (1, 2, 3, 2, 4, 1, 1)]
    for batch_rows in (1, 2, 100):
        products, rejects = read_text(tmp_path, google_csv(*rows), batch_rows=batch_rows)
        assert [product.sku for product in products] == ["1", "2", "3", "4"]
        assert [(reject.ref.row, reject.sku, reject.field) for reject in rejects] == [
            (4, "2", "id"),
            (6, "1", "id"),
            (7, "1", "id"),
        ]
        assert [reject.reason.rpartition(" ")[2] for reject in rejects] == ["2.", "1.", "1."]


def test_a_repeated_id_in_a_group_is_rejected(tmp_path):
    (product,), (reject,) = read_text(tmp_path, google_csv(variant("s"), variant("s"), variant("m")))
    assert product.variants == ("s", "m")
    assert "row 1" in reject.reason


def test_an_id_that_only_a_rejected_row_used_is_free(tmp_path):
    products, (reject,) = read_text(tmp_path, google_csv({"id": "1", "price": "free"}, {"id": "1"}))
    assert [product.ref.row for product in products] == [2]
    assert reject.ref.row == 1


def test_a_parent_row_whose_id_is_the_group_folds_with_its_variants(tmp_path):
    for rows in ([{"id": "G"}, variant("s"), variant("m")], [variant("s"), {"id": "G"}, variant("m")]):
        for batch_rows in (1, 100):
            (product,), rejects = read_text(tmp_path, google_csv(*rows), batch_rows=batch_rows)
            assert not rejects
            assert product.sku == product.item_group_id == "G"
            assert len(product.variants) == 3


def test_an_id_that_is_a_group_elsewhere_never_makes_a_second_product(tmp_path):
    for rows in ([{"id": "5"}, {"id": "6"}, variant("s", "5")], [variant("s", "5"), {"id": "6"}, {"id": "5"}]):
        for batch_rows in (1, 2, 100):
            products, (reject,) = read_text(tmp_path, google_csv(*rows), batch_rows=batch_rows)
            assert sorted(product.sku for product in products) == ["5", "6"]
            assert (reject.ref.row, reject.sku) == (3, "5")
            assert "row 1" in reject.reason


def test_a_group_that_is_the_whole_feed_stays_small(tmp_path):
    (product,), _ = read_text(tmp_path, google_csv(*(variant(str(number)) for number in range(5000))))
    assert len(product.variants) == 2000
    assert len(product.images) == 11
