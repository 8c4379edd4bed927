"""Records from outside the ledger fill what is missing, and only that."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import LookFirst
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import BudgetScope, Caps, Run
from reelmill.ledger.recovering import PaidClip, Recovery
from reelmill.ledger.states import UNRECORDED, State
from tests.ledger.making import (
    ASKED,
    NOON,
    OUTPUT,
    OWNER,
    RUN,
    FixedClock,
    authorise,
    bring_to,
    known,
    make_clip,
    settlement,
)


@pytest.fixture
def elsewhere(tmp_path):
    """A ledger of its own, whose paid clips another one has to learn."""
    with Ledger.open(f"sqlite:///{tmp_path}/elsewhere.db", clock=FixedClock()) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        yield ledger


def paid(ledger) -> list[PaidClip]:
    """What the records beside the videos would say."""
    return [
        PaidClip(
            clip=clip,
            intent=replace(known(ledger, charge), owner="", lease_until=NOON),
            returned=charge.returned,
            run_started_at=NOON,
        )
        for clip, charge in ledger.charges()
    ]


def books(ledger) -> tuple:
    charges = sorted((charge for _, charge in ledger.charges()), key=lambda charge: charge.intent_id)
    days = [ledger.budget(BudgetScope.DAY, "2026-07-15"), ledger.budget(BudgetScope.MONTH, "2026-07")]
    return charges, [budget.spent_usd for budget in (*days, ledger.budget(BudgetScope.RUN, RUN))]


def test_charges_and_budgets_come_back_as_they_were(ledger, elsewhere):
    for name, samples in (("a", 1), ("b", 3)):
        bring_to(elsewhere, State.PARTIAL, make_clip(name, samples=samples))
    found = paid(elsewhere)

    assert ledger.recover(found) == [Recovery.ADDED] * 2
    assert ledger.recover(found) == [Recovery.KNOWN] * 2

    assert books(ledger) == books(elsewhere)
    assert ledger.audit() == []
    with pytest.raises(LookFirst):
        authorise(ledger, make_clip("a"))


def test_verdicts_come_back_booked_on_their_own_day(ledger, elsewhere, tmp_path):
    clip = make_clip("a")
    intent = bring_to(elsewhere, State.SUBMITTED, clip)
    tomorrow = FixedClock(NOON + timedelta(days=1))
    with Ledger.open(f"sqlite:///{tmp_path}/elsewhere.db", clock=tomorrow) as later:
        verdict = later.ask_verdict(intent.intent_id, ASKED, caps=Caps(), at_most=2)
        later.answer_verdict(verdict, input_tokens=1001, output_tokens=101, answer={"overall": "ok"})
    elsewhere.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    (found,) = paid(elsewhere)
    verdicts = elsewhere.verdicts_of(intent.intent_id)

    assert ledger.recover([replace(found, verdicts=verdicts)]) == [Recovery.ADDED]

    assert ledger.verdicts_of(intent.intent_id) == verdicts
    assert known(ledger, intent).charged_usd == Decimal("3.200553")
    for key in ("2026-07-15", "2026-07-16"):
        assert ledger.budget(BudgetScope.DAY, key) == elsewhere.budget(BudgetScope.DAY, key)
    assert books(ledger) == books(elsewhere)
    assert ledger.audit() == []


def test_a_dry_run_keeps_nothing(ledger, elsewhere):
    bring_to(elsewhere, State.SUCCEEDED, make_clip("a"))
    assert ledger.recover(paid(elsewhere), dry_run=True) == [Recovery.ADDED]
    assert books(ledger) == ([], [Decimal(0)] * 3)
    assert ledger.clip(make_clip("a").clip_id) is None


def test_one_contradiction_keeps_out_the_whole_batch(ledger, elsewhere):
    for name in "ab":
        bring_to(elsewhere, State.SUCCEEDED, make_clip(name))
    first, second = paid(elsewhere)
    false = replace(second, intent=replace(second.intent, operation=first.intent.operation))
    with pytest.raises(LookFirst, match="billed once"):
        ledger.recover([first, false])
    assert books(ledger)[0] == []
    assert ledger.audit() == []


def test_what_was_remembered_of_a_retry_in_other_words_comes_back(ledger, elsewhere):
    intent = bring_to(elsewhere, State.SUCCEEDED, make_clip("a"))
    (one,) = paid(elsewhere)
    softened = replace(one.intent, softening=1, sent_prompt="Softer.", sent_negative_prompt="", attempt=2)
    ledger.recover([replace(one, intent=softened)])
    assert known(ledger, intent).sent_prompt == "Softer."
    (blank, _), _ = [(intent, clip) for clip, intent in sorted(ledger.intents(), key=lambda pair: pair[1].attempt)]
    assert (blank.attempt, blank.state, blank.error_code) == (1, State.FAILED, UNRECORDED)
    assert (blank.softening, blank.sent_prompt) == (0, None)
    assert ledger.audit() == []


def test_an_attempt_without_a_record_claims_nothing_of_the_one_after_it(ledger, elsewhere):
    bring_to(elsewhere, State.SUCCEEDED, make_clip("a"))
    (one,) = paid(elsewhere)
    remade = replace(one.intent, attempt=2, remake=1, draft=True, refusals=3)
    ledger.recover([replace(one, intent=remade)])
    blank, _ = sorted((intent for _, intent in ledger.intents()), key=lambda intent: intent.attempt)
    assert (blank.remake, blank.draft, blank.refusals) == (0, False, 0)
    assert blank.sending_at is blank.submitted_at is blank.unclear_since is None
    assert ledger.audit() == []


def test_a_prefix_is_accounted_for_while_its_intent_is_open_or_paid(ledger):
    intents = {state: bring_to(ledger, state, make_clip(state.value)) for state in State}
    prefixes = [intent.output_prefix for intent in intents.values()]
    assert ledger.prefixes_accounted([*prefixes, "clips/none"]) == {
        intent.output_prefix for state, intent in intents.items() if state.holds_reservation or state.delivered
    }


def test_the_price_of_a_video_is_known_by_the_start_of_its_clips_id(ledger):
    clip = make_clip("a", price="0.10", seconds=8, samples=2)
    authorise(ledger, clip)
    assert ledger.price_of_video(clip.clip_id[:12]) == Decimal("0.80")
    assert ledger.price_of_video("0" * 12) is None
    assert ledger.price_of_video("") == Decimal("0.80")
    authorise(ledger, make_clip("b"))
    assert ledger.price_of_video("") is None


ends = st.sampled_from([State.SUCCEEDED, State.PARTIAL, State.FAILED, State.FILTERED, State.RELEASED])
lives = st.lists(st.lists(ends, min_size=1, max_size=4), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives, st.randoms(use_true_random=False))
def test_in_whatever_order_and_however_often_the_books_come_out_the_same(tmp_path_factory, lives, random):
    folder = tmp_path_factory.mktemp("books")
    with Ledger.open(f"sqlite:///{folder}/a.db", clock=FixedClock()) as there:
        there.start_run(Run(run_id=RUN, output=OUTPUT))
        for number, life in enumerate(lives):
            for state in life:
                live(there, state, make_clip(f"shoe-{number}", samples=2))
        found, due = paid(there), books(there)
    batches = [[one] for one in found * 2]
    random.shuffle(batches)
    with Ledger.open(f"sqlite:///{folder}/b.db", clock=FixedClock()) as here:
        for batch in batches:
            here.recover(batch)
            assert here.audit() == []
        assert books(here) == due
        delivered = {one.intent.attempt: one.intent.intent_id for one in found if one.clip.sku == "shoe-0"}
        if delivered:
            standing = here.standings([make_clip("shoe-0", samples=2).clip_id])
            (latest,) = standing.values()
            assert (latest.attempt, latest.intent_id) == max(delivered.items())


def live(ledger, state, clip) -> None:
    """Another attempt at the clip, led to its end."""
    intent = authorise(ledger, clip, again=True)
    if state is State.RELEASED:
        ledger.release(intent.intent_id, owner=OWNER)
        return
    ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=60)
    ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
    ledger.settle(intent.intent_id, settlement(state, intent))
