"""Real feeds, broken in every way: rows or one refusal, in bounded time and memory."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import pandas as pd  # noqa: F401 - Arrow imports it for some types: not growth
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.catalog.feed import Dialect, FeedOptions, open_feed
from reelmill.errors import FixFeed
from reelmill.product import Product, Reject
from tests.support.fuzzing import NASTY_TEXT, fuzz, grown, is_one_line

SAMPLES = {
    path.name: path.read_bytes()
    for path in sorted((Path(__file__).resolve().parents[2] / "catalogs" / "samples").iterdir())
    if path.suffix != ".md"
}
TEXTS = sorted(name for name in SAMPLES if name.endswith(".csv"))
BYTES = st.sampled_from(
    [b"\0", b'"', b",", b"\t", b";", b"\r", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"PAR1", b"\x1f\x8b"]
)
OPTIONS = st.builds(
    dict,
    dialect=st.none() | st.sampled_from(Dialect),
    split_variants=st.booleans(),
    batch_rows=st.sampled_from([1, 2, 7, 5000]),
)


def read(data: bytes, name: str = "feed.csv", **options) -> list[Product | Reject]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return list(open_feed(path, FeedOptions(**options)))


def check(data: bytes, name: str = "feed.csv", **options) -> None:
    """Rows that are fit for what comes after, or one refusal with a remedy."""
    refusal = None
    try:
        rows = read(data, name, **options)
    except FixFeed as refused:
        refusal, rows = refused, []
    if refusal is not None:
        assert refusal.remedy
        assert len(str(refusal)) < 3000
        assert "SECRET" not in str(refusal)
    skus = [row.sku for row in rows if isinstance(row, Product)]
    assert len(set(skus)) == len(skus)
    for row in rows:
        check_row(row)


def check_row(row: Product | Reject) -> None:
    assert row.ref.row >= 1
    if isinstance(row, Reject):
        assert row.reason
        assert row.remedy
        assert max(len(row.sku), len(row.raw_value)) <= 200
        assert "SECRET" not in row.raw_value + row.sku + row.reason
        return
    assert row.sku
    assert len(row.sku) <= 100
    assert is_one_line(row.sku)
    assert is_one_line(row.title)
    assert row.category
    assert all(image.startswith(("https://", "gs://")) for image in map(str.lower, row.images))
    assert all(len(image) <= 2048 and is_one_line(image) for image in row.images)
    assert row.price is None or (row.price.is_finite() and Decimal(0) <= row.price < Decimal("1e15"))
    assert all(name.isidentifier() for name in row.extra)


def mutated(draw, data: bytes) -> bytes:
    """A few cuts, copies, insertions and flipped bits."""
    broken = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(broken)))
        match draw(st.sampled_from(["cut", "copy", "insert", "flip", "end"])):
            case "cut":
                del broken[at : at + draw(st.integers(1, 200))]
            case "copy":
                broken[at:at] = broken[at : at + draw(st.integers(1, 400))]
            case "insert":
                broken[at:at] = draw(BYTES | st.binary(max_size=20)) * draw(st.sampled_from([1, 1, 1, 3000]))
            case "flip" if at < len(broken):
                broken[at] ^= draw(st.integers(1, 255))
            case "end":
                del broken[at:]
    return bytes(broken)


@fuzz(120)
@given(st.data(), st.sampled_from(sorted(SAMPLES)), OPTIONS)
def test_broken_bytes(data, sample, options):
    check(mutated(data.draw, SAMPLES[sample]), sample, **options)


@fuzz(80)
@given(st.data(), st.sampled_from(TEXTS), OPTIONS, st.sampled_from([",", "\t", ";", "|"]))
def test_broken_cells(data, sample, options, delimiter):
    """Cells, whole columns and header names replaced by what people paste and attackers write."""
    source = io.StringIO(SAMPLES[sample].decode("utf-8-sig", "replace"), newline="")
    rows = [list(row) for row in csv.reader(source, delimiter=";" if "laden" in sample else ",")]
    for _ in range(data.draw(st.integers(1, 12))):
        row = data.draw(st.integers(0, len(rows) - 1))
        cell = data.draw(st.integers(0, max(0, len(rows[row]) - 1)))
        if rows[row]:
            rows[row][cell] = data.draw(NASTY_TEXT)
        if data.draw(st.booleans()):
            other = data.draw(st.integers(0, len(rows) - 1))
            rows[row], rows[other] = rows[other], rows[row]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, escapechar="\\").writerows(rows)
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1", "shift-jis"]))
    content = text.getvalue().encode(encoding, "replace")
    if data.draw(st.booleans()):
        content = gzip.compress(content)
        content = content[: len(content) - data.draw(st.sampled_from([0, 0, 1, 8, 40]))]
    check(content, **options)


@fuzz(80)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"id,title,image_link\n", b"sku\tname\n", b"Handle,Title,Vendor\n"])
)
def test_any_bytes(content, start):
    check(start + content)


VALUES = st.recursive(
    NASTY_TEXT.filter(is_one_line),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
COLUMNS = {
    pa.string(): st.text(st.characters(codec="utf-8"), max_size=20),
    pa.large_string(): st.text(st.characters(codec="utf-8"), max_size=20),
    pa.binary(): st.binary(max_size=20),
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.bool_(): st.booleans(),
    pa.decimal128(38, 4): st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False),
    pa.timestamp("us", "UTC"): st.integers(-(2**62), 2**62),
    pa.timestamp("ns"): st.integers(-(2**62), 2**62),
    pa.date32(): st.integers(-(2**31), 2**31 - 1),
    pa.time64("ns"): st.integers(0, 86_399_999_999_999),
    pa.duration("ns"): st.integers(-(2**62), 2**62),
    pa.list_(pa.string()): st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=5), max_size=3),
    pa.struct([("a", pa.int32()), ("b", pa.timestamp("ns"))]): st.fixed_dictionaries({"a": st.integers(0, 9)}),
    pa.map_(pa.string(), pa.float64()): st.lists(st.tuples(st.sampled_from(["k", "l"]), st.floats()), max_size=2),
    pa.list_(pa.binary()): st.lists(st.binary(max_size=4), max_size=2),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b"]),
    pa.null(): st.none(),
}
NAMES = st.sampled_from(["sku", "name", "image", "price", "category", "highlights", "x", "", "NAME", "sku "])


@fuzz(80)
@given(st.data(), st.integers(0, 6), OPTIONS)
def test_parquet_of_any_types(data, rows, options):
    names = ["sku", "name", *data.draw(st.lists(NAMES | st.text(max_size=6), max_size=4))]
    columns = []
    for _ in names:
        kind = data.draw(st.sampled_from(sorted(COLUMNS, key=str)))
        values = data.draw(st.lists(st.none() | COLUMNS[kind], min_size=rows, max_size=rows))
        columns.append(pa.array(values, type=kind))
    out = io.BytesIO()
    try:
        pq.write_table(pa.table(columns, names=names), out, compression=data.draw(st.sampled_from(["none", "zstd"])))
    except (pa.ArrowException, UnicodeEncodeError):
        return  # no Parquet file can hold that
    check(out.getvalue(), "feed.parquet", **options)


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_reading_broken_feeds_again_and_again_holds_no_memory(sample):
    chance = random.Random(7)

    def once(_):
        broken = bytearray(SAMPLES[sample])
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        check(bytes(broken), sample)

    assert grown(once, rounds=60) < 1_000_000


LONG = {
    "quotes": (b"sku,name\n", b'"' * 300_000),
    "one line": (b"sku,name\n", b"a" * 3_000_000),
    "columns": (b"", b"," * 300_000),
    "blank lines": (b"sku,name\n", b"\n" * 200_000),
    "open quotes": (b"sku,name\n", b'1,"a\n' * 30_000),
    "open and shut": (b"sku,name\n", b'1,"\n' * 30_000),
    "angle brackets": (b"sku,name\n1,", b"<" * 100_000),
    "entities": (b"sku,name\n1,", b"&#9" * 40_000),
    "scripts": (b"sku,name\n1,", b"<script>" * 12_000),
    "open attributes": (b"sku,name\n1,", b"<a href='" * 12_000),
    "addresses": (b"sku,name,image\n1,a,", b"http://" * 15_000),
    "commas": (b'sku,name,image\n1,a,"', b" , " * 40_000 + b'"'),
    "numbers": (b"sku,name,price\n1,a,", b"1 " * 60_000),
    "groups": (b"sku,name,price\n1,a,", b"1" * 100_000),
    "levels": (b"sku,name,category\n1,a,", b"a > " * 30_000),
    "highlights": (b'sku,name,highlights\n1,a,"', b"a; " * 40_000 + b'"'),
    "rejects": (b"sku,name,image\n", b"1,a,//b?c=//d?e=\n" * 10_000),
}


@pytest.mark.parametrize("kind", LONG)
def test_long_input_takes_time_in_proportion(kind):
    start, rest = LONG[kind]
    began = time.process_time()
    check(start + rest)
    assert time.process_time() - began < 8
