"""Feeds that a sensor watches: two equal looks, one announcement per version."""

from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.ledger.landings import Sighting
from tests.ledger import workers
from tests.ledger.workers import run_together


def test_a_feed_lands_when_two_looks_saw_the_same(ledger):
    looks = [ledger.saw_feed("a.csv", version) for version in ("1", "1", "1", "2", "3", "3", "3")]
    assert looks == [
        Sighting.CHANGING,
        Sighting.LANDED,
        Sighting.KNOWN,
        Sighting.CHANGING,
        Sighting.CHANGING,
        Sighting.LANDED,
        Sighting.KNOWN,
    ]
    assert ledger.saw_feed("b.csv", "3") is Sighting.CHANGING


def test_sensors_that_look_together_announce_once(ledger, ledger_url):
    ledger.saw_feed("a.csv", "1")
    assert sorted(run_together(6, workers.look_at_feed, ledger_url, "a.csv", "1")) == ["known"] * 5 + ["landed"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(st.sampled_from("abc"), max_size=20))
def test_what_is_announced_is_new_and_was_the_same_twice(ledger, versions):
    before, announced, feed = None, None, uuid4()
    for version in versions:
        expected = version == before and version != announced
        assert (ledger.saw_feed(str(feed), version) is Sighting.LANDED) == expected
        before, announced = version, version if expected else announced
