"""Whatever the history of a clip: what a shop can use, and what the plan counts on, never leaves."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from reelmill.ledger.records import Decision, RemovalKind, ReviewedVia, Run
from reelmill.ledger.removing import of_no_use
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.schema import removals
from reelmill.ledger.states import State
from tests.ledger.making import NOON, OUTPUT, RUN, bring_to, make_clip, settlement

FAIL, PASS = {"status": "fail", "findings": []}, {"status": "pass", "findings": []}
DAY_S = 86_400
ALL = dict.fromkeys(RemovalKind, 0)


def delivered(ledger, found=PASS, clip=None, **changes):
    """One more delivered attempt at a clip, with this inspection."""
    intent = bring_to(ledger, State.SUBMITTED, clip, again=True, **changes)
    assert ledger.settle(intent.intent_id, replace(settlement(State.SUCCEEDED, intent), inspection=found))
    return ledger.intent(intent.intent_id)


def leaving(ledger, keep=ALL):
    return [(one.intent.attempt, one.kind.value) for one in ledger.leaving(output=OUTPUT, keep=keep)]


@pytest.mark.parametrize(
    ("history", "leaves"),
    [
        ([PASS], []),
        ([FAIL], []),
        ([PASS, PASS], [(1, "orphan")]),
        ([PASS, FAIL], []),  # the older one is the only one of use
        ([FAIL, PASS], [(1, "unfit")]),
        ([FAIL, FAIL], [(1, "unfit")]),
        ([PASS, PASS, FAIL], [(1, "orphan")]),
        ([PASS, FAIL, PASS], [(1, "orphan"), (2, "unfit")]),
        ([None, None], [(1, "orphan")]),
        ([PASS, None], []),  # the newer one may be unfit: nobody has looked at it
        ([None, PASS], [(1, "orphan")]),
        ([FAIL, None], [(1, "unfit")]),
        ([PASS, None, PASS], [(1, "orphan"), (2, "orphan")]),
    ],
)
def test_what_leaves(ledger, clock, history, leaves):
    for found in history:
        delivered(ledger, found)
        clock.advance(1)
    bring_to(ledger, State.SUBMITTED, again=True)  # an open attempt changes nothing
    assert leaving(ledger) == leaves


def test_what_another_output_has_replaces_nothing(ledger, clock):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    ours = delivered(ledger)
    clock.advance(1)
    delivered(ledger, run_id="run-2", output="elsewhere")
    decide(ledger, ours, Decision.REJECT, Decision.UNDO)  # so that it is judged
    assert leaving(ledger) == []
    delivered(ledger)
    assert leaving(ledger) == [(1, "orphan")]


def test_age_counts_from_the_moment_that_it_came_to_be_of_no_use(ledger, clock):
    delivered(ledger)
    clock.advance(400 * DAY_S)
    delivered(ledger)
    keep = {RemovalKind.ORPHAN: 30}
    clock.advance(30 * DAY_S - 1)
    assert leaving(ledger, keep) == []
    clock.advance(1)
    assert leaving(ledger, keep) == [(1, "orphan")]
    assert leaving(ledger, {RemovalKind.ORPHAN: None, RemovalKind.UNFIT: 0}) == leaving(ledger, {}) == []


A, R, U = Decision.APPROVE, Decision.REJECT, Decision.UNDO


def decide(ledger, intent, *decisions):
    """Decide so, one after the other; what keeps the last one out."""
    problem = ""
    for decision in decisions:
        asked = AskedReview(
            review_id=f"{intent.intent_id}-{next(NUMBERS)}",
            intent_id=intent.intent_id,
            decision=decision,
            reviewer="Ada",
            via=ReviewedVia.PAGE,
        )
        problem = ledger.review([asked])[0].problem
    return problem


NUMBERS = itertools.count()


@pytest.mark.parametrize(
    ("history", "leaves"),
    [
        ([(PASS, [R])], [(1, "rejected")]),
        ([(FAIL, [R])], [(1, "rejected")]),
        ([(PASS, [Decision.REMAKE])], []),
        ([(PASS, [R, U])], []),
        ([(PASS, [R, A])], []),
        ([(PASS, [A]), (PASS, [])], []),  # what was approved stays, whatever came later
        ([(PASS, []), (PASS, [R])], [(2, "rejected")]),  # the older one is the only one of use
        ([(PASS, []), (PASS, [Decision.REMAKE])], []),  # nor may the newer one be shown
        ([(PASS, []), (PASS, [Decision.REMAKE]), (PASS, [])], [(1, "orphan"), (2, "orphan")]),
        ([(PASS, []), (PASS, [R]), (PASS, [])], [(1, "orphan"), (2, "orphan")]),
    ],
)
def test_what_a_person_rejected_leaves_and_what_was_approved_never(ledger, clock, history, leaves):
    for found, decisions in history:
        decide(ledger, delivered(ledger, found), *decisions)
        clock.advance(1)
    assert leaving(ledger) == leaves
    assert leaving(ledger, {RemovalKind.REJECTED: 1}) == []
    clock.advance(DAY_S)
    rejected = [attempt for attempt, (_, said) in enumerate(history, 1) if said[-1:] == [R]]
    assert leaving(ledger, {RemovalKind.REJECTED: 1}) == [(attempt, "rejected") for attempt in rejected]


@pytest.mark.parametrize(
    ("decisions", "picked"), [([], False), ([A], True), ([A, U], False), ([R], False), ([R, A], True)]
)
def test_a_draft_leaves_at_its_age_unless_it_was_picked(ledger, clock, decisions, picked):
    draft = delivered(ledger, draft=True)
    delivered(ledger, clip=make_clip("a final"))
    decide(ledger, draft, *decisions)
    keep = {RemovalKind.DRAFT: 2}
    clock.advance(2 * DAY_S - 1)
    assert leaving(ledger, keep) == []
    clock.advance(1)
    assert leaving(ledger, keep) == ([] if picked else [(1, "draft")])
    assert ledger.begin_removals([draft], keep=keep) == (set() if picked else {draft.intent_id})
    assert ledger.audit() == []


def test_what_was_removed_can_no_more_be_approved_and_what_was_approved_no_more_removed(ledger):
    gone, kept = delivered(ledger), delivered(ledger, clip=make_clip("kept"))
    decide(ledger, gone, R)
    decide(ledger, kept, R)
    assert leaving(ledger) == [(1, "rejected")] * 2
    assert decide(ledger, kept, A) == ""
    assert ledger.begin_removals([gone, kept], keep=ALL) == {gone.intent_id}
    for decision in (A, U):
        assert "removed by retention" in decide(ledger, gone, decision)
    assert decide(ledger, gone, Decision.REMAKE) == ""
    assert ledger.audit() == []


def test_a_removal_is_written_once_ended_once_and_costs_no_charge(ledger):
    first, second = delivered(ledger), delivered(ledger)
    before = ledger.totals()
    assert ledger.begin_removals([first, second], keep=ALL) == {first.intent_id}
    assert ledger.begin_removals([first], keep=ALL) == {first.intent_id}
    assert [intent.intent_id for _, intent in ledger.unended_removals(output=OUTPUT)] == [first.intent_id]
    assert list(ledger.unended_removals(output="elsewhere")) == []
    ledger.end_removal(first.intent_id)
    assert list(ledger.unended_removals(output=OUTPUT)) == []
    assert ledger.removed_at(run_id=RUN) == {first.intent_id: NOON}
    assert ledger.removed_at(run_id="another") == {}
    assert ledger.removed([first.intent_id, second.intent_id, "nobody's"]) == {first.intent_id}
    assert list(ledger.orphans()) == leaving(ledger) == []
    assert (ledger.totals(), ledger.audit()) == (before, [])
    assert ledger.intent(first.intent_id) == first


def test_begun_is_only_what_is_due(ledger):
    first, _ = delivered(ledger), delivered(ledger)
    assert ledger.begin_removals([first], keep={RemovalKind.ORPHAN: 1}) == set()
    assert list(ledger.unended_removals(output=OUTPUT)) == []


def test_the_audit_tells_of_a_removal_that_should_not_be(ledger):
    present, open_ = delivered(ledger), bring_to(ledger, State.SUBMITTED, make_clip("open"))
    with ledger._db.writing() as connection:
        for intent in (present, open_):
            row = {"intent_id": intent.intent_id, "kind": RemovalKind.ORPHAN, "begun_at": NOON}
            connection.execute(insert(removals), row)
    said = "Intent {} was removed although no later attempt took its place and nobody rejected it."
    assert set(ledger.audit()) == {said.format(intent.intent_id) for intent in (present, open_)}


@pytest.fixture(scope="module")
def some_intent(sqlite_databases):
    url = sqlite_databases.lend()
    ledger = sqlite_databases.ledgers[url]
    ledger.start_run(Run(run_id=RUN, output=OUTPUT))
    yield delivered(ledger)
    sqlite_databases.take_back(url)


@given(ends=st.lists(st.tuples(st.sampled_from(list(State)), st.sampled_from([None, PASS, FAIL])), max_size=8))
def test_the_latest_delivered_and_the_latest_fit_attempt_always_stay(some_intent, ends):
    attempts = [
        replace(
            some_intent,
            intent_id=str(number),
            attempt=number,
            state=state,
            inspection=found if state.delivered else None,
            finished_at=NOON + timedelta(hours=number),
        )
        for number, (state, found) in enumerate(ends, 1)
    ]
    made = [one for one in attempts if one.state.delivered]
    looked_at = [one for one in made if one.inspection is not None]
    fit = [one for one in looked_at or made if not one.unfit]
    useless = of_no_use(list(reversed(attempts)))
    assert useless.keys() == {
        one.intent_id for one in made if any(other.attempt > one.attempt for other in (made if one.unfit else fit))
    }
    assert not useless.keys() & {one.intent_id for one in [*made[-1:], *fit[-1:]]}
    for intent_id, ((kind, since),) in ((id_, [(one.kind, one.since) for one in why]) for id_, why in useless.items()):
        intent = attempts[int(intent_id) - 1]
        assert (kind is RemovalKind.UNFIT) == intent.unfit
        assert since > intent.finished_at
