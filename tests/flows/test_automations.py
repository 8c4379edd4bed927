"""Whom automations call, and when: nobody for a run that goes on, wherever that is, nor for a part of one."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from reelmill.ledger.states import State
from reelmill.production.results import ClipResult
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from tasks import events, progress
from tests.support.flow_runs import MADE
from tests.support.production import clip

FOLDER = Path(__file__).resolve().parents[2] / "deployments" / "automations"
RUN = MADE.run_id
CLIP = ClipResult("c", RUN, "SKU", "9:16", State.SUCCEEDED, Decimal("0.80"), "", ("gs://b/v.mp4",), "pass")


def trigger_of(name):
    """What the server makes of an automation's file."""
    from prefect.server.events.schemas.automations import EventTrigger

    return EventTrigger.model_validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))["trigger"])


@pytest.fixture
def trigger():
    return trigger_of("stalled")


@pytest.fixture
def told(monkeypatch):
    """Our events as the server gets them, each from another flow run."""
    from prefect.server.events.schemas.events import ReceivedEvent

    heard = []

    def emit(event, *, resource, related, payload):
        flow_run = {"prefect.resource.id": f"prefect.flow-run.{uuid.uuid4()}", "prefect.resource.role": "flow-run"}
        facts = {"event": event, "resource": resource, "related": [*related, flow_run], "payload": payload}
        heard.append(ReceivedEvent(id=uuid.uuid4(), occurred=datetime.now(UTC), **facts))

    monkeypatch.setattr(events, "emit_event", emit)
    return heard


def test_clips_that_shards_make_are_signs_of_life_of_their_run(trigger, told):
    events.run_started(RUN, "gs://shop/reels", "0.80")
    events.clip_sent(RUN, Work(clip()))
    events.clip_ended(CLIP)
    events.run_ended(MADE)

    assert all(trigger.covers(event) or trigger.starts_after(event.event) for event in told)
    assert {trigger.bucketing_key(event) for event in told} == {(f"reelmill.run.{RUN}",)}


async def test_clips_that_share_task_runs_are_signs_of_life_once_a_minute(monkeypatch, trigger, told):
    async def taken(*_, **__):
        return uuid.uuid4()

    monkeypatch.setattr(progress, "acreate_progress_artifact", taken)
    monkeypatch.setattr(progress, "aupdate_progress_artifact", taken)
    following = progress.Progress(RUN, 3, StopSignal())
    async with following.shown():
        for _ in range(3):
            following.count(CLIP)
            await following._publish()

    (event,) = told
    assert trigger.covers(event)
    assert trigger.expects(event.event), "it goes on"
    assert trigger.starts_after(event.event), "and from now on it may stand still"
    assert trigger.bucketing_key(event) == (f"reelmill.run.{RUN}",)
    assert (event.payload["ended"], event.payload["total"]) == (1, 3)


@pytest.mark.parametrize(("name", "state"), [("completed", "Completed"), ("failed", "Crashed"), ("failed", "Failed")])
def test_of_a_run_in_shards_only_the_run_is_told(name, state):
    trigger = trigger_of(name)

    assert trigger.covers(ended("catalog-run", state))
    assert not trigger.covers(ended("make-shard", state)), "it may be started again, and its run says what came of it"


def ended(flow, state):
    """What the server says when a flow run of ours has ended."""
    from prefect.server.events.schemas.events import ReceivedEvent

    return ReceivedEvent(
        id=uuid.uuid4(),
        occurred=datetime.now(UTC),
        event=f"prefect.flow-run.{state}",
        resource={"prefect.resource.id": "prefect.flow-run.1"},
        related=[
            {"prefect.resource.id": "prefect.flow.1", "prefect.resource.role": "flow", "prefect.resource.name": flow},
            {"prefect.resource.id": "prefect.tag.reelmill", "prefect.resource.role": "tag"},
        ],
    )
