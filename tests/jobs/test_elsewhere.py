"""A run left half done on another machine with the same ledger and bucket goes on, and does not stay running."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reelmill.errors import ExitCode
from reelmill.jobs.accounting import close_abandoned_runs, open_run
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.jobs.heartbeat import showing_life
from reelmill.jobs.making import planned_work
from reelmill.jobs.resuming import take_over
from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.states import State
from reelmill.planning.spool import Spool
from reelmill.production.sending import authorise, send
from reelmill.settings import load_settings
from tests.support.feeds import product_row, write_feed
from tests.support.production import clip, rehearsal

ELSEWHERE = "machine-two/0a1b2c3d/4711/99/deadbeef"
DEADLINE_S = 60.0


def wait_until(condition) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        os.sched_yield()


async def half_a_run(engine: Engine, feed: str, run_id: str) -> None:
    """Six clips: three sent, one caught while sending, one authorised, one not begun. Then the power fails."""
    with Spool() as spool:
        summary = plan_catalog(engine, CatalogRequest(feed=feed, platforms=("tiktok",)), spool)
        open_run(engine, run_id, summary, spool, {"command": "run", "feed": feed})
        studio = engine.studio()
        for number, work in enumerate(list(planned_work([], spool))[:5]):
            intent = authorise(studio, work, run_id)
            if number < 3:
                await send(studio, work.clip, intent)
            elif number == 3:
                engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=engine.settings.lease_s)


def longest_silence(engine: Engine) -> float:
    """Seconds since the last sign of life of the one run, its leases included."""
    (found,) = engine.ledger.unfinished_runs(output=engine.storage.root)
    return min([found.silent_s, *found.leases.values()])


def test_another_machine_finishes_what_this_one_began(tmp_path, veo, gcs, monkeypatch, reelmill_json):
    feed, output = (
        str(write_feed(tmp_path / "feed.csv", [product_row(f"E-{n}") for n in range(6)])),
        f"gs://{gcs.bucket()}/reels",
    )
    values = rehearsal(tmp_path, veo, gcs, lease_s=1, unclear_wait_s=0.5)
    for name, value in values.items():
        monkeypatch.setenv(f"REELMILL_{name.upper()}", str(value))
    with Engine(load_settings(**values), output, owner=ELSEWHERE) as first:
        asyncio.run(half_a_run(first, feed, "run-elsewhere"))
        wait_until(lambda: longest_silence(first) > 2)

    code, report = reelmill_json("run", feed, "--platforms", "tiktok", "--output", output, "--yes")
    _, status = reelmill_json("status", "--output", output)

    billed = [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(output)]
    assert (code, report["counts"]) == (ExitCode.ATTENTION, {"lost": 1, "succeeded": 5})
    assert len(billed) == len({entry["labels"]["clip"] for entry in billed}) == 5
    assert Decimal(str(report["spent_usd"])) == sum(Decimal(str(entry["amount_usd"])) for entry in billed)
    assert {run["run_id"]: run["status"] for run in status["runs"]} == {
        "run-elsewhere": "failed",
        report["run_id"]: "completed",
    }
    assert status["audit"] == []


@pytest.fixture
def later(tmp_path, veo):
    """An engine here whose ledger tells a time that the test may move."""
    ahead = timedelta()

    def move(seconds: float) -> None:
        nonlocal ahead
        ahead += timedelta(seconds=seconds)

    with Engine(load_settings(**rehearsal(tmp_path, veo, None, lease_s=100)), str(tmp_path / "reels")) as engine:
        engine.ledger._db.clock = lambda: datetime.now(UTC) + ahead
        yield engine, move


def begin(engine: Engine, owner: str, run_id: str = "run-1") -> None:
    engine.ledger.start_run(Run(run_id=run_id, output=engine.storage.root, parameters={"owner": owner}))


@pytest.mark.parametrize(("silent_s", "closed"), [(199, []), (202, ["run-1"])])
def test_a_run_elsewhere_ends_after_two_leases_without_life(later, silent_s, closed):
    engine, move = later
    begin(engine, ELSEWHERE)
    move(silent_s)
    assert close_abandoned_runs(engine) == closed
    assert engine.ledger.run("run-1").status is (RunStatus.FAILED if closed else RunStatus.RUNNING)


def test_a_sign_of_life_keeps_it_running(later):
    engine, move = later
    begin(engine, ELSEWHERE)
    move(199)
    engine.ledger.show_life("run-1")
    move(199)
    assert close_abandoned_runs(engine) == []


def test_a_process_that_makes_clips_shows_life(later):
    engine, move = later
    begin(engine, engine.owner)

    def silent_s() -> float:
        return engine.ledger.unfinished_runs(output=engine.storage.root)[0].silent_s

    move(1000)
    assert silent_s() > 999
    with showing_life(engine.ledger, "run-1", every_s=0.01):
        wait_until(lambda: silent_s() < 10)


def test_ones_own_run_is_never_abandoned(later):
    engine, move = later
    begin(engine, engine.owner)
    move(10_000)
    assert close_abandoned_runs(engine) == []


def test_a_lease_of_its_own_worker_is_a_sign_of_life_and_one_taken_over_is_none(later):
    engine, move = later
    begin(engine, ELSEWHERE)
    intent = engine.ledger.authorise(
        clip(),
        run_id="run-1",
        output=engine.storage.root,
        output_prefix_for=lambda intent_id, attempt: f"clips/{intent_id}-{attempt}",
        owner=ELSEWHERE,
        lease_s=100,
        caps=engine.caps,
    )
    engine.ledger.mark_sending(intent.intent_id, owner=ELSEWHERE, lease_s=100)
    engine.ledger.accepted(intent.intent_id, "projects/p/locations/l/publishers/google/models/m/operations/1")
    move(250)  # the lease lapsed 150 s ago
    assert close_abandoned_runs(engine) == []

    taken = take_over(engine)
    assert [work.intent.state for work in taken.works] == [State.SUBMITTED]
    assert taken.closed_runs == ("run-1",)
