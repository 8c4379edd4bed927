"""Many keys in one question, on both databases, and lists in parts of a size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.listed import Lookup, chunks, one_of
from reelmill.ledger.schema import clips
from tests.ledger.making import authorise, make_clip

ODD = ['a "quoted" one', "one, with comma", "{braces}", "100 %", "ключ", "back\\slash", ""]
MANY = 40_000  # more than SQLite takes variables, and than PostgreSQL takes parameters a half


@given(items=st.lists(st.integers(), max_size=50), size=st.integers(1, 12))
def test_chunks_are_full_but_for_the_last_and_lose_nothing(items, size):
    parts = list(chunks(iter(items), size))

    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


@pytest.fixture
def odd(ledger, ledger_url):
    """A clip of each odd SKU, and a database to ask."""
    for sku in ODD:
        authorise(ledger, make_clip(sku, clip_id=f"id of {sku}"))
    authorise(ledger, make_clip("other"))
    database = Database(parse_url(ledger_url))
    yield database
    database.close()


def test_keys_of_any_spelling_and_number_are_found(odd):
    with odd.reading() as connection:
        for keys in (ODD, [*ODD, *map(str, range(MANY))]):
            found = connection.execute(select(clips.c.sku).where(one_of(connection, clips.c.sku, keys))).scalars()
            assert sorted(found) == sorted(ODD)
        assert connection.execute(select(clips.c.sku).where(one_of(connection, clips.c.sku, []))).all() == []


def test_a_lookup_takes_further_values(odd):
    lookup = Lookup("asked.key, clips.template", "JOIN clips ON clips.sku = asked.key AND clips.template_version = ?")
    with odd.reading() as connection:
        found = lookup.rows(connection, [*ODD, "nobody"], "ab12")
        assert sorted(map(tuple, found)) == sorted((sku, "apparel/9x16") for sku in ODD)
        assert list(lookup.rows(connection, ODD, "another version")) == []
