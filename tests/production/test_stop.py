"""The three steps of stopping, and the pauses that they end."""

import asyncio

import pytest

from reelmill.errors import FixAccess, RaiseCap
from reelmill.production.stop import StopSignal

CAP = RaiseCap("The cap is reached.", "Raise it.")
REFUSED = FixAccess("The bucket refuses.", "Grant the role.")


def told(stop):
    return stop.closed, stop.requested, stop.leaving


def test_each_step_goes_further_than_the_one_before():
    stop = StopSignal()
    assert (told(stop), stop.error) == ((False, False, False), None)
    stop.close()
    assert told(stop) == (True, False, False)
    stop.request()
    assert told(stop) == (True, True, False)
    stop.leave()
    assert told(stop) == (True, True, True)


def test_leaving_at_once_begins_and_sends_nothing_either():
    stop = StopSignal()
    stop.leave()
    assert told(stop) == (True, True, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [([CAP], CAP), ([CAP, REFUSED], REFUSED), ([REFUSED, CAP], REFUSED), ([CAP, None], CAP), ([None, CAP], CAP)],
    ids=["a cap", "then an error", "an error first", "then a person", "a person first"],
)
def test_the_reason_is_the_first_that_says_more_than_a_cap(given, kept):
    closed, requested = StopSignal(), StopSignal()
    for error in given:
        closed.close(error)
        requested.request(error)
    assert closed.error is requested.error is kept


async def test_nobody_sleeps_through_a_stop():
    stop = StopSignal()
    sending = asyncio.create_task(stop.pause(3600))
    following = asyncio.create_task(stop.pause_in_flight(3600))
    await asyncio.sleep(0)
    stop.request()
    assert await sending is False
    assert not following.done()
    stop.leave()
    assert await following is False


async def test_a_pause_ends_by_itself_and_then_goes_on():
    stop = StopSignal()
    assert await stop.pause(0.001)
    assert await stop.pause_in_flight(0.001)
    assert await stop.pause(-1)
    stop.request()
    assert not await stop.pause(0)
    assert await stop.pause_in_flight(0)


async def test_no_pause_is_longer_than_it_was_asked_to_be():
    stop, ended = StopSignal(), []

    async def pause(seconds):
        await stop.pause(seconds)
        ended.append(seconds)

    await asyncio.gather(pause(0.2), pause(0))
    assert ended == [0, 0.2]


async def test_the_seconds_of_leaving_count_from_the_moment_it_was_told():
    now = [100.0]
    stop = StopSignal(clock=lambda: now[0])
    stop.leave()
    now[0] += 10
    stop.leave()  # once more, as an impatient person does
    await asyncio.wait_for(stop.left(10), 60)
    still = asyncio.create_task(stop.left(3600))
    assert not (await asyncio.wait({still}, timeout=0.05))[0]
    still.cancel()
