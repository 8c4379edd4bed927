"""Files that are no feed are refused with one sentence that names them and says what to do."""

from __future__ import annotations

import base64
import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from reelmill.catalog.feed import Dialect, FeedOptions, open_feed
from reelmill.errors import FixConfiguration, FixFeed

NO_FEEDS = {
    "empty": (b"", "is empty"),
    "spaces": (b" \r\n \n", "is empty"),
    "bom alone": (b"\xef\xbb\xbf", "is empty"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "is a PDF"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a picture"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a picture"),
    "workbook": (b"PK\x03\x04\x14\x00\x06\x00", "an Excel workbook"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel"),
    "video": (b"\x00\x00\x00\x18ftypmp42", "is a video"),
    "bzip2": (b"BZh91AY&SY", "bzip2"),
    "orc": (b"ORC\x0a\x0b\x0a\x03\x00\x00\x00", "an ORC file"),
    "json": (b'[{"id": 1, "title": "a"}]', "is JSON"),
    "json lines": (b'{"id": 1}\n{"id": 2}\n', "is JSON"),
    "html": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"),
    "xml": (b'<?xml version="1.0"?><rss version="2.0"></rss>', "is XML"),
    "noise": (bytes(range(256)) * 8, "binary"),
    "prose": (b"Dear team,\nplease find the feed attached.\n", "no product feed"),
    "unknown columns": (b"alpha,beta\n1,2\n", "no column for the product id and the title"),
    "no title": (b"sku,colour\n1,red\n", "no column for the title"),
    "header alone": (b"foo;bar;baz\n", "no product feed"),
    "broken parquet": (b"PAR1\x00\x00\x00\x00nonsensePAR1", "damaged"),
    "broken gzip": (b"\x1f\x8b\x08\x00\xff\xff\xff\xffnonsense", "damaged"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "gzip of a pdf": (gzip.compress(b"%PDF-1.7"), "is a PDF"),
    "gzip of parquet": (gzip.compress(b"PAR1PAR1"), "packed with gzip"),
    "endless header": (b"x," * 300_000, "no header line"),
    "open quote in header": (b'"sku,name\n1,a\n', "no header line"),
}


@pytest.mark.parametrize("case", NO_FEEDS)
def test_what_is_no_feed_is_refused(tmp_path, case):
    content, words = NO_FEEDS[case]
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    with pytest.raises(FixFeed) as refused:
        open_feed(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.remedy
    assert "\n" not in str(refused.value)


class _Keys(encryption.KmsClient):
    """Wraps keys by writing them down: enough to have a file encrypted."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


@pytest.mark.parametrize("rows", [1, 5000])
def test_an_encrypted_parquet_file_is_refused(tmp_path, rows):
    factory = encryption.CryptoFactory(lambda _: _Keys())
    asked = encryption.EncryptionConfiguration(footer_key="f", column_keys={"c": ["sku"]}, plaintext_footer=False)
    sealed = factory.file_encryption_properties(encryption.KmsConnectionConfig(), asked)
    table = pa.table({"sku": list(map(str, range(rows))), "title": ["Mug"] * rows})
    pq.write_table(table, tmp_path / "feed.parquet", encryption_properties=sealed)
    assert (tmp_path / "feed.parquet").read_bytes()[:4] == b"PARE"
    with pytest.raises(FixFeed, match="is an encrypted Parquet file"):
        open_feed(tmp_path / "feed.parquet")


@pytest.mark.parametrize("first", ["PARENT_SKU", "PARE", "Parent", "PAREÇU", "ORCHID", "ORC"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_header_may_begin_as_other_files_do(tmp_path, first, delimiter):
    (tmp_path / "feed.csv").write_text(f"{first},sku,title\nA,A1,Shirt\n".replace(",", delimiter))
    (product,) = open_feed(tmp_path / "feed.csv")
    assert product.title == "Shirt"


def test_a_feed_without_products_is_an_empty_stream(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("sku,name\n")
    assert list(open_feed(path)) == []


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("nowhere/feed.csv", "There is no feed"),
        ("https://shop.example.com/feed.csv?token=secret", "https:// address"),
        ("s3://bucket/feed.csv", "s3:// address"),
        ("gs://bucket/feed.csv", "Cloud Storage"),
        ("feed\x00.csv", "There is no feed|cannot be opened"),
    ],
)
def test_places_without_a_feed(location, words):
    with pytest.raises(FixFeed, match=words) as refused:
        open_feed(location)
    assert "secret" not in str(refused.value)


def test_folders_without_a_feed(tmp_path):
    with pytest.raises(FixFeed, match="holds no feed file"):
        open_feed(tmp_path)
    (tmp_path / "a.csv").write_text("sku,name\n")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(FixFeed, match="both Parquet and text"):
        open_feed(tmp_path)


def test_options_are_checked(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("No,Name\n1,a\n")
    with pytest.raises(FixConfiguration, match="'colr'"):
        open_feed(path, FeedOptions(columns={"colr": "No"}))
    with pytest.raises(FixFeed, match=r"no column 'Nr'.*'No', 'Name'"):
        open_feed(path, FeedOptions(columns={"sku": "Nr"}))
    with pytest.raises(FixConfiguration, match="at least one row"):
        open_feed(path, FeedOptions(batch_rows=0))
    with pytest.raises(FixFeed, match="no column for the handle"):
        open_feed(path, FeedOptions(dialect=Dialect.SHOPIFY))
