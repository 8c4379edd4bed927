"""The sensor flow: an event once per version of a feed, when two looks saw the same."""

import asyncio
import time

import httpx
import pytest

from reelmill.cli.prefect_server import PrefectServer

DEADLINE_S = 120.0

pytestmark = pytest.mark.usefixtures("prefect_server")


async def look(feed) -> str:
    from flows.feed_sensor import feed_sensor

    state = await feed_sensor(str(feed), return_state=True)
    return state.name


async def announced(server: PrefectServer, name: str, versions: int) -> list[dict]:
    """The payloads of the events of this feed, as soon as there are so many."""
    asked = {
        "filter": {
            "event": {"name": ["reelmill.feed.landed"]},
            "resource": {"id": [f"reelmill.feed.{name}"]},
            "order": "ASC",
        }
    }
    deadline = time.monotonic() + DEADLINE_S
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        while time.monotonic() < deadline:
            page = (await client.post(f"{server.url}/api/events/filter", json=asked)).raise_for_status().json()
            if len(page["events"]) >= versions:
                return [event["payload"] for event in page["events"]]
            await asyncio.sleep(0.2)
    pytest.fail("no event came")


async def test_each_version_is_announced_once_when_it_is_stable(prefect_server, tmp_path):
    feed = tmp_path / "autumn shop.csv"
    assert await look(feed) == "Absent"
    feed.write_text("id,title\n1,a\n")
    assert [await look(feed) for _ in range(3)] == ["Changing", "Landed", "Unchanged"]
    feed.write_text("id,title\n1,a\n2,b\n")
    assert [await look(feed) for _ in range(3)] == ["Changing", "Landed", "Unchanged"]

    first, second = await announced(prefect_server, "autumn-shop", 2)

    assert (first["feed"], first["size"], second["size"]) == (str(feed), 13, 17)
    assert first["version"] != second["version"]


async def test_what_cannot_be_watched_is_said(prefect_server):
    from flows.feed_sensor import feed_sensor

    state = await feed_sensor("https://shop.example.com/feed.csv", return_state=True)

    assert (state.name, state.type.value) == ("Failed", "FAILED")
    assert "gs://" in state.message
