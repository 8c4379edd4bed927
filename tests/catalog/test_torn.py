"""A line break in a cell without quotes makes no products, and rows that a spreadsheet cut stay rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.catalog.feed import FeedOptions, open_feed
from reelmill.product import Product, Reject
from tests.support.catalog_feeds import read_text

HEADER = "id\ttitle\tdescription\tprice\timage_link\n"
WHOLE = "{0}\tPan\tplain\t5.00 USD\thttps://i.example.com/{0}.jpg\n"


def open_text(folder: Path, text: str, **options):
    path = folder / "feed.tsv"
    path.write_text(text)
    return open_feed(path, FeedOptions(**options))


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 5000])
@pytest.mark.parametrize("broken", ["first line\nsecond line", "first\n\n - second\nthird line", "first\nBlue"])
def test_a_row_torn_by_line_breaks_makes_no_product(tmp_path, broken, batch_rows):
    torn = f"A\tPot\t{broken}\t19.99 USD\thttps://i.example.com/a.jpg\n"
    text = HEADER + WHOLE.format("X") + torn + WHOLE.format("Y")
    products, rejects = read_text(tmp_path, text, batch_rows=batch_rows)
    assert [product.sku for product in products] == ["X", "Y"]
    last = 2 + broken.count("\n")
    assert [reject.ref.row for reject in rejects] == [2, *([] if "\n\n" in broken else [3]), *range(4, last + 1)]
    for reject in rejects:
        assert "A" in reject.keys  # so that its product does not retire
        assert reject.field == "row"
        assert reject.reason == f"A line break stands in a cell without quotes: the rows 2 to {last} are one."
        assert "quotes" in reject.remedy


def test_a_row_that_is_taken_for_a_piece_does_not_retire_its_product_either(tmp_path):
    feed = open_text(tmp_path, "id\ttitle\tbrand\tmaterial\tprice\nA\tPot\nB\tPan\tAcme\t9 USD\n")
    first, second = feed
    assert (set(first.keys), set(second.keys)) == ({"A"}, {"A", "B"})


CUT = {
    "no price and picture": ("A\tPot\tsoft and round", "B\tA pan\tflat"),
    "picture before": ("A\tPot", "B\tPan\thttps://s.example.com/b\tblue"),
    "a weight that looks like money": ("A\tPot", "B\tPan\t250 GSM"),
    "a price that is one": ("A\tPot\tsmall", "B\tPan\t\t5 USD"),
}
HEADERS = {
    "no price and picture": HEADER,
    "picture before": "id\ttitle\timage_link\tcolor\tsize\n",
    "a weight that looks like money": "id\ttitle\tmaterial\tprice\n",
    "a price that is one": "id\ttitle\tcolor\tprice\tsize\timage_link\n",
}


@pytest.mark.parametrize("case", CUT)
def test_rows_that_were_cut_after_their_last_cell_are_products(tmp_path, case):
    feed = open_text(tmp_path, HEADERS[case] + "\n".join(CUT[case]) + "\n")
    assert [row.sku for row in feed] == ["A", "B"]
    assert not feed.notes.warnings()


def test_rows_of_words_alone_may_be_either_and_are_told(tmp_path):
    feed = open_text(tmp_path, "id\ttitle\tdescription\tcolor\n" + "A\tPot\tfirst\nthe second line\tred\n" * 4)
    list(feed)
    (warning,) = feed.notes.warnings()
    path = tmp_path / "feed.tsv"
    places = f"Rows 1 to 2 of {path}; 3 to 4 of {path}; 5 to 6 of {path}, and 1 more have too few cells"
    assert warning.startswith(places)
    assert "quotes" in warning
    list(feed)
    assert feed.notes.warnings() == [warning]


WORDS = st.text("abcdefgh ", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6), st.integers(1, 30))
def test_a_text_without_quotes_is_a_product_only_if_it_stands_on_one_line(texts, batch_rows):
    rows = (f"s{n}\tPot\tx{chr(10).join(lines)}\t5 USD\tgs://b/{n}.jpg\n" for n, lines in enumerate(texts))
    with tempfile.TemporaryDirectory() as folder:
        read = list(open_text(Path(folder), HEADER + "".join(rows), batch_rows=batch_rows))
    whole = [f"s{n}" for n, lines in enumerate(texts) if len(lines) == 1]
    assert [row.sku for row in read if isinstance(row, Product)] == whole
    kept = {key for row in read if isinstance(row, Reject) for key in row.keys}
    assert kept >= {f"s{n}" for n in range(len(texts))} - set(whole)
    assert kept.isdisjoint(whole)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(*(st.sampled_from(["", value]) for value in ("soft and round", "9 USD", "https://i.example.com/1"))),
        max_size=12,
    )
)
def test_rows_without_their_last_cells_are_never_lost(rows):
    lines = ("\t".join((f"s{n}", "A pot", *row)).rstrip("\t") for n, row in enumerate(rows))
    with tempfile.TemporaryDirectory() as folder:
        read = list(open_text(Path(folder), HEADER + "".join(f"{line}\n" for line in lines)))
    assert [row.sku for row in read if isinstance(row, Product)] == [f"s{n}" for n in range(len(rows))]
