"""Whatever is written as a table reads back; whatever is no table raises FixFeed and nothing else."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import unicodedata
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelmill.catalog.feed import Dialect, FeedOptions, open_feed
from reelmill.errors import FixFeed
from reelmill.markup import plain_text, tidy
from reelmill.product import Product, Reject
from tests.support.catalog_feeds import google_csv

# What a file can hold: everything but surrogates. A carriage return inside a cell may come back as a line feed.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=40)
SETTINGS = settings(max_examples=60, deadline=None)


def read_bytes(data: bytes, **options) -> list[Product | Reject]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.csv"
        path.write_bytes(data)
        return list(open_feed(path, FeedOptions(**options)))


def _dirt(titles):
    """How many control characters there are: more of them, and the CSV is refused as a binary file."""
    return sum(unicodedata.category(character) in ("Cc", "So") for title in titles for character in title)


@SETTINGS
@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=8).filter(lambda rows: _dirt(chain.from_iterable(rows)) <= 20),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(1, 4),
)
def test_any_cells_read_back(rows, delimiter, encoding, quoting, batch_rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting)
    writer.writerow(["sku", "name", "note"])
    writer.writerows([f"s{number}", title, note] for number, (title, note) in enumerate(rows))
    read = read_bytes(text.getvalue().encode(encoding), dialect=Dialect.PLAIN, batch_rows=batch_rows)
    assert [row.ref.row for row in sorted(read, key=lambda row: row.ref.row)] == list(range(1, len(rows) + 1))
    for row in read:
        title, note = rows[row.ref.row - 1]
        if isinstance(row, Product):
            assert row.title == plain_text(title)
            assert row.extra == {"note": tidy(note)}
        else:
            assert row.field == "name"
            assert not plain_text(title) or plain_text(title).startswith("#")


@SETTINGS
@given(st.lists(CELLS, min_size=1, max_size=8).filter(lambda titles: _dirt(titles) <= 20), st.integers(1, 4))
def test_parquet_says_the_same_as_csv(titles, batch_rows):
    skus = [f"s{number}" for number in range(len(titles))]
    table = io.BytesIO()
    pq.write_table(pa.table({"sku": skus, "name": titles}), table)
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("sku", "name"), *zip(skus, titles, strict=True)])

    def told(data: bytes) -> list[tuple[int, str]]:
        rows = read_bytes(data, batch_rows=batch_rows)
        return sorted((row.ref.row, row.title if isinstance(row, Product) else row.field) for row in rows)

    assert told(table.getvalue()) == told(text.getvalue().encode())


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"id,title,image_link\n", b"\xff\xfe", b"PAR1", b"\x1f\x8b\x08\x00", b"Handle,Title,Vendor\n"]
    ),
)
@example(b"", b"")
@example(b"\r", b"sku,name\n")
@example(b'"' * 7, b"sku,name\n")
def test_any_bytes_give_rows_or_one_refusal(data, start):
    for content in (start + data, gzip.compress(start + data), gzip.compress(start + data)[:-9]):
        try:
            rows = read_bytes(content, batch_rows=3)
        except FixFeed as refused:
            assert refused.remedy  # noqa: PT017 - either outcome is right
        else:
            assert all(isinstance(row, Product | Reject) for row in rows)


@SETTINGS
@given(st.data())
def test_a_damaged_parquet_file_gives_rows_or_one_refusal(data):
    table = io.BytesIO()
    pq.write_table(pa.table({"sku": [str(n) for n in range(50)], "name": ["title"] * 50}), table)
    content = bytearray(table.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        rows = read_bytes(bytes(content))
    except FixFeed as refused:
        assert refused.remedy  # noqa: PT017 - either outcome is right
    else:
        assert all(isinstance(row, Product | Reject) for row in rows)


@SETTINGS
@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["", "a", "b", "3"])), max_size=25),
    st.integers(1, 30),
)
def test_no_id_makes_two_products_and_no_row_is_lost(rows, batch_rows):
    text = google_csv(*({"id": str(sku), "item_group_id": group} for sku, group in rows))
    read = read_bytes(text.encode(), batch_rows=batch_rows)
    products = [row for row in read if isinstance(row, Product)]
    skus = [product.sku for product in products]
    assert len(set(skus)) == len(skus)
    # Every id of the feed is a product, a variant of one, rejected, or belongs to a group that was made before.
    told = {sku for product in products for sku in (product.sku, *product.variants)}
    told |= {row.sku for row in read if isinstance(row, Reject)}
    groups = {product.sku for product in products if product.item_group_id} | {
        row.sku for row in read if isinstance(row, Reject)
    }
    assert all(str(sku) in told or group in groups for sku, group in rows)
    again = {row.sku for row in read_bytes(text.encode(), batch_rows=50) if isinstance(row, Product)}
    assert again == set(skus)
