"""Artifacts are shown when Prefect answers; what it says or does not say holds up no run."""

import asyncio
import logging

import pytest

from tasks import publish as module
from tasks.publish import publish


async def answering(value):
    return value


async def refusing():
    raise ValueError("no room")


async def silent():
    await asyncio.Event().wait()


@pytest.fixture
def told(monkeypatch, caplog):
    monkeypatch.setattr(module, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(module, "get_run_logger", lambda: logging.getLogger("reelmill"))
    return caplog


async def test_what_prefect_made_is_handed_on(told):
    assert await publish(answering(7)) == 7
    assert not told.records


@pytest.mark.parametrize(("server", "why"), [(refusing, "no room"), (silent, "Prefect does not answer")])
async def test_a_server_that_refuses_or_is_silent_costs_one_line(told, server, why):
    assert await publish(server()) is None
    assert told.messages == [f"An artifact could not be published: {why}"]
