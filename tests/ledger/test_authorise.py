import dataclasses
import itertools
import time
from datetime import timedelta
from decimal import Decimal

import pytest

from reelmill.errors import ChooseAnotherModel, FixConfiguration, LookFirst
from reelmill.ledger.authorising import Permission
from reelmill.ledger.records import BudgetScope, Run
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, NOON, OTHER, OUTPUT, OWNER, RUN, authorise, bring_to, known, make_clip


def test_an_intent_reserves_the_highest_cost_and_remembers_what_it_pays_for(ledger):
    clip = make_clip(samples=2, price="0.15")
    intent = authorise(ledger, clip)
    assert intent == known(ledger, intent)
    assert (intent.state, intent.attempt, intent.owner) == (State.AUTHORISED, 1, OWNER)
    assert (intent.reserved_usd, intent.charged_usd) == (Decimal("2.40"), 0)
    assert (intent.unit_price_usd, intent.seconds, intent.samples) == (Decimal("0.15"), 8, 2)
    assert intent.output_prefix == f"{OUTPUT}/{intent.intent_id}/1/"
    assert (intent.created_at, intent.lease_until) == (NOON, NOON + timedelta(seconds=LEASE_S))
    assert ledger.clip(clip.clip_id) == clip


def test_the_reservation_counts_in_all_three_budgets_even_without_caps(ledger):
    authorise(ledger)
    for scope, key in ((BudgetScope.RUN, RUN), (BudgetScope.DAY, "2026-07-15"), (BudgetScope.MONTH, "2026-07")):
        assert ledger.budget(scope, key).reserved_usd == Decimal("3.20")
    assert ledger.budget(BudgetScope.DAY, "2026-07-14").reserved_usd == 0


def test_what_describes_a_clip_follows_the_latest_feed_but_the_request_stays(ledger, clock):
    clip = make_clip()
    bring_to(ledger, State.FAILED, clip)
    renamed = make_clip(title="A better name", platforms=("tiktok",), price="0.20", price_date="2026-08-01")
    assert renamed.clip_id == clip.clip_id
    clock.advance(1)
    second = authorise(ledger, renamed, again=True)
    assert ledger.clip(clip.clip_id) == renamed
    assert (second.attempt, second.unit_price_usd, second.price_date) == (2, Decimal("0.20"), "2026-08-01")
    first, again = (intent for _, intent in ledger.intents())
    assert (first.unit_price_usd, again.unit_price_usd) == (Decimal("0.40"), Decimal("0.20"))


ENDED = [State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED]
DOUBTFUL = [State.LOST, State.EXPIRED]


def test_another_attempt_follows_only_what_permits_it(ledger):
    for state, again, unclear in itertools.product(State, (False, True), (False, True)):
        clip = make_clip(f"shoe-{state}-{again}-{unclear}", samples=2)
        first = bring_to(ledger, state, clip)
        permitted = state is State.RELEASED or (state in ENDED and again) or (state in DOUBTFUL and unclear)
        if permitted:
            second = authorise(ledger, clip, again=again, again_unclear=unclear)
            assert second.attempt == 2
            assert second.output_prefix != first.output_prefix
        else:
            with pytest.raises(LookFirst, match=state.value):
                authorise(ledger, clip, again=again, again_unclear=unclear)
        assert known(ledger, first) == first
        assert ledger.standings([clip.clip_id])[clip.clip_id].attempt == 1 + permitted
    assert ledger.audit() == []


def test_by_itself_a_permission_covers_only_what_was_never_sent(ledger):
    for state in State:
        intent = bring_to(ledger, state, make_clip(state.value))
        assert Permission().covers(intent) == (state is State.RELEASED)


def test_an_open_intent_of_another_run_is_named_with_its_owner(ledger):
    ledger.start_run(Run(run_id="run-2", output=OUTPUT))
    authorise(ledger)
    with pytest.raises(LookFirst, match=f"^Attempt 1 at clip .* is authorised, held by {OWNER}"):
        authorise(ledger, run_id="run-2", owner=OTHER)


def test_two_intents_never_share_an_output_prefix(ledger):
    def by_sku_alone(_intent_id: str, _attempt: int) -> str:
        return f"{OUTPUT}/shoe/"

    clip = make_clip()
    intent = authorise(ledger, clip, output_prefix_for=by_sku_alone)
    ledger.release(intent.intent_id, owner=OWNER)
    with pytest.raises(LookFirst, match="prefix"):
        authorise(ledger, clip, output_prefix_for=by_sku_alone)
    assert len(list(ledger.intents())) == 1
    assert ledger.audit() == []


def test_a_clip_without_a_price_is_refused(ledger):
    with pytest.raises(ChooseAnotherModel, match="no price"):
        authorise(ledger, make_clip(price="0"))
    assert list(ledger.intents()) == []


def test_a_price_that_cannot_be_kept_exactly_is_refused_whole(ledger):
    for price in ("0.0000001", "NaN", "Infinity", "-1", "1e30"):
        clip = dataclasses.replace(make_clip(), unit_price_usd=Decimal(price))
        with pytest.raises(FixConfiguration):
            authorise(ledger, clip)
        assert ledger.clip(clip.clip_id) is None
    assert ledger.audit() == []


def test_an_unknown_run_is_refused(ledger):
    with pytest.raises(FixConfiguration, match="run-9"):
        authorise(ledger, run_id="run-9")


def test_a_prefix_that_cannot_be_made_changes_nothing(ledger):
    def broken(_intent_id: str, _attempt: int) -> str:
        raise RuntimeError("no prefix today")

    with pytest.raises(RuntimeError, match="no prefix"):
        authorise(ledger, output_prefix_for=broken)
    assert ledger.clip(make_clip().clip_id) is None


@pytest.fixture
def in_tokyo(monkeypatch):
    """The machine's own time is nine hours ahead of UTC."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_times_differ_by_zone_but_the_day_is_utc(ledger, clock):
    clock.now = NOON.replace(hour=23, minute=59, second=59, microsecond=999_999).astimezone()
    assert clock.now.day == 16
    intent = authorise(ledger)
    assert intent.created_at.utcoffset() == timedelta(0)
    assert ledger.budget(BudgetScope.DAY, "2026-07-15").reserved_usd == Decimal("3.20")
