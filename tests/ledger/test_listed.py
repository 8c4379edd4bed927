"""Many keys in one question, on both databases, and lists in parts of a size."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import Lookup, chunks, lock_in_order, one_of
from reelmill.ledger.records import KnownProduct, Run
from reelmill.ledger.schema import clips, products
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, OTHER, OUTPUT, RUN, authorise, bring_to, make_clip

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


def test_rows_are_locked_by_their_keys_in_whatever_order_they_lie(postgres_url):
    sku = products.c.sku
    with Ledger.open(postgres_url) as ledger, ThreadPoolExecutor(1) as threads:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        for name in ("z", "B", "a"):
            ledger.remember_products("shop", [KnownProduct(name, "f", 1)], RUN)

        def lock_all():
            with ledger._db.writing() as connection:
                lock_in_order(connection, sku, products.c.catalog == "shop")

        with ledger._db.writing() as connection:
            connection.execute(select(sku).where(sku == "B").with_for_update())
            waiting = threads.submit(lock_all)
            assert not wait([waiting], timeout=0.5).done
            # It waits for the first of them, as a sorted list would be written, and holds none of the others.
            connection.execute(select(sku).where(sku.in_(["a", "z"])).with_for_update(nowait=True))
        waiting.result()


BY_KEYS = {
    "videos_of": lambda ledger, intent: ledger.videos_of([intent.clip_id], output=OUTPUT),
    "keep_planned": lambda ledger, intent: ledger.keep_planned(OUTPUT, [intent.clip_id]),
    "keep_looking": lambda ledger, intent: ledger.keep_looking([intent.intent_id], owner=OTHER, lease_s=LEASE_S),
    "prefixes": lambda ledger, intent: ledger.prefixes_accounted([intent.output_prefix]),
    "begin_removals": lambda ledger, intent: ledger.begin_removals([intent], keep={}),
}
OPEN = {
    "adopt": lambda ledger, _: ledger.adopt(owner=OTHER, lease_s=LEASE_S, is_gone=lambda _: False, output=OUTPUT),
    "adopt of a run": lambda ledger, _: ledger.adopt(owner=OTHER, lease_s=LEASE_S, is_gone=lambda _: False, run_id=RUN),
    "intents": lambda ledger, _: list(ledger.intents(states=[State.LOST, State.EXPIRED], output=OUTPUT)),
    "intents of a run": lambda ledger, _: list(ledger.intents(states=[State.SUBMITTED], run_id=RUN)),
    "unfinished_runs": lambda ledger, _: ledger.unfinished_runs(output=OUTPUT),
}


@pytest.mark.parametrize("ask", BY_KEYS.values(), ids=BY_KEYS)
def test_sqlite_goes_by_the_keys_and_not_through_all_that_was_delivered(tmp_path, ask):
    plans = plans_of(tmp_path, ask)
    assert [plan for plan in plans if "ix_intents_" in plan or "SCAN intents" in plan] == []


@pytest.mark.parametrize("ask", OPEN.values(), ids=OPEN)
def test_sqlite_finds_what_has_not_ended_without_going_through_what_has(tmp_path, ask):
    assert [plan for plan in plans_of(tmp_path, ask) if "ix_intents_state" not in plan] == []


def plans_of(folder, ask):
    """How SQLite finds the rows of intents in every statement of a question."""
    told = []
    with Ledger.open(f"sqlite:///{folder / 'ledger.db'}") as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        intent = bring_to(ledger, State.SUCCEEDED)
        database = ledger._db
        event.listen(database.engine, "before_cursor_execute", lambda *told_of: told.append(told_of[2:4]))
        ask(ledger, intent)
        with database.reading() as connection:
            steps = [
                row[3]
                for sql, values in list(told)
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            ]
    plans = [step for step in steps if step.startswith(("SEARCH intents", "SCAN intents"))]
    assert plans
    return plans
