"""The shipped samples: current, readable, and as their README says."""

from __future__ import annotations

import gzip
import re

import pyarrow.parquet as pq
import pytest

from reelmill.catalog.feed import Dialect
from reelmill.product import Product
from tests.support.build_samples import SAMPLES, laden_csv, merchant_center_tsv, warehouse
from tests.support.catalog_feeds import read

WAREHOUSE = {
    "description": "long_text", "category": "dept", "brand": "maker", "color": "hue", "material": "fabric",
    "price": "net_price", "availability": "on_hand", "images": "pictures",
}  # fmt: skip
LADEN = {
    "sku": "Artikelnummer", "title": "Bezeichnung", "description": "Beschreibung", "category": "Warengruppe",
    "brand": "Marke", "color": "Farbe", "price": "Preis", "image": "Bild",
}  # fmt: skip
COUNTS = {
    "demo.csv": (14, 2),
    "atelier-merchant-center.csv": (21, 4),
    "atelier-merchant-center.tsv.gz": (21, 4),
    "outdoor-shopify.csv": (8, 2),
    "laden-excel.csv": (4, 1),
    "warehouse.parquet": (11, 1),
}
MAPPINGS = {"laden-excel.csv": LADEN, "warehouse.parquet": WAREHOUSE}


@pytest.mark.parametrize("name", COUNTS)
def test_every_sample_makes_what_its_readme_says(name):
    products, rejects = read(SAMPLES / name, columns=MAPPINGS.get(name, {}))
    assert (len(products), len(rejects)) == COUNTS[name]
    (row,) = (line for line in (SAMPLES / "README.md").read_text().splitlines() if f"| `{name}` |" in line)
    assert [int(cell) for cell in re.findall(r"(?<=\| )\d+(?= \|)", row)] == [*COUNTS[name]]
    assert all(product.description and product.category != ("Uncategorised",) and product.price for product in products)
    assert all(product.images or product.sku == "none" for product in products)


def test_every_file_is_listed():
    assert {path.name for path in SAMPLES.iterdir()} == {*COUNTS, "README.md"}


def test_the_built_samples_are_current():
    packed = (SAMPLES / "atelier-merchant-center.tsv.gz").read_bytes()
    assert gzip.decompress(packed) == gzip.decompress(merchant_center_tsv())
    assert (SAMPLES / "laden-excel.csv").read_bytes() == laden_csv()
    assert pq.read_table(SAMPLES / "warehouse.parquet").equals(warehouse())


def test_the_demo_covers_many_categories_and_rejects_by_row():
    products, rejects = read(SAMPLES / "demo.csv")
    assert len({product.category[0] for product in products}) >= 6
    assert [(reject.ref.row, reject.field) for reject in rejects] == [(15, "title"), (16, "price")]
    assert not any(product.variants for product in products)


def test_a_product_survives_being_sent_to_another_process():
    import pickle

    product = read(SAMPLES / "demo.csv")[0][0]
    assert isinstance(product, Product)
    assert pickle.loads(pickle.dumps(product)) == product


def test_samples_are_detected():
    from reelmill.catalog.feed import open_feed

    dialects = {name: open_feed(SAMPLES / name).dialect for name in COUNTS if name not in MAPPINGS}
    assert dialects.pop("outdoor-shopify.csv") is Dialect.SHOPIFY
    assert set(dialects.values()) == {Dialect.GOOGLE}
