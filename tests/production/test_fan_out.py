import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from reelmill.errors import RaiseCap, TryLater
from reelmill.ledger.states import State
from reelmill.production.fanout import fan_out
from reelmill.production.results import Tally
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from tests.support.production import clip, open_engine, producer


async def test_no_more_than_allowed_are_in_flight_and_every_item_is_made():
    running, most, done = 0, 0, []

    async def produce(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return item

    await fan_out(range(100), produce, in_flight=7, stop=StopSignal(), on_result=done.append)
    assert sorted(done) == list(range(100))
    assert most == 7


async def test_items_are_drawn_as_they_are_needed():
    drawn = 0

    def items():
        nonlocal drawn
        for number in range(1000):
            drawn = number
            yield number

    stop = StopSignal()

    async def produce(item):
        if item == 10:
            stop.request()
        await asyncio.sleep(0)
        return item

    await fan_out(items(), produce, in_flight=3, stop=stop, on_result=lambda _: None)
    assert drawn < 20


async def test_an_expected_error_stops_new_items_and_keeps_what_runs():
    done, stop = [], StopSignal()

    async def produce(item):
        await asyncio.sleep(0)
        if item == 1:
            raise RaiseCap("The cap is reached.", "Raise it.")
        await asyncio.sleep(0.01)
        return item

    await fan_out(range(50), produce, in_flight=4, stop=stop, on_result=done.append)
    assert isinstance(stop.error, RaiseCap)
    assert set(done) == {0, 2, 3}


async def test_a_bug_is_raised_after_the_rest_came_home():
    done, stop = [], StopSignal()

    async def produce(item):
        await asyncio.sleep(0)
        if item == 1:
            raise ZeroDivisionError
        await asyncio.sleep(0.01)
        return item

    with pytest.raises(ZeroDivisionError):
        await fan_out(range(50), produce, in_flight=4, stop=stop, on_result=done.append)
    assert set(done) == {0, 2, 3}


async def test_a_run_stops_at_its_cap_to_the_cent(tmp_path, veo, gcs):
    tally = Tally()
    with open_engine(tmp_path, veo, gcs, cap_run_usd=Decimal("0.70")) as engine:
        works = [Work(clip(f"capped-{number}")) for number in range(10)]
        await fan_out(works, producer(engine).produce, in_flight=10, stop=engine.stop, on_result=tally.add)
        error, totals = engine.stop.error, engine.ledger.totals()

    assert isinstance(error, RaiseCap)
    assert tally.spent_usd == Decimal("0.60")
    assert totals[State.SUCCEEDED].clips == 3
    assert sum(total.clips for total in totals.values()) == 3


async def test_nothing_is_sent_after_a_stop_and_reservations_come_back(tmp_path, veo, gcs):
    tally = Tally()
    with open_engine(tmp_path, veo, gcs, quota_per_minute=60) as engine:
        works = [Work(clip(f"stopped-{number}")) for number in range(20)]

        def first_one_in(result):
            tally.add(result)
            engine.stop.request()

        await fan_out(works, producer(engine).produce, in_flight=20, stop=engine.stop, on_result=first_one_in)
        totals = engine.ledger.totals()
        billed = [e for e in veo.journal() if (e["storage_uri"] or "").startswith(engine.storage.root)]

    assert totals[State.SUCCEEDED].clips == len(billed) < 10
    assert all(total.reserved_usd == 0 for total in totals.values())
    assert not any(state.open for state in totals)


async def test_access_refused_stops_the_run_with_the_remedy(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        gone = [Work(_with_model(clip(f"gone-{number}"), "veo-2.0-generate-001")) for number in range(3)]
        await fan_out(gone, producer(engine).produce, in_flight=3, stop=engine.stop, on_result=lambda _: None)
        totals = engine.ledger.totals()

    assert "doctor" in str(engine.stop.error)
    assert set(totals) == {State.RELEASED}


def _with_model(original, model):
    return replace(original, request=replace(original.request, model=model))


async def test_a_service_that_is_not_there_costs_nothing_and_says_to_try_later(tmp_path, veo, gcs):
    nowhere = {"vertex_base_url": "http://127.0.0.1:9", "submit_attempts": 1}
    with open_engine(tmp_path, veo, gcs, **nowhere) as engine:
        await fan_out(
            [Work(clip("nobody"))], producer(engine).produce, in_flight=1, stop=engine.stop, on_result=lambda _: None
        )
        totals = engine.ledger.totals()

    assert isinstance(engine.stop.error, TryLater)
    assert set(totals) == {State.RELEASED}
