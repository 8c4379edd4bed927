from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.ledger.ledger import Ledger

KEY = "project/us-central1/veo-3.1"


def test_slots_are_even_from_the_first(ledger):
    waits = [ledger.next_slot(KEY, 60) for _ in range(5)]
    assert waits == [0, pytest.approx(0.71), pytest.approx(1.72), pytest.approx(2.73), pytest.approx(3.74)]


def test_a_caller_on_time_never_waits_and_a_late_one_catches_up_by_the_tolerance_only(ledger, clock):
    assert ledger.next_slot(KEY, 60) == 0
    clock.advance(0.71)
    assert ledger.next_slot(KEY, 60) == 0
    clock.advance(3600)
    assert ledger.next_slot(KEY, 60) == 0
    assert ledger.next_slot(KEY, 60) == pytest.approx(0.71), "an idle hour saves up nothing"


def test_keys_do_not_disturb_each_other(ledger):
    assert [ledger.next_slot(key, 1) for key in ("a", "b", "c")] == [0, 0, 0]
    assert ledger.next_slot("a", 1) == pytest.approx(60.3)


def test_eight_threads_share_the_slots_exactly(ledger):
    with ThreadPoolExecutor(8) as threads:
        waits = sorted(threads.map(lambda _: ledger.next_slot(KEY, 100), range(80)))
    # The first slot began 0.3 s ago; each next one is 60.6/100 s later.
    assert waits == [pytest.approx(max(0, number * 0.606 - 0.3), abs=1e-6) for number in range(80)]


@pytest.mark.parametrize("per_minute", [0, -1, float("nan"), float("inf")])
def test_a_quota_that_is_no_pace_is_refused(ledger, per_minute):
    with pytest.raises(FixConfiguration, match="quota_per_minute"):
        ledger.next_slot(KEY, per_minute)


def test_a_clock_set_back_moves_the_slots_back_with_it(ledger, clock):
    for _ in range(3):
        ledger.next_slot(KEY, 60)
    clock.advance(-3600)
    assert ledger.next_slot(KEY, 60) == pytest.approx(2.73)
    clock.advance(-0.5)
    assert ledger.next_slot(KEY, 60) == pytest.approx(4.24), "jitter is waited out"


def test_a_clock_set_back_moves_a_penalty_back_with_it(ledger, clock):
    ledger.next_slot(KEY, 60)
    ledger.throttle(KEY, first_s=30, max_s=240)
    clock.advance(-3600)
    assert ledger.next_slot(KEY, 60) == pytest.approx(30)
    assert ledger.blocked_for(KEY) == pytest.approx(30)
    assert ledger.throttle(KEY, first_s=30, max_s=240) == pytest.approx(30), "it is the same episode still"
    clock.advance(30)
    assert ledger.blocked_for(KEY) == 0


GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.5), st.floats(0, 90)), min_size=1, max_size=40)


@settings(max_examples=20, deadline=None)
@given(gaps=GAPS, quota=st.integers(1, 20))
def _no_sixty_seconds_see_more_than_the_quota(ledger, clock, gaps, quota):
    clock.advance(10 * 3600)
    start, sends = clock.now, []
    for gap in gaps:
        clock.advance(gap)
        sends.append((clock.now - start).total_seconds() + ledger.next_slot(KEY, quota))
    sends.sort()
    for first, beyond in zip(sends, sends[quota:], strict=False):
        assert beyond - first > 60
    # And nobody waits longer than the pace demands.
    assert sends[-1] <= sum(gaps) + len(gaps) * 60.6 / quota + 1e-3


def test_no_sixty_seconds_ever_see_more_than_the_quota(ledger, clock):
    _no_sixty_seconds_see_more_than_the_quota(ledger, clock)


def test_a_429_holds_everyone_back_and_doubles_while_it_repeats(ledger, clock):
    held = []
    for _ in range(5):
        held.append(ledger.throttle(KEY, first_s=10, max_s=60))
        assert ledger.next_slot(KEY, 600) == pytest.approx(held[-1])
        clock.advance(held[-1])
    assert held == [10, 20, 40, 60, 60]
    clock.advance(10)
    ledger.unthrottle(KEY)
    assert ledger.throttle(KEY, first_s=10, max_s=60) == 10


def test_many_429s_at_one_moment_are_one_episode(ledger, clock):
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: ledger.throttle(KEY, first_s=8, max_s=60), range(16))) == {8}
    clock.advance(3)
    assert ledger.throttle(KEY, first_s=8, max_s=60) == pytest.approx(5)
    assert ledger.blocked_for(KEY) == pytest.approx(5)
    clock.advance(5)
    assert ledger.blocked_for(KEY) == 0
    assert ledger.throttle(KEY, first_s=8, max_s=60) == 16


def test_a_penalty_never_brings_a_slot_forward(ledger):
    for _ in range(10):
        ledger.next_slot(KEY, 1)
    ledger.throttle(KEY, first_s=5, max_s=60)
    assert ledger.next_slot(KEY, 1) == pytest.approx(10 * 60.6 - 0.3)


def test_nothing_is_held_back_before_the_first_429(ledger):
    assert ledger.blocked_for(KEY) == 0
    ledger.unthrottle(KEY)
    assert ledger.next_slot(KEY, 60) == 0


def test_the_ledgers_own_clock_paces_too(ledger_url):
    """Without an injected clock: the server's on PostgreSQL, the process's on SQLite."""
    with Ledger.open(ledger_url) as ledger:
        waits = [ledger.next_slot(KEY, 1) for _ in range(3)]
        assert waits[0] == 0
        assert 59 < waits[1] <= 60.3
        assert 119 < waits[2] <= 120.9
        assert ledger.throttle(KEY, first_s=300, max_s=600) == 300
        assert 290 < ledger.next_slot(KEY, 1) <= 300
