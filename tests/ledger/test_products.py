import uuid
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.ledger import products
from reelmill.ledger.records import KnownProduct, Run
from tests.ledger.making import OUTPUT, RUN

SHOP = "gs://shop/feed.csv"
ODD = [
    "plain",
    "O'Neill",
    "50%",
    "a,b",
    'say "x"',
    "größe-42",
    "鞋",
    "a" * 300,
    " lead",
    "{{ sku }}",
    "\\",
    "new\nline",
]


def product(sku, fingerprint="f1", clips=2, retired=False):
    return KnownProduct(sku, fingerprint, clips, retired)


def test_what_was_remembered_is_known_whatever_the_sku(ledger):
    ledger.remember_products(SHOP, map(product, ODD), RUN)
    assert ledger.known_products(SHOP, [*ODD, "unknown"]) == {sku: product(sku) for sku in ODD}
    assert ledger.known_products("another shop", ODD) == {}
    assert ledger.known_products(SHOP, []) == {}


def test_the_latest_memory_counts_even_within_one_call(ledger):
    ledger.remember_products(SHOP, [product("a"), product("b")], RUN)
    ledger.remember_products(SHOP, [product("a", "f2", 3), product("c", None, 0), product("a", "f3", 4)], "run-2")
    assert ledger.known_products(SHOP, ["a", "b", "c"]) == {
        "a": product("a", "f3", 4),
        "b": product("b"),
        "c": product("c", None, 0),
    }


def test_retired_products_are_known_but_not_listed_until_they_return(ledger):
    ledger.remember_products(SHOP, map(product, "abc"), RUN)
    ledger.retire_products(SHOP, ["b", "never seen"], RUN)
    assert ledger.known_products(SHOP, ["b"]) == {"b": product("b", retired=True)}
    assert list(ledger.all_known_skus(SHOP)) == ["a", "c"]
    assert ledger.count_known(SHOP) == 2
    ledger.remember_products(SHOP, [product("b", "f2")], RUN)
    assert ledger.count_known(SHOP) == 3
    assert ledger.count_known("another shop") == 0


@pytest.fixture
def two_plans(ledger, clock):
    """A run ``newer`` of a part of a catalog, and one of the whole shop that was planned before and goes on longer."""
    ledger.start_run(Run(run_id="newer", output=OUTPUT, planned_at=clock.now + timedelta(seconds=1)))
    ledger.start_run(Run(run_id="older", output=OUTPUT, planned_at=clock.now, catalog=SHOP))
    return ledger


def test_an_older_plan_leaves_alone_what_a_newer_one_says_of_a_product(two_plans):
    ledger = two_plans
    ledger.remember_products(SHOP, [product("back"), product("b")], "newer")
    ledger.remember_products(SHOP, [product("gone"), product("away")], RUN)
    ledger.retire_products(SHOP, ["gone"], "newer")
    ledger.retire_products(SHOP, ["back", "away"], "older")
    ledger.remember_products(SHOP, [product("b", "old", 1), product("gone", "old"), product("c")], "older")
    assert ledger.known_products(SHOP, ["back", "away", "gone", "b", "c"]) == {
        "back": product("back"),
        "away": product("away", retired=True),
        "gone": product("gone", retired=True),
        "b": product("b"),
        "c": product("c"),
    }
    ledger.remember_products(SHOP, [product("c", "new")], "newer")
    ledger.retire_products(SHOP, ["c", "b"], "newer")
    assert ledger.known_products(SHOP, ["b", "c"]) == {
        "b": product("b", retired=True),
        "c": product("c", "new", retired=True),
    }


def test_which_products_there_are_is_for_the_newest_plan_of_the_whole_catalog_to_say(two_plans, clock):
    ledger = two_plans
    ledger.remember_products(SHOP, [product("unchanged"), product("away", retired=True)], RUN)
    moment = clock.now + timedelta(seconds=2)
    ledger.start_run(Run(run_id="newest", output=OUTPUT, planned_at=moment, catalog=SHOP))
    ledger.retire_products(SHOP, ["unchanged"], "older")  # the newest found it as it was, and wrote nothing down
    ledger.remember_products(SHOP, [product("away", "f2")], "older")
    assert ledger.known_products(SHOP, ["unchanged", "away"]) == {
        "unchanged": product("unchanged"),
        "away": product("away", "f2", retired=True),
    }
    ledger.remember_products("another shop", [product("unchanged")], RUN)
    ledger.retire_products("another shop", ["unchanged"], "older")
    assert ledger.count_known("another shop") == 0


def test_everything_works_across_chunks(ledger, monkeypatch):
    monkeypatch.setattr(products, "_CHUNK", 7)
    skus = [f"sku-{number:03}" for number in range(50)]
    ledger.remember_products(SHOP, map(product, reversed(skus)), RUN)
    assert list(ledger.all_known_skus(SHOP)) == skus
    assert set(ledger.known_products(SHOP, skus)) == set(skus)
    ledger.retire_products(SHOP, iter(skus[:14]), RUN)
    assert list(ledger.all_known_skus(SHOP)) == skus[14:]


def test_more_keys_than_sqlite_takes_variables(ledger, monkeypatch):
    monkeypatch.setattr(products, "_CHUNK", 100_000)
    skus = [f"s{number}" for number in range(40_000)]
    ledger.remember_products(SHOP, map(product, skus), RUN)
    assert len(ledger.known_products(SHOP, skus)) == ledger.count_known(SHOP) == 40_000


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def _memory_is_a_dictionary(ledger, data):
    catalog = uuid.uuid4().hex
    skus = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
    memory = {}
    for _ in range(data.draw(st.integers(1, 3))):
        batch = data.draw(st.lists(st.builds(product, skus, st.none() | st.just("f"), st.integers(0, 9)), max_size=9))
        ledger.remember_products(catalog, batch, RUN)
        memory |= {known.sku: known for known in batch}
    assert ledger.known_products(catalog, memory) == memory
    assert set(ledger.all_known_skus(catalog)) == set(memory)


def test_memory_is_a_dictionary(ledger):
    _memory_is_a_dictionary(ledger)
