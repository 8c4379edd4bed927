from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.share import Accepted

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def accepted(*moments):
    return Accepted.of([{"accepted_at": (START + timedelta(seconds=moment)).isoformat()} for moment in moments])


def test_a_sender_exactly_at_the_quota_uses_all_of_it():
    steady = accepted(*(number * 0.1 for number in range(1000)))

    assert steady.share(600, steady.moments[-1]) == pytest.approx(1)
    assert steady.most_in_a_minute() == 600


def test_half_the_pace_is_half_the_share():
    assert accepted(0, 2, 4, 6).share(60, 6) == pytest.approx(0.5)


def test_only_the_asked_span_counts():
    burst = accepted(*[0] * 10, 30, 70)

    assert burst.within(60) == burst.most_in_a_minute() == 11
    assert burst.share(10, 60) == pytest.approx(1)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=80))
def test_most_in_a_minute_is_what_counting_every_window_gives(seconds):
    slow = max(sum(start <= one < start + 60 for one in seconds) for start in seconds)

    assert accepted(*seconds).most_in_a_minute() == slow
