"""Retries of filtered clips in other words: how often, after what, and with which words."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from reelmill.errors import LookFirst, RaiseCap
from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run, Settlement, Softening
from reelmill.ledger.states import PICTURE_UNREACHABLE, State
from tests.ledger import workers
from tests.ledger.making import LEASE_S, OUTPUT, OWNER, RUN, authorise, bring_to, known, make_clip
from tests.ledger.workers import run_together


def words(step):
    return Softening(step=step, prompt=f"Softer {step}.", negative_prompt="weapons")


def retry(ledger, clip, after, step, retries=2, **changes):
    return authorise(ledger, clip, softening=words(step), retries=retries, after=after.intent_id, **changes)


def filter_it(ledger, intent, causes=("prompt:violence",)):
    assert ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
    assert ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
    assert ledger.settle(intent.intent_id, Settlement(state=State.FILTERED, filter_causes=causes))
    return known(ledger, intent)


def test_a_retry_records_what_it_sends_and_reserves_for_itself(ledger):
    clip = make_clip()
    first = filter_it(ledger, authorise(ledger, clip))
    second = retry(ledger, clip, first, 1)

    assert first.filter_causes == ("prompt:violence",)
    assert (first.softening, first.sent_prompt) == (0, None)
    assert first.as_sent(clip.request) == clip.request
    assert second == known(ledger, second)
    assert (second.attempt, second.softening, second.reserved_usd) == (2, 1, Decimal("3.20"))
    sent = second.as_sent(clip.request)
    assert (sent.prompt, sent.negative_prompt, sent.model) == ("Softer 1.", "weapons", clip.request.model)
    assert second.output_prefix != first.output_prefix
    assert ledger.clip(clip.clip_id) == clip
    assert ledger.standings([clip.clip_id])[clip.clip_id].softening == 1
    assert ledger.audit() == []


def test_the_bound_holds_in_the_ledger_itself(ledger):
    clip = make_clip()
    latest = filter_it(ledger, authorise(ledger, clip))
    for step in (1, 2):
        latest = filter_it(ledger, retry(ledger, clip, latest, step))
    for step, retries in ((3, 2), (1, 3), (2, 3), (4, 4)):
        with pytest.raises(LookFirst, match="it has ended"):
            retry(ledger, clip, latest, step, retries=retries)
    assert len(list(ledger.intents())) == 3
    assert ledger.audit() == []


def test_only_a_person_starts_the_count_again(ledger):
    clip = make_clip()
    first = filter_it(ledger, authorise(ledger, clip))
    second = filter_it(ledger, retry(ledger, clip, first, 1, retries=1))
    with pytest.raises(LookFirst):
        authorise(ledger, clip, retries=1)  # what a plan asks for
    third = filter_it(ledger, authorise(ledger, clip, again=True, after=second.intent_id, retries=1))
    assert (third.softening, third.sent_prompt) == (0, None)
    assert retry(ledger, clip, third, 1, retries=1).softening == 1
    assert ledger.audit() == []


def test_a_retry_that_was_never_sent_is_still_due_unless_a_person_starts_afresh(ledger):
    for again, softening in ((False, 1), (True, 0)):
        clip = make_clip(f"shoe-{again}")
        first = filter_it(ledger, authorise(ledger, clip))
        unsent = retry(ledger, clip, first, 1)
        assert ledger.release(unsent.intent_id, owner=OWNER)
        then = authorise(ledger, clip, again=again, after=unsent.intent_id if again else None, retries=2)
        assert (then.attempt, then.softening) == (3, softening)
        assert then.sent_prompt == ("Softer 1." if softening else None)
    assert ledger.audit() == []


def test_a_retry_follows_only_the_filtered_attempt_that_it_names(ledger):
    for state, named in itertools.product(State, (True, False)):
        clip = make_clip(f"shoe-{state}-{named}", samples=2)
        first = bring_to(ledger, state, clip)
        after = first.intent_id if named else None
        if state is State.RELEASED:
            plain = authorise(ledger, clip, softening=None, retries=2, after=after)
            assert plain.softening == 0
        elif state is State.FILTERED and named:
            assert authorise(ledger, clip, softening=words(1), retries=2, after=after).softening == 1
        else:
            with pytest.raises(LookFirst):
                authorise(ledger, clip, softening=words(1), retries=2, after=after)
    assert ledger.audit() == []


def test_a_retry_that_was_not_sent_goes_on_as_it_was_recorded(ledger):
    clip = make_clip()
    first = filter_it(ledger, authorise(ledger, clip))
    unsent = retry(ledger, clip, first, 1)
    assert ledger.release(unsent.intent_id, owner=OWNER)
    left = known(ledger, unsent)
    assert (left.error_code, left.softening) == ("retry_not_sent", 1)
    assert left.error_message == (
        "Filtered before, and its retry with a softened prompt was not sent. Run the same command, or redrive it."
    )
    assert "same command" in left.error_message

    with pytest.raises(LookFirst):
        authorise(ledger, clip)  # the policy is off now
    again = authorise(ledger, clip, retries=1)
    assert (again.attempt, again.softening, again.sent_prompt) == (3, 1, "Softer 1.")
    assert (again.sent_negative_prompt, again.error_code) == ("weapons", "")
    with pytest.raises(LookFirst):
        retry(ledger, clip, filter_it(ledger, again), 2, retries=1)
    assert ledger.audit() == []


def lose_picture(ledger, intent):
    assert ledger.settle(intent.intent_id, Settlement(state=State.FAILED, error_code=PICTURE_UNREACHABLE))
    return known(ledger, intent)


def test_a_retry_whose_picture_was_out_of_reach_goes_on_as_it_was_recorded(ledger):
    """It was never sent, and the next plan takes it up by itself: that must not start the count again."""
    clip = make_clip()
    first = filter_it(ledger, authorise(ledger, clip))
    unsent = lose_picture(ledger, retry(ledger, clip, first, 1))
    again = authorise(ledger, clip, again=True, retries=2, after=unsent.intent_id)
    assert (again.softening, again.sent_prompt) == (1, "Softer 1.")
    assert ledger.audit() == []


def test_a_person_takes_over_from_a_retry_that_was_not_sent(ledger):
    clip = make_clip()
    unsent = retry(ledger, clip, filter_it(ledger, authorise(ledger, clip)), 1)
    ledger.release(unsent.intent_id, owner=OWNER)
    mine = authorise(ledger, clip, again=True, after=unsent.intent_id)
    assert (mine.softening, mine.sent_prompt) == (0, None)
    assert ledger.audit() == []


@pytest.mark.parametrize("again", [False, True])
def test_the_policy_cannot_skip_to_a_step_that_no_filter_asked_for(ledger, again):
    """Found by the long run of the ledger's model: a released attempt was followed by whatever retry was named."""
    clip = make_clip()
    first = authorise(ledger, clip)
    ledger.release(first.intent_id, owner=OWNER)
    words = Softening(step=2, prompt="Softer 2.", negative_prompt="")
    second = authorise(ledger, clip, again=again, softening=words, after=first.intent_id, retries=2)
    assert (second.attempt, second.softening, second.sent_prompt) == (2, 0, None)
    assert ledger.audit() == []


def test_a_retry_needs_room_under_the_cap_like_any_other(ledger):
    clip = make_clip()
    first = filter_it(ledger, authorise(ledger, clip))
    authorise(ledger, make_clip("other"), caps=Caps(run_usd=Decimal("3.20")))
    with pytest.raises(RaiseCap):
        retry(ledger, clip, first, 1, caps=Caps(run_usd=Decimal("3.20")))
    assert ledger.standings([clip.clip_id])[clip.clip_id].attempt == 1
    assert ledger.audit() == []


def test_of_many_workers_one_retries(ledger_url):
    with Ledger.open(ledger_url) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        first = filter_it(ledger, authorise(ledger, make_clip()))
    won = run_together(6, workers.retry_filtered, ledger_url, first.intent_id)
    assert sum(won) == 1
    with Ledger.open(ledger_url) as ledger:
        assert [intent.softening for _, intent in ledger.intents()] == [0, 1]
        assert ledger.audit() == []


def test_an_audit_finds_a_retry_out_of_order(ledger, ledger_url):
    clip = make_clip()
    retry(ledger, clip, filter_it(ledger, authorise(ledger, clip)), 1)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE intents SET softening = 2 WHERE softening = 1"))
    engine.dispose()
    assert any("softened retry 2" in sentence for sentence in ledger.audit())


@given(st.lists(st.sampled_from(["retry", "plan", "release", "filter", "redrive", "off", "lose picture"]), max_size=25))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_tried_no_count_is_passed(ledger, tried):
    """Runs, releases and other settings in any order: per person's decision, at most 1 + retries are sent."""
    clip = make_clip(f"shoe-{next(NAMES)}")
    latest, sent, decisions, bound = authorise(ledger, clip, retries=2), 0, 1, 2
    for what in tried:
        try:
            match what:
                case "retry":
                    latest = retry(ledger, clip, latest, latest.softening + 1, bound)
                case "plan":
                    again = latest.error_code == PICTURE_UNREACHABLE and latest.softening <= bound
                    latest = authorise(ledger, clip, again=again, retries=bound, after=latest.intent_id)
                case "lose picture" if latest.state is State.AUTHORISED:
                    latest = lose_picture(ledger, latest)
                case "redrive":
                    latest = authorise(ledger, clip, again=True, retries=bound, after=latest.intent_id)
                    decisions += 1
                case "release":
                    ledger.release(latest.intent_id, owner=OWNER)
                    latest = known(ledger, latest)
                case "filter" if latest.state is State.AUTHORISED:
                    latest = filter_it(ledger, latest)
                    sent += 1
                case "off":
                    bound = 2 - bound
        except LookFirst:
            assert what != "release"
        assert latest.softening <= 2
        assert (latest.sent_prompt is None) == (latest.softening == 0)
    assert sent <= decisions * 3
    assert ledger.audit() == []


NAMES = itertools.count()
