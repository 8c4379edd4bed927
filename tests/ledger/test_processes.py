"""Many real processes on one ledger."""

import os
import signal
from decimal import Decimal

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import BudgetScope
from reelmill.ledger.states import State
from tests.ledger import workers
from tests.ledger.making import LEASE_S, OWNER, authorise, bring_to, make_clip
from tests.ledger.workers import run_together, start, wait_for

CAP = Decimal("49.90")
CHEAPEST = Decimal("0.40")  # 4 seconds at 0.10 USD


def test_twenty_processes_never_pass_a_cap_by_a_cent_and_use_all_of_it(ledger, ledger_url):
    made = run_together(20, workers.spend_until_capped, ledger_url, CAP)
    budget = ledger.budget(BudgetScope.DAY, "2026-07-15")
    total = budget.reserved_usd + budget.spent_usd
    assert CAP - CHEAPEST < total <= CAP
    intents = [intent for _, intent in ledger.intents()]
    assert sorted(intent.intent_id for intent in intents) == sorted(each for part in made for each in part)
    assert sum(intent.reserved_usd + intent.charged_usd for intent in intents) == total
    assert ledger.audit() == []


def test_runs_that_want_the_same_clips_get_each_once(ledger, ledger_url):
    names = [f"c{number}" for number in range(12)]
    won = run_together(8, workers.claim_clips, ledger_url, names)
    assert sorted(name for part in won for name in part) == sorted(names)
    assert len(list(ledger.intents())) == 12
    assert ledger.audit() == []


def test_adopters_never_share_an_intent(ledger, ledger_url, clock):
    made = [
        bring_to(ledger, state, make_clip(f"{state}-{number}")).intent_id
        for number in range(12)
        for state in (State.AUTHORISED, State.SENDING, State.SUBMITTED)
    ]
    clock.advance(LEASE_S)
    taken = run_together(6, workers.adopt_all, ledger_url, clock)
    assert sorted(each for part in taken for each in part) == sorted(made)
    assert ledger.totals().keys() == {State.AUTHORISED, State.UNKNOWN, State.SUBMITTED}
    assert ledger.audit() == []


def test_processes_share_the_slots_exactly(ledger_url):
    waits = sorted(wait for part in run_together(6, workers.take_slots, ledger_url, 10) for wait in part)
    assert waits == [pytest.approx(max(0, number * 0.606 - 0.3), abs=1e-6) for number in range(60)]


def test_a_ledger_survives_a_fork(ledger_url):
    assert run_together(1, workers.fork_and_share, ledger_url) == [0]
    with Ledger.open(ledger_url) as ledger:
        assert len(ledger.runs()) == 41


def test_a_child_does_not_wait_for_the_turn_of_a_thread_that_it_does_not_have(ledger_url):
    assert run_together(1, workers.fork_while_in_turn, ledger_url) == [0]


def test_killed_at_any_moment_the_books_still_add_up(ledger_url, tmp_path):
    with Ledger.open(ledger_url) as ledger:
        for number in range(3):
            told = [tmp_path / f"{number}-{name}" for name in "ab"]
            processes = [start(workers.work_until_killed, ledger_url, path.name, path) for path in told]
            enough = 3 + 2 * number

            def both_told(paths=told, lines=enough):
                return all(path.exists() and path.read_text().count("\n") >= lines for path in paths)

            wait_for(both_told)
            for process in processes:
                os.kill(process.pid, signal.SIGKILL)
                process.join()
            assert ledger.audit() == []
            for path in told:
                acknowledged = path.read_text().split("\n")[:-1]
                kept = {charge.intent_id for _, charge in ledger.charges(run_id=path.name)}
                assert set(acknowledged) <= kept
                assert len(kept) - len(acknowledged) <= 1
        open_before = [intent.intent_id for _, intent in ledger.intents() if intent.state.open]
        assert sorted(intent.intent_id for intent in ledger.adopt(**GONE)) == sorted(open_before)
        assert ledger.audit() == []


GONE = {"owner": OWNER, "lease_s": LEASE_S, "is_gone": lambda _: True, "limit": 10_000}


def test_a_reader_never_waits_for_a_writer(ledger):
    intent = authorise(ledger)
    with ledger._db.writing():
        assert ledger.intent(intent.intent_id) == intent
