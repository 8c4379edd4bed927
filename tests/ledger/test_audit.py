from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, text

from reelmill.ledger.engine import parse_url
from reelmill.ledger.states import State
from tests.ledger.making import RUN, bring_to, make_clip, settlement

SPOILED = {
    "UPDATE budgets SET reserved = reserved + 10000 WHERE scope = 'day'": "day 2026-07-15: 38.41 USD reserved",
    "UPDATE budgets SET spent = 0 WHERE scope = 'month'": "Budget of month 2026-07: 0.00 USD spent",
    "DELETE FROM budgets WHERE scope = 'run'": f"Budget of run {RUN}",
    "INSERT INTO budgets (scope, key, reserved, spent) VALUES ('day', '2020-01-01', 1, 0)": (
        "Budget of day 2020-01-01: 0.000001 USD reserved, but its intents and charges come to 0.00 USD."
    ),
    "UPDATE charges SET amount = amount + 1": "has a charge of 6.400001 USD",
    "DELETE FROM charges": "has no charge",
    "DELETE FROM charges; UPDATE intents SET charged = 0": "says 0.00 USD, and has no charge",
    "UPDATE intents SET reserved = 0 WHERE state = 'lost'": "is lost and reserves 0.00 USD",
    "UPDATE intents SET reserved = 1 WHERE state = 'filtered'": "is filtered and reserves 0.000001 USD",
    "UPDATE intents SET charged = 1 WHERE state = 'succeeded'": "says 0.000001 USD",
    "UPDATE intents SET state = 'failed' WHERE state = 'succeeded'": "is failed",
    "UPDATE intents SET operation = NULL WHERE state = 'submitted'": "without the name of its operation",
    "UPDATE clips SET latest_attempt = 2 WHERE sku = 'shoe-lost'": "says 2 attempts; its intents say 1",
    "UPDATE intents SET attempt = 2 WHERE state = 'lost'; "
    "UPDATE clips SET latest_attempt = 2 WHERE sku = 'shoe-lost'": (
        "says 2 attempts; its intents say 2"  # the first one is missing
    ),
    "UPDATE clips SET latest_intent_id = NULL WHERE sku = 'shoe-lost'": "says 1 attempts",
}


@pytest.fixture
def full(ledger):
    for state in State:
        bring_to(ledger, state, make_clip(f"shoe-{state}", samples=2))
    return ledger


def test_a_ledger_of_every_state_is_clean(full):
    assert full.audit() == []


def test_every_kind_of_damage_is_told(full, ledger_url):
    engine = create_engine(parse_url(ledger_url))
    for damage, sentence in SPOILED.items():
        with engine.begin() as connection:
            saved = {name: connection.execute(text(f"SELECT * FROM {name}")).mappings().all() for name in TABLES}
            for statement in damage.split("; "):
                assert connection.execute(text(statement)).rowcount >= 1
        found = full.audit()
        assert any(sentence in each for each in found), (damage, found)
        with engine.begin() as connection:
            _restore(connection, saved)
        assert full.audit() == [], damage
    engine.dispose()


TABLES = ("clips", "intents", "charges", "budgets")


def _restore(connection, saved):
    for name in reversed(TABLES):
        connection.execute(text(f"DELETE FROM {name}"))
    for name in TABLES:
        rows = [dict(row) for row in saved[name]]
        marks = ", ".join(f":{column}" for column in rows[0])
        connection.execute(text(f"INSERT INTO {name} ({', '.join(rows[0])}) VALUES ({marks})"), rows)


def test_an_audit_sees_one_moment_while_others_work(ledger):
    intents = [bring_to(ledger, State.SUBMITTED, make_clip(f"c{number}")) for number in range(30)]

    def settle_all():
        for intent in intents:
            ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))

    with ThreadPoolExecutor(1) as thread:
        work = thread.submit(settle_all)
        audits = 0
        while not work.done() or not audits:
            assert ledger.audit() == []
            audits += 1
        work.result()


def test_an_empty_ledger_is_clean(ledger):
    assert ledger.audit() == []


def test_a_clip_that_was_never_attempted_is_clean(full, ledger_url):
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE clips SET latest_attempt = 0, latest_intent_id = NULL WHERE sku = 'shoe-released'")
        )
        assert connection.execute(text("DELETE FROM intents WHERE state = 'released'")).rowcount == 1
    engine.dispose()

    assert full.audit() == []
