"""How a run over many machines ends in the ledger when something stops it, and what it does with shards that end."""

import logging
import uuid
from types import SimpleNamespace

import pytest
from prefect.states import Cancelled, Failed

from reelmill.errors import FixAccess, RaiseCap
from reelmill.jobs.accounting import close_run
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import DeliveryStatus, Run
from reelmill.planning.shards import Shard
from reelmill.planning.summary import PlanSummary
from reelmill.production.results import Tally
from reelmill.settings import load_settings
from tasks.children import Child
from tasks.fleet import REFUSED, Fleet
from tasks.progress import Progress

RUN = "run-1"


async def nothing(work):
    return None


@pytest.fixture
def engine(tmp_path):
    settings = load_settings(ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    with Engine(settings, str(tmp_path / "reels")) as engine:
        engine.ledger.start_run(Run(run_id=RUN, output=engine.storage.root, webhooks=True))
        yield engine


def fleet_of(engine, *children):
    return Fleet(engine, RUN, nothing, Progress(RUN, 0, engine.stop), list(children))


def child(number, *, begun=True):
    shard = Shard(run_id=RUN, number=number, name=f"plans/{RUN}/{number}.jsonl", digest="0" * 64, clips=1)
    return Child(shard, 1, uuid.uuid4()) if begun else Child(shard)


def close(engine):
    return close_run(engine, RUN, PlanSummary("veo-3.1-fast-generate-001", 60), None, Tally())


def ends_told(engine):
    return [one.event for one in engine.ledger.deliveries(statuses=list(DeliveryStatus))]


@pytest.fixture
def prefect(monkeypatch):
    """Stands in for Prefect: ``look`` is what a look does, ``answers`` say whether a shard was cancelled.

    Each shard has a clip that is due.
    """
    api = SimpleNamespace(look=lambda: None, answers=[], started=[])

    async def look_at(children):
        api.look()

    async def start(child, output, settings):
        api.started.append(child.shard.number)

    async def was_cancelled(child):
        return api.answers.pop(0)

    monkeypatch.setattr("tasks.fleet.look_at", look_at)
    monkeypatch.setattr("tasks.fleet.start", start)
    monkeypatch.setattr("tasks.fleet.was_cancelled", was_cancelled)
    monkeypatch.setattr("tasks.fleet.get_run_logger", lambda: logging.getLogger("fleet"))
    monkeypatch.setattr("tasks.fleet._due_of", lambda engine, shard: [shard])
    monkeypatch.setattr("tasks.fleet._LOOK_S", 0.0)
    return api


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FixAccess("No.", "Log in."), "run.failed"),
        (RaiseCap("Full.", "Raise it."), "run.capped"),
        (None, "run.stopped"),
    ],
)
async def test_a_run_that_is_stopped_is_told_once_with_what_stopped_it(engine, error, told):
    engine.stop.request(error)
    await fleet_of(engine).make([])
    report = close(engine)

    assert (ends_told(engine), f"run.{report.status}") == ([told], told)


@pytest.mark.parametrize(("error", "told"), [(None, "run.stopped"), (RaiseCap("Full.", "Raise it."), "run.capped")])
async def test_a_run_that_is_stopped_after_a_shard_was_given_up_is_told_once(engine, prefect, caplog, error, told):
    refused, other = child(1), child(2, begun=False)

    def look():
        refused.state = Failed(name=REFUSED, message="No such template.")
        engine.stop.request(error)

    prefect.look = look
    await fleet_of(engine, refused, other).make([])
    report = close(engine)

    assert (ends_told(engine), f"run.{report.status}") == ([told], told)
    assert report.stopped_by is error
    assert "Shard 1: 1 of its clips were not begun: No such template." in caplog.text


async def test_a_shard_that_was_given_up_fails_a_run_that_nobody_stopped(engine, prefect):
    refused = child(1)
    refused.state = Failed(name=REFUSED, message="No such template.")
    await fleet_of(engine, refused).make([])
    report = close(engine)

    assert ends_told(engine) == ["run.failed"]
    assert "No such template." in str(report.stopped_by)


async def test_whether_a_shard_was_cancelled_is_asked_again_until_prefect_answers(engine, prefect):
    cancelled = child(1)
    cancelled.state = Cancelled()
    prefect.answers = [None, None, True]
    await fleet_of(engine, cancelled).make([])

    assert (prefect.started, prefect.answers) == ([], [])
    assert "it was cancelled" in str(engine.stop.error)
