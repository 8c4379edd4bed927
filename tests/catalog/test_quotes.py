"""Quotes over several lines: descriptions stay whole, and no quote takes the rows after it away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.catalog.quotes import line_breaks
from tests.support.catalog_feeds import csv_text, read_text

SWALLOWING = {
    "an inch mark far below makes the row too wide": (
        (
            'id\ttitle\tdescription\tprice\nA1\tMug\t"Best gift ever\t5.00\nA2\tHat\tnice\t6.00\nA3\tCup\tnice\t7.00\n'
            'A4\tMonitor 27"\tnice\t8.00\nA5\tPlate\tnice\t9.00\n'
        ),
        ["A1 Mug", "A2 Hat", "A3 Cup", 'A4 Monitor 27"', "A5 Plate"],
        [],
    ),
    "an inch mark in the same column keeps its width": (
        (
            'id\tdescription\ttitle\tprice\nA1\t"Best gift ever\tMug\t5.00\nA2\tnice\tHat\t6.00\n'
            'A3\tmonitor 27"\tMonitor\t7.00\nA5\tnice\tPlate\t9.00\n'
        ),
        ["A1 Mug", "A2 Hat", "A3 Monitor", "A5 Plate"],
        [],
    ),
    "with commas the broken row is a reject": (
        'sku,description,title\nA1,"Shelf for home,Shelf\nA2,Bracket,Bracket\nA3,Board 12",Board\nA4,x,Lamp\n',
        ["A2 Bracket", "A3 Board", "A4 Lamp"],
        [1],
    ),
    "empty last cells": (
        'sku,title,description,price,link\nA1,"Shelf,Oak,5.00,\nA2,Rack,,6.00,\n\nA3,Board 12",y,7.00,\nA4,Lamp,,8,\n',
        ["A2 Rack", 'A3 Board 12"', "A4 Lamp"],
        [1],
    ),
    "the very next row": (
        'sku,description,title\nA1,"Shelf for home,Shelf\nA2,Board 12",Board\nA3,x,Lamp\n',
        ["A2 Board", "A3 Lamp"],
        [1],
    ),
    "a quote that is no inch mark, below another row": (
        'sku,description,title\nA1,"Shelf for home,Shelf\nA2,x,Bracket\nA3,Board for home",Board\n',
        ["A2 Bracket", "A3 Board"],
        [1],
    ),
    "the record lacks cells": (
        'sku,title,price,note\nA1,"Shelf,5.00,x\nA2,Bracket,6.00,y\nA3,Board,7.00,of 12"\nA4,Lamp,8.00,z\n',
        ["A2 Bracket", "A3 Board", "A4 Lamp"],
        [1],
    ),
    "space after every delimiter": (
        'sku, description, title\nA1, "Shelf for home, Shelf\nA2, x, Bracket\nA3, Board 12", Board\n',
        ["A2 Bracket", "A3 Board"],
        [1],
    ),
}


@pytest.mark.parametrize("batch_rows", [1, 2, 5000])
@pytest.mark.parametrize("case", SWALLOWING)
def test_a_mistaken_quote_that_a_later_one_closes_takes_no_row_away(tmp_path, case, batch_rows):
    text, titles, rejected = SWALLOWING[case]
    products, rejects = read_text(tmp_path, text, batch_rows=batch_rows)
    assert [f"{product.sku} {product.title}" for product in products] == titles
    assert [reject.ref.row for reject in rejects] == rejected


WHOLE = {
    "prose with as many commas as the header": "Soft, warm,\nmachine wash, cold, gentle, dry\nmade in Italy",
    "a list with as many commas as the header": "Sizes:\nS,M,L,XL\nall in stock",
    "a last line with commas": "Soft,\nwarm, light\nof cotton, wool, silk",
    "an inch mark at its end": 'A screen,\nflat,\nof 27"',
    "blank lines": "Soft\n\n\nwarm\r\n\r\nlight",
}


@pytest.mark.parametrize("last", [False, True], ids=["in the middle", "in the last column"])
@pytest.mark.parametrize("case", WHOLE)
def test_a_description_of_several_lines_stays_whole(tmp_path, case, last):
    columns = ["sku", "title", "price", "description"] if last else ["sku", "title", "description", "price"]
    rows = [{"sku": f"A{n}", "title": "Tee", "description": WHOLE[case], "price": "5"} for n in range(3)]
    products, rejects = read_text(tmp_path, csv_text(columns, rows))
    assert not rejects
    assert [(product.sku, str(product.price)) for product in products] == [("A0", "5"), ("A1", "5"), ("A2", "5")]
    assert {product.description for product in products} == {" ".join(WHOLE[case].split())}


def test_one_line_of_a_list_is_no_evidence(tmp_path):
    products, rejects = read_text(tmp_path, 'sku,title,note\n1,Tee,"Colours:\nred,blue,green"\n2,Hat,"Plain\nor not"\n')
    assert not rejects
    assert [product.extra["note"] for product in products] == ["Colours: red,blue,green", "Plain or not"]


def test_a_short_row_may_go_over_several_lines(tmp_path):
    products, rejects = read_text(tmp_path, 'sku,title,color,price\n1,"Tee\nlong, warm"\n2,"Hat, red"\n')
    assert not rejects
    assert [product.title for product in products] == ["Tee long, warm", "Hat, red"]


PROSE = st.lists(st.lists(st.sampled_from(["soft", "warm,", "5", "a;", '12"', "and"]), max_size=9), max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(PROSE, min_size=1, max_size=6), delimiter=st.sampled_from([",", ";", "\t"]), place=st.integers(1, 3)
)
def test_prose_of_any_lines_stays_whole(tmp_path_factory, rows, delimiter, place):
    texts = ["\n".join(" ".join(words) for words in lines) for lines in rows]
    columns = ["sku", "title", "color", "size"]
    columns.insert(place, "description")
    written = [{"sku": f"A{n}", "title": "Tee", "description": text} for n, text in enumerate(texts)]
    folder = tmp_path_factory.mktemp("prose")
    products, rejects = read_text(folder, csv_text(columns, written, delimiter=delimiter))
    assert not rejects
    assert [product.description for product in products] == [" ".join(text.split()) for text in texts]


BROKEN = {
    "text that goes on after a broken quote": (
        (
            'id,title,description,price\nA1,"Tee","soft "cotton" tee\nMachine wash, cold water\n'
            'Do not bleach, please, 30 degrees","19.99"\nA2,Hat,fine,5.00\n'
        ),
        ["A2 Hat"],
        [1],
    ),
    "the broken quote stands on a later line": (
        'sku,title,note,price\nA1,Tee,"soft\nwarm, "light" and, so, on\nend, and, more, of it",5\nA2,Hat,fine,5\n',
        ["A2 Hat"],
        [1],
    ),
    "the next row goes over several lines": (
        'sku,title,price\nA1,"Mug,5\nA2,"Hat,\nwarm",6\nA3,Cup,7\n',
        ["A2 Hat, warm", "A3 Cup"],
        [1],
    ),
    "the next row has quotes": ('sku,title,price\nA1,"Mug,5\n"A2","Hat","6"\n', ["A2 Hat"], [1]),
    "the next row has an inch mark": ('sku,title,price\nA1,"Mug,5\nA2,12" pan,6\n', ['A2 12" pan'], [1]),
    "the next row is broken too": ('sku,title,price\nA1,"Mug,5\nA2,"Hat,6\nA3,Cup,7\n', ["A3 Cup"], [1, 2]),
    "a row of several lines with too many cells": (
        'sku,title,note,price\nA1,Tee,"soft,\nwarm, light, dry, new\nof wool",5,6\nA2,Hat,fine,5\n',
        ["A2 Hat"],
        [1],
    ),
    "a quote in the last column that is read as meant": (
        'sku,title,note\nA1,Tee,"soft "cotton" tee\nwash, cold, dry\nnever, bleach, it"\nA2,Hat,fine\n',
        ["A1 Tee", "A2 Hat"],
        [],
    ),
    "a quote that is closed on its line": (
        'sku,title,note,price\nA1,"a "b" c",x,5,6\nA2,Hat\n',
        ["A2 Hat"],
        [1],
    ),
}


@pytest.mark.parametrize("batch_rows", [1, 2, 5000])
@pytest.mark.parametrize("case", BROKEN)
def test_no_text_of_a_broken_row_becomes_a_product(tmp_path, case, batch_rows):
    text, titles, rejected = BROKEN[case]
    products, rejects = read_text(tmp_path, text, batch_rows=batch_rows)
    assert [f"{product.sku} {product.title}" for product in products] == titles
    assert [reject.ref.row for reject in rejects] == rejected


def test_a_broken_row_takes_no_more_than_a_hundred_short_rows_away(tmp_path):
    text = 'sku,title,color,price\nA0,Mug\nA1,"Mug\n' + "".join(f"B{number},Hat\n" for number in range(150))
    products, (reject,) = read_text(tmp_path, text)
    assert [product.sku for product in products] == ["A0", *(f"B{number}" for number in range(100, 150))]
    assert reject.ref.row == 2


WORDS = st.lists(st.sampled_from(["soft", "warm,", '"cotton"', '12"', "a; b", "\n", "\nwool,"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(notes=st.lists(WORDS, min_size=1, max_size=6), delimiter=st.sampled_from([",", ";", "\t"]))
def test_whatever_is_not_doubled_only_products_of_the_feed_are_made(tmp_path_factory, notes, delimiter):
    rows = [delimiter.join(["sku", "title", "note", "size"])]
    for number, words in enumerate(notes):
        rows.append(delimiter.join([f"A{number}", "Tee", f'"{" ".join(words)}"', "M"]))
        rows.append(delimiter.join([f"B{number}", '"Hat"', '"fine"', "S"]))
    products, rejects = read_text(tmp_path_factory.mktemp("broken"), "\n".join(rows))
    skus = {product.sku for product in products}
    assert skus >= {f"B{number}" for number in range(len(notes))}
    assert skus <= {f"{letter}{number}" for letter in "AB" for number in range(len(notes))}
    assert len(products) + len(rejects) == 2 * len(notes)


@pytest.mark.parametrize(("cells", "breaks"), [(["a"], 0), (["a\nb", "\r\n", "\r"], 3), (["\r\r\n\n"], 3), ([], 0)])
def test_line_breaks_are_counted_as_readers_count_them(cells, breaks):
    assert line_breaks(cells) == breaks
