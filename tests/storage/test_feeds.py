from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv

from reelmill.catalog.feed import open_feed
from reelmill.errors import FixAccess, FixFeed
from reelmill.settings import Settings
from reelmill.storage.feeds import open_feed_source
from reelmill.storage.open import open_storage


@pytest.fixture
def put(gcs_settings, bucket):
    storage = open_storage(f"gs://{bucket}", gcs_settings)

    def write(name: str, data: bytes) -> str:
        storage.replace(name, data, "application/octet-stream")
        return f"gs://{bucket}/{name}"

    return write


@pytest.fixture
def feeds(gcs_settings, bucket):
    return open_feed_source(f"gs://{bucket}/x", gcs_settings)


def test_a_local_feed_needs_no_opener(tmp_path):
    assert open_feed_source(tmp_path, Settings()) is None


def test_a_file_is_listed_as_itself(feeds, put):
    location = put("feeds/a.csv", b"id\n1\n")
    put("feeds/a.csv.old", b"")
    assert feeds.list(location) == [location]


def test_a_folder_is_listed_without_hidden_files_and_neighbours(feeds, put, bucket):
    for name in ("feeds/b.csv", "feeds/deep/a.csv", "feeds/_SUCCESS", "feeds/.x", "feeds-old/c.csv"):
        put(name, b"x")
    expected = [f"gs://{bucket}/feeds/b.csv", f"gs://{bucket}/feeds/deep/a.csv"]
    assert feeds.list(f"gs://{bucket}/feeds") == feeds.list(f"gs://{bucket}/feeds/") == expected


def test_what_is_not_there_is_said(feeds, bucket):
    with pytest.raises(FixFeed, match="no file"):
        feeds.list(f"gs://{bucket}/nope")
    with pytest.raises(FixFeed, match="no such file"):
        feeds.open(f"gs://{bucket}/nope.csv")
    with pytest.raises(FixAccess, match="does not exist"):
        feeds.list("gs://no-such-bucket-here/nope")


def test_lines_stream_through_text_and_gzip(feeds, put):
    rows = "".join(f"{n},Tëa pot\n" for n in range(5000)).encode()
    with feeds.open(put("a.csv", rows)) as file:
        assert file.read() == rows
    with feeds.open(put("a.csv.gz", gzip.compress(rows))) as file:
        assert gzip.decompress(file.read()) == rows


def test_parquet_reads_through_it(feeds, put):
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(1000)}), out, row_group_size=100)
    with feeds.open(put("a.parquet", out.getvalue())) as file:
        batches = list(pq.ParquetFile(file, pre_buffer=False).iter_batches(100))
    assert sum(batch.num_rows for batch in batches) == 1000


def gmc_rows() -> bytes:
    head = "id,title,description,link,image_link,price,availability,product_type\n"
    row = "SKU-{n},Tëapot {n},Pours,https://shop.example/{n},https://shop.example/{n}.jpg,12.50 EUR,in_stock,Kitchen\n"
    return (head + "".join(row.format(n=n) for n in range(500))).encode()


def as_parquet(data: bytes) -> bytes:
    out = io.BytesIO()
    pq.write_table(csv.read_csv(io.BytesIO(data)), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "encode"),
    [("f.csv", bytes), ("f.csv.gz", gzip.compress), ("f.parquet", as_parquet)],
    ids=["csv", "gz", "parquet"],
)
def test_the_catalog_reads_the_same_from_cloud_storage(feeds, put, tmp_path, name, encode):
    data = encode(gmc_rows())
    (tmp_path / name).write_bytes(data)
    near = list(open_feed(tmp_path / name))
    far = list(open_feed(put(f"feeds/{name}", data), opener=feeds))
    assert len(near) == 500
    assert [(item.sku, item.ref.row) for item in far] == [(item.sku, item.ref.row) for item in near]


def test_a_file_overwritten_while_it_is_read_is_not_mixed(feeds, put):
    size = 9 << 20
    location = put("big.csv", b"a" * size)
    with feeds.open(location) as file:
        assert file.read(10) == b"a" * 10
        put("big.csv", b"b" * size)
        with pytest.raises(FixFeed, match="replaced while it was read"):
            file.read()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 300), st.sampled_from([0, 1, 2])), max_size=8))
def test_it_reads_like_a_local_file(feeds, put, moves):
    data = bytes(n % 251 for n in range(1000))
    with feeds.open(put("seek.bin", data)) as file:
        twin = io.BytesIO(data)
        for offset, length, whence in moves:
            signed = -min(offset, 1000) if whence == 2 else offset
            assert file.seek(signed, whence) == twin.seek(signed, whence)
            assert file.read(length) == twin.read(length)
