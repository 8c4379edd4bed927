"""Build the sample feeds that a text editor cannot write: ``python tests/support/build_samples.py``.

The gzipped TSV says the same as the Merchant Center CSV beside it; the Parquet file is a warehouse table with names of
its own; the Windows-1252 file is what a German Excel saves.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SAMPLES = Path(__file__).resolve().parents[2] / "catalogs" / "samples"
_IMAGES = "gs://example-product-images/warehouse"

_WAREHOUSE = [
    ("W-0001", "Ribbed Cashmere Beanie", "Two-ply cashmere, knitted thick and worn thin for decades.",
     "Apparel & Accessories > Clothing Accessories > Hats", "Norrvik", "oat", "cashmere", "59.00", True),
    ("W-0002", "Pleated Wool Trousers", "High rise, deep pleats, a crease that survives a train ride.",
     "Apparel & Accessories > Clothing > Pants", "Norrvik", "charcoal", "virgin wool", "149.00", True),
    ("W-0003", "Gravel Bike Helmet", "In-mould shell with eighteen vents and a magnetic buckle.",
     "Sporting Goods > Outdoor Recreation > Cycling", "Fjellro", "matt sage", "polycarbonate", "119.00", True),
    ("W-0004", "Cork Yoga Block, Pair", "Harvested cork with rounded edges; warm to the touch and never slippery.",
     "Sporting Goods > Exercise & Fitness > Yoga & Pilates", "Fjellro", "cork", "cork", "32.00", True),
    ("W-0005", "Granite Mortar 1.2 L", "Turned from one block; heavy enough to stay where it stands.",
     "Home & Garden > Kitchen & Dining > Kitchen Tools & Utensils", "Ostra", "grey", "granite", "54.00", True),
    ("W-0006", "Gold Vermeil Hoops", "Hollow hoops, light as a thought, 28 mm across.",
     "Apparel & Accessories > Jewelry > Earrings", "Lumen & Vale", "gold", "gold vermeil", "88.00", True),
    ("W-0007", "Paper Pendant Light", "Folded by hand from washi; ships flat, opens like a fan.",
     "Home & Garden > Lighting > Lighting Fixtures", "Harbour & Beam", "white", "washi paper", "96.00", False),
    ("W-0008", "Clay Face Mask 75 ml", "Green clay, oat milk and nothing that needs explaining.",
     "Health & Beauty > Personal Care > Cosmetics > Skin Care", "Selva Botanics", None, None, "24.00", True),
    ("W-0009", "Bookshelf Speakers, Pair", "Ash cabinets, silk tweeters, and a remote that fits a palm.",
     "Electronics > Audio > Audio Components > Speakers", "Axiom Audio", "ash", "ash wood", "420.00", True),
    ("W-0010", "Balancing Moon Game", "A crescent, eighteen stars and a long breath. For two to six players.",
     "Toys & Games > Games", "Palette & Pine", "natural", "beech wood", "27.50", True),
    ("W-0011", "Single-Estate Olive Oil 500 ml", "Picked green in October and pressed the same evening.",
     "Food, Beverages & Tobacco > Food Items > Cooking & Baking Ingredients", "Tern Coffee", None, None, "19.00", True),
    ("W-0012", None, "The import that lost this name also lost its price.", "Furniture > Chairs",
     "Harbour & Beam", "oak", "oak", None, None),
]  # fmt: skip

_LADEN = [
    ("Artikelnummer", "Bezeichnung", "Beschreibung", "Warengruppe", "Marke", "Farbe", "Preis", "Bild"),
    ("1001", "Gießkanne „Hortensie“, 3 Liter", "Verzinktes Blech mit Messingbrause; gießt in weitem Bogen.",
     "Haus & Garten > Garten", "Grünwerk", "zink", "49,90 €", "https://images.example.com/laden/1001.jpg"),
    ("1002", "Römertopf, groß", "Ton, unglasiert. Vor jedem Gebrauch wässern; alles gart im eigenen Saft.",
     "Küche > Töpfe", "Tonhof", "terrakotta", "64,00 €", "https://images.example.com/laden/1002.jpg"),
    ("1003", "Wollsocken, 2 Paar", "Schurwolle vom Merinoschaf;\nkratzt nicht, wärmt auch nass.",
     "Kleidung > Socken", "Nordmasche", "graublau", "24,50 €", "https://images.example.com/laden/1003.jpg"),
    ("1004", "Ohrringe „Tropfen“", "Sterlingsilber; geschmiedet, gebürstet.",
     "Schmuck > Ohrringe", "Lötstelle", "silber", "1.189,00 €", "https://images.example.com/laden/1004.jpg"),
    ("1005", "Kinderroller", "Esche und Stahl; fährt leise übers Pflaster.",
     "Spielzeug", "Holzrad", "blau", "auf Anfrage", "https://images.example.com/laden/1005.jpg"),
]  # fmt: skip


def warehouse() -> pa.Table:
    """The warehouse table, with the types that a warehouse has."""
    rows = [
        {
            "sku": sku, "name": name, "long_text": text, "dept": dept, "maker": maker, "hue": hue, "fabric": fabric,
            "net_price": None if price is None else Decimal(price), "currency": "EUR", "on_hand": stock,
            "pictures": [f"{_IMAGES}/{sku}/{side}.jpg" for side in ("front", "side")],
            "launched": date(2026, 3, 1), "weight_g": 180.0 if sku == "W-0001" else None,
        }
        for sku, name, text, dept, maker, hue, fabric, price, stock in _WAREHOUSE
    ]  # fmt: skip
    kinds = {
        "net_price": pa.decimal128(10, 2), "on_hand": pa.bool_(), "pictures": pa.list_(pa.string()),
        "launched": pa.date32(), "weight_g": pa.float64(),
    }  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, kinds.get(name, pa.string())) for name in rows[0]]))


def merchant_center_tsv() -> bytes:
    """The Merchant Center sample as gzipped TSV."""
    with (SAMPLES / "atelier-merchant-center.csv").open(newline="", encoding="utf-8") as source:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t", lineterminator="\n").writerows(csv.reader(source))
    return gzip.compress(text.getvalue().encode(), mtime=0)


def laden_csv() -> bytes:
    """A shop's list as a German Excel saves it: semicolons, Windows-1252, CRLF."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(_LADEN)
    return text.getvalue().encode("cp1252")


def main() -> None:
    """Write all of them."""
    (SAMPLES / "atelier-merchant-center.tsv.gz").write_bytes(merchant_center_tsv())
    (SAMPLES / "laden-excel.csv").write_bytes(laden_csv())
    pq.write_table(warehouse(), SAMPLES / "warehouse.parquet", compression="zstd", row_group_size=5)


if __name__ == "__main__":
    main()
