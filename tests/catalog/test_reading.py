"""Every encoding, delimiter and oddity of text feeds."""

from __future__ import annotations

import codecs
import gzip
import itertools

import pytest

from reelmill.catalog.feed import Dialect, FeedOptions, open_feed
from reelmill.errors import FixFeed
from tests.support.catalog_feeds import csv_text, google_csv, read, read_text

HEADERS = {
    Dialect.GOOGLE: ("id", "title", "image link", "Price", "brand"),
    Dialect.SHOPIFY: ("Handle", "Title", "Image Src", "Variant Price", "Vendor"),
    Dialect.PLAIN: ("SKU", "Product Name", "Image URL", "price", "manufacturer"),
}
ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-bom": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be-bom": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16-le-bare": lambda text: text.encode("utf-16-le"),
    "utf-16-be-bare": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "windows-1252": lambda text: text.encode("cp1252"),
}


@pytest.mark.parametrize(
    ("encoding", "delimiter", "dialect"), list(itertools.product(ENCODINGS, [",", "\t", ";", "|"], Dialect))
)
def test_every_encoding_delimiter_and_dialect(tmp_path, encoding, delimiter, dialect):
    title = f"Crème “brûlée” {delimiter} 5 €\nfor two"
    row = ("A-1", title, "https://images.example.com/a.jpg", "5.00", "Café & Co")
    header = HEADERS[dialect]
    text = csv_text(header, [dict(zip(header, row, strict=True))], delimiter=delimiter, end="\r\n")
    path = tmp_path / "feed"
    path.write_bytes(ENCODINGS[encoding](text))

    assert open_feed(path).dialect is dialect
    (product,), rejects = read(path)

    assert not rejects
    assert product.sku == "A-1"
    assert product.title == " ".join(title.split())
    assert product.images == ("https://images.example.com/a.jpg",)
    assert str(product.price) == "5.00"
    assert product.brand == "Café & Co"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path, end):
    products, _ = read_text(tmp_path, end.join(["id,title", f'1,"a{end}b"', "2,c", ""]), dialect=Dialect.GOOGLE)
    assert [product.title for product in products] == ["a b", "c"]


def test_gzip_is_told_by_content(tmp_path):
    products, _ = read_text(tmp_path, gzip.compress(google_csv({"id": "1"}).encode()), name="export.csv")
    assert [product.sku for product in products] == ["1"]


def test_gzip_that_breaks_off_stops_the_feed(tmp_path):
    import random

    noise = random.Random(1)
    rows = [{"id": str(n), "description": noise.randbytes(40).hex()} for n in range(9000)]
    packed = gzip.compress(google_csv(*rows).encode())
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FixFeed, match="breaks off"):
        list(open_feed(path))


def test_a_stray_windows_byte_far_into_utf8_is_read_as_what_it_stands_for(tmp_path):
    rows = [{"id": str(n), "title": "Größe"} for n in range(8000)]
    text = google_csv(*rows).encode() + google_csv({"id": "x", "title": "Café"}).encode("cp1252").split(b"\n", 1)[1]
    products, _ = read_text(tmp_path, text)
    assert products[0].title == "Größe"
    assert products[-1].title == "Café"


@pytest.mark.parametrize("packed", [False, True])
def test_a_stray_windows_byte_early_in_utf8_garbles_nothing_else(tmp_path, packed):
    text = google_csv({"id": "1", "title": "Crème brûlée für Übermütige"}, {"id": "2", "title": "Tasse"}).encode()
    text = text.replace(b"Tasse", b"Gr\xf6\xdfe \x80 5")
    products, _ = read_text(tmp_path, gzip.compress(text) if packed else text)
    assert [product.title for product in products] == ["Crème brûlée für Übermütige", "Größe € 5"]


def test_windows_1252_with_a_pair_that_could_be_utf8_is_windows_1252(tmp_path):
    products, _ = read_text(tmp_path, google_csv({"id": "1", "title": "Prêt-à-porter Ã©"}).encode("cp1252"))
    assert products[0].title == "Prêt-à-porter Ã©"


def test_excel_separator_line_is_obeyed(tmp_path):
    products, _ = read_text(tmp_path, "sep=;\nsku;name\n1;Pan, 26 cm\n")
    assert [(product.sku, product.title) for product in products] == [("1", "Pan, 26 cm")]


def test_blank_lines_before_the_header_and_between_rows_are_no_products(tmp_path):
    products, rejects = read_text(tmp_path, "\n \nsku,name\n1,a\n\n,\n2,b\n\n")
    assert not rejects
    assert [(product.sku, product.ref.row) for product in products] == [("1", 1), ("2", 4)]


def test_short_rows_are_filled_up_and_empty_cells_beyond_the_header_ignored(tmp_path):
    products, rejects = read_text(tmp_path, "sku,name,color,,\n1,a\n2,b,red,,,,\n3,c,blue\n")
    assert not rejects
    assert [product.color for product in products] == ["", "red", "blue"]


def test_a_row_with_cells_left_over_is_rejected(tmp_path):
    products, (reject,) = read_text(tmp_path, "sku,name\n1,a\n2,b, c\n3,d\n")
    assert [product.sku for product in products] == ["1", "3"]
    assert (reject.ref.row, reject.field) == (2, "row")
    assert "3 cells" in reject.reason
    assert reject.raw_value == "2 | b | c"


def test_a_quote_that_never_closes_costs_one_row(tmp_path):
    text = 'sku,name,color\n1,"a",red\n2,"b,red\n3,"c",red\n4,d,red\n5,"e, f",red\n'
    products, (reject,) = read_text(tmp_path, text)
    assert [product.sku for product in products] == ["1", "3", "4", "5"]
    assert (reject.ref.row, reject.field) == (2, "row")
    assert "quote" in reject.reason


def test_a_quote_that_never_closes_is_found_at_the_end_of_a_long_feed(tmp_path):
    rows = [f"{n},title {n},red" for n in range(20_000)]
    rows[7] = '7,"title 7,red'
    products, (reject,) = read_text(tmp_path, "sku,name,color\n" + "\n".join(rows), batch_rows=1000)
    assert len(products) == 19_999
    assert reject.ref.row == 8


def test_careless_quotes_are_read_as_meant(tmp_path):
    text = 'sku\tname\tcolor\n1\t"Best" pan\tred\n2\t12" pan\tred\n3\t"Half open\tred\n4\tlast\tred\n'
    products, rejects = read_text(tmp_path, text)
    assert not rejects
    assert [product.title for product in products] == ["Best pan", '12" pan', '"Half open', "last"]


def test_a_cell_beyond_the_csv_limit_is_one_reject(tmp_path):
    text = f'sku,name\n1,a\n2,"{"x" * 200_000}"\n3,{"y" * 200_000}\n4,d\n'
    products, rejects = read_text(tmp_path, text)
    assert [product.sku for product in products] == ["1", "4"]
    assert [reject.ref.row for reject in rejects] == [2, 3]
    assert all(len(reject.raw_value) <= 200 for reject in rejects)


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 7, 5000])
def test_the_batch_size_changes_nothing(tmp_path, batch_rows):
    rows = [{"id": str(n), "item_group_id": f"g{n // 3}"} for n in range(10)]
    text = google_csv(*rows, {"id": "3"}, {"id": "z", "title": ""}) + '9a,"open\n9b,fine,,,,,,,,\n'
    whole, rejects = read_text(tmp_path, text)
    products, same = read_text(tmp_path, text, batch_rows=batch_rows)
    assert products == whole
    assert sorted(same, key=lambda row: row.ref.row) == sorted(rejects, key=lambda row: row.ref.row)
    assert [product.sku for product in whole] == ["g0", "g1", "g2", "g3", "9b"]
    assert sorted(reject.ref.row for reject in rejects) == [11, 12, 13]


def test_a_feed_can_be_read_again_and_by_halves(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text(google_csv({"id": "1"}, {"id": "2"}))
    feed = open_feed(path, FeedOptions(batch_rows=1))
    first = iter(feed)
    next(first)
    assert [row.sku for row in feed] == ["1", "2"]
    assert [row.sku for row in feed] == ["1", "2"]


def test_the_header_keeps_its_spelling(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("\ufeffSKU,Product Name , Care & Wash\n1,a,cold\n", encoding="utf-8")
    feed = open_feed(path)
    assert feed.columns == ("SKU", "Product Name", "Care & Wash")
    (product,) = feed
    assert product.extra == {"care_wash": "cold"}


def test_a_folder_is_read_in_name_order(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.csv").write_text("sku,name,color\n2,b,red\n1,again,red\n")
    (tmp_path / "a.csv").write_text("sku,name,season\n1,a,summer\n")
    (tmp_path / "deep" / "c.csv.gz").write_bytes(gzip.compress(b"name;sku\nc;3\n"))
    (tmp_path / ".hidden.csv").write_text("nothing")
    (tmp_path / "notes.md").write_text("# notes")
    products, (reject,) = read(tmp_path)
    assert [(product.sku, product.title) for product in products] == [("1", "a"), ("2", "b"), ("3", "c")]
    assert products[1].extra == {"season": ""}
    assert "row 1 of" in reject.reason
    assert "a.csv" in reject.reason


def test_a_part_that_is_no_feed_stops_the_feed(tmp_path):
    (tmp_path / "a.csv").write_text("sku,name\n1,a\n")
    (tmp_path / "b.csv").write_text('{"error": "quota"}')
    with pytest.raises(FixFeed, match=r"b\.csv is JSON"):
        list(open_feed(tmp_path))


class _Bucket:
    """An opener over a dictionary."""

    def __init__(self, files):
        self.files = files

    def list(self, location):
        return [name for name in self.files if name.startswith(location)]

    def open(self, location):
        import io

        return io.BytesIO(self.files[location])


def test_gs_feeds_come_through_the_opener():
    bucket = _Bucket({"gs://b/feeds/1.csv": b"sku,name\n1,a\n", "gs://b/feeds/2.csv": b"sku,name\n2,b\n"})
    assert [row.sku for row in open_feed("gs://b/feeds/1.csv", opener=bucket)] == ["1"]
    assert [row.sku for row in open_feed("gs://b/feeds/", opener=bucket)] == ["1", "2"]
    assert next(iter(open_feed("gs://b/feeds/1.csv", opener=bucket))).ref.file == "gs://b/feeds/1.csv"


CUT_OFF = {
    "in a row": "1,a,red\n2,Blue dre",
    "in the first cell": "1,a,red\n2",
    "in quotes": '1,a,red\n2,"Blue dre',
    "in quotes of the last cell": '1,a,red\n2,dress,"dark bl',
    "in the second line of quotes": '1,a,red\n2,"Blue\ndre',
    "in a late row": "".join(f"{number},a,red\n" for number in range(2000)) + "2000,b",
}


@pytest.mark.parametrize("batch_rows", [1, 2, 100, 5000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("case", CUT_OFF)
def test_a_feed_that_was_cut_off_in_a_row_stops(tmp_path, case, end, batch_rows):
    text = f"sku,name,color\n{CUT_OFF[case]}".replace("\n", end)
    with pytest.raises(FixFeed, match=r"feed\.csv breaks off before its end"):
        read_text(tmp_path, text, batch_rows=batch_rows)


def test_a_tab_separated_feed_that_was_cut_off_in_quotes_stops(tmp_path):
    with pytest.raises(FixFeed, match="breaks off before its end"):
        read_text(tmp_path, 'sku\tname\n1\ta\n2\t"Blue dre', name="feed.tsv")


@pytest.mark.parametrize(
    ("rows", "skus"),
    [
        ("1,a,red\n2,b,blue", ["1", "2"]),
        ('1,a,red\n2,"b","blue"', ["1", "2"]),
        ("1,a,red\n2,b,", ["1", "2"]),
        ("1,a,red\n2,b\n", ["1", "2"]),  # a short row that is ended
        ("1,a\n2,b,blue", ["1", "2"]),  # a short row that is not the last
        ("1,a,red\n  ", ["1"]),
        ("1,a,red\n\n", ["1"]),
        ("", []),
    ],
)
def test_a_last_row_that_is_whole_needs_no_line_end(tmp_path, rows, skus):
    products, rejects = read_text(tmp_path, f"sku,name,color\n{rows}")
    assert not rejects
    assert [product.sku for product in products] == skus


def test_a_plain_quote_in_a_last_row_that_is_whole_needs_no_line_end(tmp_path):
    products, rejects = read_text(tmp_path, 'sku\tname\tcolor\n1\t"Half open\tred', name="feed.tsv")
    assert not rejects
    assert [product.title for product in products] == ['"Half open']
