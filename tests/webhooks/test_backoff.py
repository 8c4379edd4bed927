"""Pauses between tries: bounded, growing, spread, and obedient to the receiver."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.webhooks.backoff import pause_s, retry_after_s

CHANCE = st.floats(0, 1, exclude_max=True)
SECONDS = st.floats(0.01, 3600)
NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
DAY_S = 86_400


@settings(deadline=None)
@given(st.integers(1, 10_000), SECONDS, SECONDS, CHANCE)
def test_a_pause_lies_in_the_upper_half_of_its_doubling_and_never_beyond_the_longest(tries, first, longest, chance):
    whole = min(longest, first * 2.0 ** min(tries - 1, 60))
    assert whole / 2 <= pause_s(tries, first_s=first, longest_s=longest, chance=chance) <= whole


@settings(deadline=None)
@given(st.integers(1, 100), SECONDS, SECONDS, CHANCE)
def test_pauses_never_shrink(tries, first, longest, chance):
    told = {"first_s": first, "longest_s": longest, "chance": chance}
    assert pause_s(tries, **told) <= pause_s(tries + 1, **told)


@settings(deadline=None)
@given(st.integers(1, 40), CHANCE, st.floats(0, 10 * DAY_S))
def test_nobody_comes_back_sooner_than_asked_nor_waits_longer_than_a_day(tries, chance, asked):
    pause = pause_s(tries, first_s=5, longest_s=3600, chance=chance, asked_s=asked)
    assert pause >= min(asked, DAY_S)
    assert pause <= DAY_S


def test_thirty_tries_take_most_of_a_day():
    total = sum(pause_s(tries, first_s=5, longest_s=3600, chance=0.5) for tries in range(1, 30))
    assert timedelta(hours=12) < timedelta(seconds=total) < timedelta(hours=24)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("999999999999", DAY_S),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0),
        ("Wed, 15 Jul 2026 12:01:00 -0000", 60),
        ("Wed, 15 Jul 2099 12:01:00 GMT", DAY_S),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_header_is_understood_or_ignored(header):
    assert 0 <= retry_after_s(header, NOW) <= DAY_S
