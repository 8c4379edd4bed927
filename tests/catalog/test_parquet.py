"""Parquet: every type as the text that an export would hold, one file or a folder."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reelmill.catalog.feed import Dialect, FeedOptions, open_feed
from reelmill.catalog.parquet_text import as_text, text_bytes
from reelmill.errors import FixFeed
from tests.support.catalog_feeds import read


def write(path, columns, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_every_type_becomes_text(tmp_path):
    columns = {
        "sku": pa.array([1, 2], pa.int64()),
        "name": pa.array(["a", "b"]).dictionary_encode(),
        "price": pa.array([Decimal("19.90"), None], pa.decimal128(10, 2)),
        "images": pa.array([["gs://b/1.jpg", None, "gs://b/2,3.jpg"], None], pa.list_(pa.string())),
        "features": pa.array([["Light, warm", "Strong"], []], pa.large_list(pa.string())),
        "availability": pa.array([True, None]),
        "weight": pa.array([180.0, 2.5], pa.float64()),
        "width": pa.array([19.99, None], pa.float32()),
        "added": pa.array([dt.date(2026, 3, 1), None]),
        "at": pa.array([dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC), None], pa.timestamp("ms", "UTC")),
        "note": pa.array([b"caf\xc3\xa9", b"\xff\xfe"], pa.binary()),
        "size": pa.array([{"w": 1, "h": None}, None]),
        "void": pa.nulls(2),
        "big": pa.array(["x", None], pa.large_string()),
        "view": pa.array(["v", None]).cast(pa.string_view()),
    }
    first, second = read(write(tmp_path / "t.parquet", columns), dialect=Dialect.PLAIN)[0]
    assert (first.sku, first.title, first.price) == ("1", "a", Decimal("19.90"))
    assert first.images == ("gs://b/1.jpg", "gs://b/2,3.jpg")
    assert first.highlights == ("Light, warm", "Strong")
    assert first.availability == "in_stock"
    assert first.size == '{"w": 1, "h": null}'
    assert first.extra == {
        "weight": "180", "width": "19.99", "added": "2026-03-01", "at": "2026-03-01 12:30:00.000Z", "note": "café",
        "void": "", "big": "x", "view": "v",
    }  # fmt: skip
    assert (second.sku, second.price, second.images, second.highlights, second.availability) == ("2", None, (), (), "")
    assert second.extra == dict.fromkeys(first.extra, "") | {"weight": "2.5"}


def test_a_list_of_categories_is_a_path(tmp_path):
    levels = ["Home & Garden", "Kitchen & Dining", "Cookware"]
    columns = {"sku": ["a", "b"], "title": ["a", "b"], "category": [levels, levels[:1]]}
    products, _ = read(write(tmp_path / "t.parquet", columns))
    assert [product.category for product in products] == [tuple(levels), tuple(levels[:1])]


def test_ids_that_pandas_made_floats_are_whole_again(tmp_path):
    frame = pd.DataFrame({"id": [1001, None, 1002], "title": ["a", "b", None], "image_link": ["", None, ""]})
    frame.to_parquet(tmp_path / "frame.parquet")
    products, rejects = read(tmp_path / "frame.parquet")
    assert [product.sku for product in products] == ["1001"]
    assert [(reject.ref.row, reject.field) for reject in rejects] == [(2, "id"), (3, "title")]


def test_long_ids_stay_themselves_when_one_of_them_is_missing(tmp_path):
    """An id with an exponent is another id: the whole catalog would be bought again."""
    ids = [7, 12_345_678, 9_999_999_999, 10_000_000_000, 4_006_381_333_931, 2**53 - 1]
    titles = [*"abcdef"]
    whole = write(tmp_path / "whole.parquet", {"id": pa.array(ids), "title": titles})
    pd.DataFrame({"id": [*ids, None], "title": [*titles, "new"]}).to_parquet(tmp_path / "missing.parquet")
    before, _ = read(whole)
    after, (reject,) = read(tmp_path / "missing.parquet")
    assert [product.sku for product in before] == [product.sku for product in after] == list(map(str, ids))
    assert (reject.ref.row, reject.field) == (7, "id")


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_floats_are_plain_decimals(kind):
    column = pa.array([2.0, -3.0, 0.5, 1e-7, float("nan"), float("inf"), None], pa.float64()).cast(kind, safe=False)
    texts = as_text(column)
    assert [*texts[:3], *texts[4:]] == ["2", "-3", "0.5", "", "inf", ""]
    assert float(texts[3]) == pytest.approx(column.cast(pa.float64())[3].as_py())
    assert "e" not in texts[3]


def test_floats_too_large_to_tell_whole_numbers_apart_have_no_exponent_either():
    column = pa.array([2.0**53, -1e17, 1.5e300, 12345678901.25], pa.float64())
    assert as_text(column) == ["9007199254740992", "-1" + "0" * 17, "15" + "0" * 299, "12345678901.25"]
    assert as_text(pa.array([20_000_000.0, 2.0**40], pa.float32())) == ["20000000", str(2**40)]


@pytest.mark.parametrize("row_group_size", [1, 7, 100])
@pytest.mark.parametrize("batch_rows", [1, 10, 5000])
def test_rows_are_numbered_through_row_groups(tmp_path, row_group_size, batch_rows):
    names = [f"title {number}" if number % 10 else "" for number in range(50)]
    path = write(
        tmp_path / "t.parquet", {"sku": list(map(str, range(50))), "name": names}, row_group_size=row_group_size
    )
    products, rejects = read(path, batch_rows=batch_rows)
    assert [product.ref.row for product in products] == [number + 1 for number in range(50) if number % 10]
    assert [reject.ref.row for reject in rejects] == [1, 11, 21, 31, 41]


def test_merchant_center_and_shopify_tables_are_known(tmp_path):
    google = write(
        tmp_path / "g.parquet",
        {"id": ["1", "2"], "title": ["a", "b"], "image link": ["", ""], "item group id": ["g", "g"]},
    )
    shopify = write(
        tmp_path / "s.parquet",
        {"Handle": ["h", "h"], "Title": ["a", None], "Vendor": ["v", None], "Image Src": ["", "gs://b/1"]},
    )
    assert open_feed(google).dialect is Dialect.GOOGLE
    assert [product.sku for product in open_feed(google)] == ["g"]
    assert open_feed(shopify).dialect is Dialect.SHOPIFY
    (product,) = open_feed(shopify)
    assert product.images == ("gs://b/1",)


TYPED_PRICES = {
    "three decimals": (pa.decimal128(18, 3), ["19.990", "129.500", "1299.000", "0.500"], "19.99 129.5 1299 0.5"),
    "the decimals of Spark": (pa.decimal128(38, 18), ["19.99", "129.5", "1299", "1234567.891"],
                              "19.99 129.5 1299 1234567.891"),
    "floats": (pa.float64(), ["16.807", "19.99", "100", "12345678901.5"], "16.807 19.99 100 12345678901.5"),
    "short floats": (pa.float32(), ["16.807", "19.99", "100", "0.125"], "16.807 19.99 100 0.125"),
    "floats that were computed": (
        pa.float64(), ["23.788099999999996", "19.989999999999998", "110.00000000000001", "0.30000000000000004"],
        "23.7881 19.99 110 0.3"),
    "the decimals of BigQuery": (pa.decimal128(38, 9), ["19.99", "0", "0.000000001", "1299"],
                                 "19.99 0 0.000000001 1299"),
    "whole numbers": (pa.int32(), ["5", "100", "1299", "1234567"], "5 100 1299 1234567"),
}  # fmt: skip


@pytest.mark.parametrize("dialect", [Dialect.PLAIN, Dialect.SHOPIFY])
@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("case", TYPED_PRICES)
def test_typed_prices_have_no_thousands(tmp_path, case, dictionary, dialect):
    kind, given, prices = TYPED_PRICES[case]
    column = pa.array([Decimal(text) for text in given]).cast(kind) if pa.types.is_decimal(kind) else pa.array(
        list(map(float if pa.types.is_floating(kind) else int, given)), kind)  # fmt: skip
    columns = {"handle" if dialect is Dialect.SHOPIFY else "sku": [*"abcd"], "title": [*"abcd"]}
    columns["price"] = column.dictionary_encode() if dictionary else column
    products, rejects = read(write(tmp_path / "t.parquet", columns), dialect=dialect, batch_rows=3)
    assert not rejects
    assert [product.price for product in products] == list(map(Decimal, prices.split()))


def test_prices_that_are_texts_have_thousands_and_typed_ones_can_be_wrong(tmp_path):
    texts = write(tmp_path / "t.parquet", {"sku": ["a"], "title": ["a"], "price": ["1.299"]})
    assert read(texts)[0][0].price == Decimal(1299)
    typed = write(tmp_path / "n.parquet", {"sku": [*"abc"], "title": [*"abc"], "price": [-5.125, float("inf"), 1e17]})
    products, rejects = read(typed)
    assert not products
    assert [reject.reason for reject in rejects] == [f"The price is {why}." for why in
                                                     ("negative", "not one amount", "not one amount")]  # fmt: skip


def test_a_folder_as_engines_write_it(tmp_path):
    root = tmp_path / "table"
    write(root / "day=1" / "part-0.parquet", {"sku": ["1"], "name": ["a"], "color": ["red"]})
    write(root / "day=2" / "part-0.parquet", {"color": ["blue", "blue"], "name": ["b", "c"], "sku": ["2", "1"]})
    write(root / "day=2" / ".part-1.parquet.crc", {"nothing": ["1"]})
    write(root / "_temporary" / "part-2.parquet", {"nothing": ["1"]})
    (root / "_SUCCESS").touch()
    products, (reject,) = read(root)
    assert [(product.sku, product.color) for product in products] == [("1", "red"), ("2", "blue")]
    assert "row 1 of" in reject.reason


def test_a_damaged_page_stops_the_feed(tmp_path):
    path = write(
        tmp_path / "t.parquet", {"sku": [str(n) for n in range(5000)], "name": [f"title {n}" for n in range(5000)]}
    )
    data = bytearray(path.read_bytes())
    data[40:4000] = b"\xff" * 3960
    path.write_bytes(data)
    with pytest.raises(FixFeed, match="damaged"):
        list(open_feed(path))


def test_content_counts_not_the_name(tmp_path):
    path = write(tmp_path / "export.csv", {"sku": ["1"], "name": ["a"]})
    assert [product.sku for product in open_feed(path, FeedOptions())] == ["1"]


def test_maps_are_read_and_measured_like_the_lists_that_they_are(tmp_path):
    kind = pa.map_(pa.string(), pa.list_(pa.string()))
    pairs = [[("colour", ["red", "blue"])], None, [("care", ["cold"]), ("made in", None)], []]
    columns = {"sku": [*"abcd"], "title": [*"abcd"], "facts": pa.array(pairs, kind)}
    columns["deep"] = pa.array([{"m": pair} for pair in pairs], pa.struct([("m", kind)]))
    products, rejects = read(write(tmp_path / "t.parquet", columns), batch_rows=3)
    assert not rejects
    assert [product.extra["facts"] for product in products] == ["colour: red blue", "", "care: cold made in:", ""]
    whole = columns["facts"]
    assert text_bytes(whole) >= len("colourredbluecarecoldmade in")
    assert text_bytes(whole.slice(1, 1)) < text_bytes(whole.slice(0, 1)) <= text_bytes(whole)


@pytest.mark.parametrize(
    "times",
    [
        pa.ListArray.from_arrays([0, 1], pa.array([2**60]).cast(pa.timestamp("ms"))),
        pa.ListArray.from_arrays([0, 1], pa.array([2**62]).cast(pa.timestamp("us"))),
        pa.array([0]).cast(pa.timestamp("ms", "Mars/Olympus")),
    ],
)
def test_a_time_that_nobody_can_tell_stops_the_feed(tmp_path, times):
    path = write(tmp_path / "t.parquet", {"sku": ["a"], "title": ["a"], "seen at": times})
    with pytest.raises(FixFeed, match=r"t\.parquet: the column 'seen at' holds a time.* Write the column as text"):
        list(open_feed(path))
