"""Steps: look at a feed, and announce it when it has landed."""

from __future__ import annotations

import asyncio

from prefect.events import emit_event

from reelmill.jobs.sensing import Look, look_for_feed
from reelmill.settings import load_settings
from tasks.step import step

__all__ = ["LANDED", "announce", "look"]

LANDED = "reelmill.feed.landed"
"""The event; its resource is ``reelmill.feed.<name>``."""


@step("look")
async def look(feed: str, name: str) -> Look:
    """What lies there now, compared with the last look."""
    return await asyncio.to_thread(look_for_feed, load_settings(), feed, name)


@step("announce")
async def announce(seen: Look) -> None:
    """Emit the event that starts whatever waits for this feed."""
    assert seen.found is not None  # what has landed is there
    emit_event(
        event=LANDED,
        resource={"prefect.resource.id": f"reelmill.feed.{seen.name}", "prefect.resource.name": seen.name},
        payload={"feed": seen.feed, "size": seen.found.size, "version": seen.found.version},
    )
