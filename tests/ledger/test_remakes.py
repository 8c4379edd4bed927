"""Remakes of unfit clips: how often, after what, and with which words."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import LookFirst, RaiseCap
from reelmill.ledger.records import Caps, Settlement, Softening
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, OWNER, authorise, bring_to, known, make_clip

WORDS = Softening(step=1, prompt="Softer.", negative_prompt="")


def inspection(status, *, recommended):
    return {"status": status, "findings": [], "videos": [{"recommended": "remake"} if recommended else {}]}


def end(ledger, intent, state=State.SUCCEEDED, *, status="fail", recommended=True):
    assert ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
    assert ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
    looked = inspection(status, recommended=recommended) if state.delivered else None
    assert ledger.settle(intent.intent_id, Settlement(state=state, returned=int(state.delivered), inspection=looked))
    return known(ledger, intent)


def remake(ledger, clip, after, remakes=2, **changes):
    return authorise(ledger, clip, remake=True, remakes=remakes, after=after.intent_id, **changes)


def test_the_bound_holds_in_the_ledger_and_the_first_video_keeps_its_charge(ledger):
    clip = make_clip()
    first = latest = end(ledger, authorise(ledger, clip))
    for number in (1, 2):
        latest = end(ledger, remake(ledger, clip, latest))
        assert (latest.attempt, latest.remake) == (number + 1, number)
    with pytest.raises(LookFirst, match="it has ended"):
        remake(ledger, clip, latest)
    with pytest.raises(LookFirst):
        remake(ledger, clip, first, remakes=3)  # another one has followed it
    assert known(ledger, first).charged_usd == Decimal("3.20")
    assert ledger.run("run-1").spent_usd == Decimal("9.60")
    assert ledger.standings([clip.clip_id])[clip.clip_id].remake == 2
    assert ledger.audit() == []


def test_only_what_was_delivered_unfit_and_asks_for_it_is_remade(ledger):
    for state in State:
        clip = make_clip(f"shoe-{state}", samples=2)
        if state is State.RELEASED:
            continue  # it was never sent, and is made as it was
        with pytest.raises(LookFirst):
            remake(ledger, clip, bring_to(ledger, state, clip))
    for status, recommended in (("fail", False), ("review", True), ("pass", True)):
        clip = make_clip(f"shoe-{status}")
        looked = end(ledger, authorise(ledger, clip), status=status, recommended=recommended)
        with pytest.raises(LookFirst):
            remake(ledger, clip, looked)
    assert ledger.audit() == []


def test_a_remake_that_was_not_sent_is_still_due_while_the_setting_allows_it(ledger):
    clip = make_clip()
    unsent = remake(ledger, clip, end(ledger, authorise(ledger, clip)))
    assert ledger.release(unsent.intent_id, owner=OWNER)
    left = known(ledger, unsent)
    assert left.error_code == "remake_not_sent"
    assert left.error_message == "Unfit before, and its remake was not sent. Run the same command, or redrive it."
    with pytest.raises(LookFirst):
        authorise(ledger, clip)  # the policy is off now
    assert authorise(ledger, clip, remakes=1).remake == 1
    assert ledger.audit() == []


def test_a_remake_sends_the_words_of_the_attempt_before_it_and_needs_room_under_the_cap(ledger):
    clip = make_clip()
    filtered = end(ledger, authorise(ledger, clip), State.FILTERED)
    softer = end(ledger, authorise(ledger, clip, softening=WORDS, retries=1, after=filtered.intent_id))
    with pytest.raises(RaiseCap):
        remake(ledger, clip, softer, retries=1, caps=Caps(run_usd=Decimal("6.39")))
    again = remake(ledger, clip, softer, retries=1, caps=Caps(run_usd=Decimal("6.40")))
    assert (again.softening, again.sent_prompt, again.remake) == (1, "Softer.", 1)
    assert ledger.audit() == []


STEPS = ["remake", "plan", "soften", "unfit", "fit", "filter", "release", "redrive"]


@given(st.lists(st.sampled_from(STEPS), max_size=14))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_tried_no_count_is_passed(ledger, tried):
    """Per decision of a person, at most 1 + retries + remakes are sent; an open or fit one is never doubled."""
    clip = make_clip(f"boot-{next(NAMES)}")
    latest, sent, decisions = authorise(ledger, clip), 0, 1
    bounds = {"retries": 1, "remakes": 2}
    for what in tried:
        try:
            match what:
                case "remake":
                    latest = remake(ledger, clip, latest, retries=1)
                case "plan":
                    latest = authorise(ledger, clip, after=latest.intent_id, **bounds)
                case "soften":
                    latest = authorise(ledger, clip, softening=WORDS, after=latest.intent_id, **bounds)
                case "redrive":
                    latest = authorise(ledger, clip, again=True, after=latest.intent_id, **bounds)
                    decisions += 1
                case "release":
                    ledger.release(latest.intent_id, owner=OWNER)
                    latest = known(ledger, latest)
                case _ if latest.state is State.AUTHORISED:
                    state = State.FILTERED if what == "filter" else State.SUCCEEDED
                    latest = end(ledger, latest, state, status="pass" if what == "fit" else "fail")
                    sent += 1
        except LookFirst:
            assert what in ("remake", "plan", "soften", "redrive")
        assert latest.remake <= 2
    assert sent <= decisions * 4
    assert ledger.audit() == []


NAMES = itertools.count()
