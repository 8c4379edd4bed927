"""What people decide about clips: rows that are only added, the newest counts, and only a delivered clip is judged."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, ReviewedVia, Run
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from tests.ledger import workers
from tests.ledger.making import NOON, OUTPUT, RUN, bring_to, make_clip
from tests.ledger.workers import run_together

_NUMBERS = count()


def asked(intent, decision=Decision.APPROVE, **changes) -> AskedReview:
    values = {
        "review_id": f"review-{next(_NUMBERS)}",
        "intent_id": intent if isinstance(intent, str) else intent.intent_id,
        "decision": decision,
        "reviewer": "Ada",
        "via": ReviewedVia.PAGE,
    }
    return AskedReview(**(values | changes))


def standing(ledger, *intents):
    found = ledger.decisions_of([intent.intent_id for intent in intents])
    return [found[intent.intent_id].decision if intent.intent_id in found else None for intent in intents]


def test_the_newest_decision_counts_and_every_one_is_kept(ledger):
    intent = bring_to(ledger, State.SUCCEEDED)
    assert standing(ledger, intent) == [None]
    for decision, now in [
        (Decision.APPROVE, Decision.APPROVE),
        (Decision.REJECT, Decision.REJECT),
        (Decision.UNDO, None),
        (Decision.REMAKE, Decision.REMAKE),
    ]:
        (done,) = ledger.review([asked(intent, decision, reason="why")])
        assert (done.new, done.problem) == (True, "")
        assert standing(ledger, intent) == [now], "although the clock stands still"
    rows = ledger.reviews(run_id=RUN)
    assert [row.decision for row in rows] == [Decision.APPROVE, Decision.REJECT, Decision.UNDO, Decision.REMAKE]
    assert rows == ledger.reviews(intent_id=intent.intent_id) == ledger.reviews()
    assert {(row.reviewer, row.reason, row.via) for row in rows} == {("Ada", "why", ReviewedVia.PAGE)}
    assert ledger.reviews(run_id="another") == []


def test_the_decisions_of_a_run_are_those_about_its_clips(ledger):
    ledger.start_run(Run(run_id="run-2", output=OUTPUT))
    ours = bring_to(ledger, State.SUCCEEDED, make_clip("ours"))
    theirs = bring_to(ledger, State.SUCCEEDED, make_clip("theirs"), run_id="run-2")
    ledger.review([asked(ours), asked(theirs, Decision.REJECT)])
    assert {intent: review.decision for intent, review in ledger.decisions(RUN).items()} == {
        ours.intent_id: Decision.APPROVE
    }
    assert ledger.decisions("run-2").keys() == {theirs.intent_id}


@pytest.mark.parametrize("state", State)
def test_only_a_delivered_clip_can_be_decided_about(ledger, state):
    intent = bring_to(ledger, state)
    (done,) = ledger.review([asked(intent)])
    assert done.new is state.delivered
    assert bool(done.problem) is not state.delivered
    assert len(ledger.reviews()) == int(state.delivered)


def test_what_cannot_be_kept_is_told_and_the_others_are_kept(ledger):
    good, open_one = bring_to(ledger, State.SUCCEEDED), bring_to(ledger, State.SUBMITTED, make_clip("hat"))
    other = asked(good, Decision.REJECT, review_id="same")
    outcomes = ledger.review([asked("nobody"), asked(good, review_id="same"), other, asked(open_one)], run_id=RUN)
    assert [outcome.new for outcome in outcomes] == [False, True, False, False]
    assert [bool(outcome.problem) for outcome in outcomes] == [True, False, True, True]
    assert standing(ledger, good) == [Decision.APPROVE]
    (elsewhere,) = ledger.review([asked(good)], run_id="another run")
    assert "no clip of this run" in elsewhere.problem
    assert ledger.review([]) == []


def test_the_same_decision_twice_is_one_row(ledger):
    intent = bring_to(ledger, State.PARTIAL)
    one = asked(intent)
    (first,), (again,) = ledger.review([one]), ledger.review([one])
    assert (first.new, again.new, again.problem) == (True, False, "")
    assert again.review == first.review
    assert len(ledger.reviews()) == 1


def test_a_decision_from_a_file_stands_where_its_time_says_and_never_in_the_future(ledger):
    intent = bring_to(ledger, State.SUCCEEDED)
    ledger.review([asked(intent, Decision.APPROVE)])
    older, newer = NOON - timedelta(hours=1), NOON + timedelta(days=1)
    ledger.review([asked(intent, Decision.REJECT, decided_at=older, via=ReviewedVia.FILE)])
    assert standing(ledger, intent) == [Decision.APPROVE]
    (done,) = ledger.review([asked(intent, Decision.REMAKE, decided_at=newer)])
    assert done.review.decided_at == NOON


def test_reviewers_in_many_processes_lose_no_decision(ledger, ledger_url):
    intents = [bring_to(ledger, State.SUCCEEDED, make_clip(f"shoe-{number}")) for number in range(6)]
    run_together(4, workers.review_everything, ledger_url)
    assert len(ledger.reviews()) == 4 * len(intents)
    assert None not in standing(ledger, *intents)


DECISIONS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Decision)), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DECISIONS)
def test_what_counts_is_the_last_word_about_each_clip(tmp_path_factory, words):
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('reviews')}/ledger.db") as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        intents = [bring_to(ledger, State.SUCCEEDED, make_clip(f"shoe-{number}")) for number in range(3)]
        ledger.review([asked(intents[number], decision) for number, decision in words])
        last = dict(words)
        expected = [None if last.get(number) is Decision.UNDO else last.get(number) for number in range(3)]
        assert standing(ledger, *intents) == expected


def test_a_decision_comes_with_the_one_that_it_was_made_over(ledger):
    intent = bring_to(ledger, State.SUCCEEDED)
    rejected, approved = ledger.review([asked(intent, Decision.REJECT, reviewer="Ben"), asked(intent)])
    assert (rejected.before, approved.before) == (None, rejected.review)
    (old,) = ledger.review([asked(intent, decided_at=NOON - timedelta(days=1), via=ReviewedVia.FILE)])
    (newest,) = ledger.review([asked(intent, Decision.UNDO)])
    assert (old.before, newest.before) == (approved.review, approved.review)


def test_what_undoes_a_decision_does_not_undo_a_newer_one_of_somebody_else(ledger):
    intent = bring_to(ledger, State.SUCCEEDED)
    ledger.review([asked(intent, review_id="of-ada-1"), asked(intent, Decision.REJECT, reviewer="Ben")])
    (undone,) = ledger.review([asked(intent, Decision.UNDO, undoes="of-ada-1")])
    assert (undone.new, undone.problem) == (False, "Ben has decided since: reject. Load the page again to see it.")
    assert standing(ledger, intent) == [Decision.REJECT]
    ledger.review([asked(intent, review_id="of-ada-2")])
    (undone,) = ledger.review([asked(intent, Decision.REJECT, undoes="of-ada-2")])
    assert undone.new
