"""Artifacts are shown when Prefect takes them; a run that is told to leave waits no longer for that."""

import asyncio
import logging
from decimal import Decimal
from types import SimpleNamespace

import pytest

from reelmill.ledger.states import State
from reelmill.production import leaving
from reelmill.production.results import ClipResult, Tally
from reelmill.production.stop import StopSignal
from tasks import produce_group, progress, publish

MADE = ClipResult("c", "r", "SKU", "9:16", State.SUCCEEDED, Decimal("0.80"), "", ("gs://b/v.mp4",), "pass")


async def answering(value):
    return value


async def refusing(said):
    raise ValueError(said)


class Silent:
    """A Prefect server that never answers."""

    def __init__(self):
        self.asked = asyncio.Event()

    async def __call__(self, *_, **__):
        self.asked.set()
        await asyncio.Event().wait()


async def show(counting):
    async with counting.shown():
        pass


@pytest.fixture(autouse=True)
def told(monkeypatch, caplog):
    monkeypatch.setattr(leaving, "_GRACE_S", 0.05)
    monkeypatch.setattr(publish, "get_run_logger", lambda: logging.getLogger("reelmill"))
    monkeypatch.setattr(progress, "run_progressed", lambda *_: None)
    monkeypatch.setattr(produce_group, "get_run_logger", lambda: logging.getLogger("reelmill.group"))
    return caplog


async def test_what_prefect_made_is_handed_on(told):
    assert await publish.publish(answering(7)) == 7
    assert not told.records


@pytest.mark.parametrize(("said", "told_so"), [("no room", "no room"), ("", "ValueError")])
async def test_a_server_that_refuses_costs_one_line(told, said, told_so):
    assert await publish.publish(refusing(said)) is None
    assert told.messages == [f"An artifact could not be published: {told_so}"]


async def test_the_first_progress_is_waited_for_until_the_run_is_told_to_leave(monkeypatch):
    stop, server = StopSignal(), Silent()
    monkeypatch.setattr(progress, "acreate_progress_artifact", server)
    showing = asyncio.create_task(show(progress.Progress("r", 3, stop)))
    await server.asked.wait()
    assert not (await asyncio.wait({showing}, timeout=0.1))[0]
    stop.leave()
    await showing


async def test_the_last_progress_does_not_hold_up_who_leaves(monkeypatch):
    stop, server = StopSignal(), Silent()
    monkeypatch.setattr(progress, "acreate_progress_artifact", lambda *_, **__: answering("artifact"))
    monkeypatch.setattr(progress, "aupdate_progress_artifact", server)
    async with progress.Progress("r", 3, stop).shown() as shown:
        shown.count(MADE)
        stop.leave()
    assert server.asked.is_set()


async def test_the_table_of_a_group_does_not_hold_up_who_leaves(monkeypatch):
    engine, server = SimpleNamespace(stop=StopSignal()), Silent()

    async def make_clips(engine, works, produce, on_result):
        on_result(MADE)
        engine.stop.leave()
        return Tally()

    monkeypatch.setattr(produce_group, "make_clips", make_clips)
    monkeypatch.setattr(produce_group, "acreate_table_artifact", server)
    make_group = produce_group.produce_group.__wrapped__
    assert await make_group("Group 1", engine, [], None, lambda _: None) == Tally()
    assert server.asked.is_set()


async def test_a_request_under_way_is_brought_to_its_end_before_the_last_one(monkeypatch):
    begun, answered, sent = asyncio.Event(), asyncio.Event(), []

    async def update(artifact, *, progress, description):
        sent.append(("asked", progress))
        begun.set()
        await answered.wait()
        sent.append(("answered", progress))

    monkeypatch.setattr(progress, "_EVERY_S", 0.01)
    monkeypatch.setattr(progress, "acreate_progress_artifact", lambda *_, **__: answering("artifact"))
    monkeypatch.setattr(progress, "aupdate_progress_artifact", update)

    async def make():
        async with progress.Progress("r", 2, StopSignal()).shown() as shown:
            shown.count(MADE)
            await begun.wait()
            shown.count(MADE)

    making = asyncio.create_task(make())
    await begun.wait()
    assert not (await asyncio.wait({making}, timeout=0.05))[0]
    answered.set()
    await making
    assert sent == [("asked", 50.0), ("answered", 50.0), ("asked", 100.0), ("answered", 100.0)]
