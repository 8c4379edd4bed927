import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.ledger import products
from reelmill.ledger.records import KnownProduct
from tests.ledger.making import RUN

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
