"""Flow: one look at a feed; when it has landed, an event says so and starts what waits for it."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.endings import failed
from reelmill.errors import ReelmillError
from reelmill.jobs.sensing import Look
from reelmill.ledger.landings import Sighting
from tasks.sense import announce, look
from tasks.step import whole

__all__ = ["feed_sensor"]


@flow(name="feed-sensor", flow_run_name="look at {feed}", persist_result=False, retries=0)
async def feed_sensor(feed: str, name: str = "") -> State[Any]:
    """Look at a feed; announce each version of it once, when it stayed the same for two looks.

    Args:
        feed: A path on the worker, a folder, a gs:// object or prefix.
        name: What the feed is called in the event; the last part of its address if empty.
    """
    try:
        seen = await look(feed, name)
        if seen.landed:
            await announce(whole(seen))
    except ReelmillError as error:
        return failed(error)
    return _said(seen)


def _said(seen: Look) -> State[Any]:
    if seen.found is None:
        return Completed(name="Absent", message=f"Nothing is at {seen.feed} yet.")
    told = f"{seen.feed}: {seen.found.files} files, {seen.found.size} bytes, version {seen.found.version}."
    match seen.sighting:
        case Sighting.LANDED:
            return Completed(name="Landed", message=f"Announced as reelmill.feed.{seen.name}. {told}", data=seen)
        case Sighting.CHANGING:
            return Completed(name="Changing", message=f"Not as at the last look; the next one decides. {told}")
        case _:
            return Completed(name="Unchanged", message=f"Announced before. {told}")
