"""Over a set price a run asks a person before it spends; the answer is kept to the cent."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import httpx
import pytest

from reelmill.cli.prefect_server import _cancel_once
from tests.support.flow_runs import CLIP_USD, accepted, billed, catalog_run_of

pytestmark = pytest.mark.usefixtures("prefect_server", "rehearsal")

LOW = Decimal("1.00")  # the feed's four clips cost $3.20


@asynccontextmanager
async def asking(feed, output, **spending):
    """A run that waits for a person: the task that it runs in, and its flow run as the server has it."""
    running = asyncio.create_task(catalog_run_of(feed, output, ask_above_usd=LOW, **spending))
    try:
        yield running, await paused(feed, running)
    finally:
        running.cancel()


async def paused(feed, running):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

    named = FlowRunFilter(name=FlowRunFilterName(any_=[f"catalog {feed}"]))
    async with get_client() as client, asyncio.timeout(60):
        while True:
            assert not running.done(), running.result()
            for run in await client.read_flow_runs(flow_run_filter=named):
                if run.state.is_paused():
                    return run
            await asyncio.sleep(0.1)


async def answer(run, **decision):
    from prefect.flow_runs import aresume_flow_run

    await aresume_flow_run(run.id, run_input=decision)


async def reelmill(*arguments):
    """The command line in a process of its own, as a person has it beside the server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reelmill", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, errors = await process.communicate()
    return process.returncode, printed.decode(), errors.decode()


async def test_it_shows_the_plan_and_goes_on_when_a_person_approves_on_the_command_line(veo, feed, output):
    async with asking(feed, output) as (running, run):
        assert not accepted(veo, output)
        _, printed, _ = await reelmill("approve", "--json")
        waiting = {each["flow_run_id"]: each["plan"] for each in json.loads(printed)["waiting"]}
        plan = waiting[str(run.id)]
        assert "at most $3.20" in plan
        assert "| Platform | tiktok |" in plan
        assert "Walnut bowl" in plan, "a prompt as it would be sent"
        assert "Rejected rows" in plan
        code, printed, errors = await reelmill("approve", str(run.id), "--yes", "--by", "Ada")
        assert code == 0, errors
        assert "approved: it goes on." in " ".join(printed.split())
        state = await running

    report = await state.aresult()
    assert (state.name, report.made, report.spent_usd) == ("Completed", 4, 4 * CLIP_USD), state.message
    assert billed(veo, output) == 4 * CLIP_USD
    assert parameters(report.run_id)["approval"]["by"] == "Ada"


async def test_it_logs_the_command_that_answers_it(monkeypatch, feed, output):
    said = []
    log = SimpleNamespace(info=lambda text, *parts: said.append(text % parts), warning=said.append)
    monkeypatch.setattr("tasks.ask.get_run_logger", lambda: log)
    async with asking(feed, output) as (running, run):
        await answer(run, decision="reject")
        await running

    assert said[0].endswith(f"or run: reelmill approve {run.id}"), "a name has spaces, and other runs have it too"


def parameters(run_id):
    from reelmill.ledger.ledger import Ledger
    from reelmill.settings import load_settings

    ledger = Ledger.open(load_settings().ledger_url)
    try:
        return ledger.run(run_id).parameters
    finally:
        ledger.close()


async def test_an_approval_up_to_an_amount_is_a_cap(veo, feed, output):
    async with asking(feed, output, cap_usd=Decimal("2.40")) as (running, run):
        await answer(run, decision="approve", up_to_usd=1.7)
        state = await running

    assert state.name == "StoppedAtCap", state.message
    assert billed(veo, output) == 2 * CLIP_USD


async def test_it_cannot_raise_the_cap_of_the_run(veo, feed, output):
    async with asking(feed, output, cap_usd=Decimal("0.80")) as (running, run):
        await answer(run, decision="approve", up_to_usd=100)
        state = await running

    assert state.name == "StoppedAtCap", state.message
    assert billed(veo, output) == CLIP_USD


async def test_a_canary_makes_the_first_clips_and_the_next_run_the_rest(veo, feed, output):
    async with asking(feed, output) as (running, run):
        await answer(run, decision="approve", first_clips=1)
        state = await running

    assert (state.name, billed(veo, output)) == ("Completed", CLIP_USD), state.message
    assert "3 planned clips not begun" in state.message
    rest = await (await catalog_run_of(feed, output)).aresult()
    assert (rest.made, rest.kept) == (3, 1)


async def test_a_rejection_spends_nothing_and_says_why(veo, feed, output):
    async with asking(feed, output) as (running, run):
        await answer(run, decision="reject", reason="Wrong season", by="Ada")
        state = await running

    assert (state.name, state.is_cancelled()) == ("Rejected", True)
    assert state.message == "Rejected by Ada: Wrong season. Nothing was spent."
    assert not accepted(veo, output)


async def test_if_nobody_decides_in_time_it_says_so(monkeypatch, veo, feed, output):
    monkeypatch.setenv("REELMILL_ASK_WAIT_S", "1")

    state = await catalog_run_of(feed, output, ask_above_usd=LOW)

    assert (state.name, state.is_failed()) == ("NotApproved", True)
    assert "Nobody approved $3.20 within 1 s; nothing was spent." in state.message
    assert not accepted(veo, output)


async def test_cancelled_while_it_waits_it_ends_at_once(veo, feed, output):
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelling

    async with asking(feed, output) as (running, run):
        async with get_client() as client:
            await client.set_flow_run_state(run.id, Cancelling())
        state = await running

    assert (state.name, state.is_cancelled()) == ("Cancelled", True)
    assert "nothing was spent" in state.message
    assert not accepted(veo, output)


async def test_who_stops_the_server_ends_the_question(prefect_server, veo, feed, output):
    """A run that waits is asked to end like one that works: later, an approval would find no process."""
    async with asking(feed, output) as (running, run):
        await asyncio.to_thread(asked_to_end, prefect_server, run)
        async with asyncio.timeout(60):
            state = await running

    assert (state.name, state.is_cancelled()) == ("Cancelled", True)
    assert not accepted(veo, output)


def asked_to_end(server, run):
    """One look of whoever stops the server at what is to end, blind for the runs of other tests."""
    with httpx.Client(base_url=f"{server.url}/api", trust_env=False, timeout=60) as api:
        others = {each["id"] for each in api.post("/flow_runs/filter", json={}).json()} - {str(run.id)}
        _cancel_once(api, others)


async def test_an_approval_that_comes_too_late_for_the_deadline_spends_nothing(monkeypatch, veo, feed, output):
    deadline = datetime.now(UTC) + timedelta(hours=1)
    async with asking(feed, output, deadline=deadline) as (running, run):
        monkeypatch.setattr("flows.deadline.datetime", SimpleNamespace(now=deadline.astimezone))
        await answer(run, decision="approve")
        state = await running

    assert (state.name, state.is_failed()) == ("TooLate", True), state.message
    assert "nothing was spent" in state.message
    assert not accepted(veo, output)


async def test_without_an_answer_it_is_not_approved_and_when_retried_it_asks_again(veo, feed, output):
    from prefect.client.orchestration import get_client
    from prefect.states import AwaitingRetry, Running

    async with get_client() as client:
        async with asking(feed, output) as (running, first):
            await client.set_flow_run_state(first.id, Running())  # by hand: nobody has decided anything
            state = await running
        assert (state.name, state.is_failed()) == ("NotApproved", True), state.message
        assert "went on without a decision; nothing was spent" in state.message
        await client.set_flow_run_state(first.id, AwaitingRetry(), force=True)  # as Retry in the UI does
        again = asyncio.create_task(executed_again(await client.read_flow_run(first.id)))
    try:
        second = await paused(feed, again)
        assert not accepted(veo, output)
        code, _, errors = await reelmill("approve", str(second.id), "--yes", "--up-to-usd", "0.85")
        assert code == 0, errors
        state = await again
    finally:
        again.cancel()

    assert first.id == second.id
    assert first.state.state_details.pause_key != second.state.state_details.pause_key
    assert (state.name, billed(veo, output)) == ("StoppedAtCap", CLIP_USD), state.message


async def test_an_answer_to_one_question_answers_no_other(veo, feed, output):
    """Executed once more it asks about its new plan, for which the old answer is none."""
    from prefect.client.orchestration import get_client
    from prefect.states import AwaitingRetry

    async with asking(feed, output) as (running, run):
        await answer(run, decision="approve", first_clips=1)
        assert (await running).name == "Completed"
    async with get_client() as client:
        await client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
        again = asyncio.create_task(executed_again(await client.read_flow_run(run.id)))
    try:
        await answer(await paused(feed, again), decision="reject", reason="Enough")
        state = await again
    finally:
        again.cancel()

    assert (state.name, billed(veo, output)) == ("Rejected", CLIP_USD), state.message


async def executed_again(run):
    """A flow run executed once more, as a worker does with one that is to be retried."""
    from prefect.flow_engine import run_flow_async

    from flows.catalog_run import catalog_run

    return await run_flow_async(catalog_run, flow_run=run, parameters=run.parameters, return_type="state")


async def test_what_would_stop_the_run_is_told_before_anybody_is_asked(monkeypatch, feed, output):
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")

    state = await catalog_run_of(feed, output, ask_above_usd=LOW)

    assert (state.name, state.is_failed()) == ("Failed", True), state.message
    assert "No Google Cloud project is set" in state.message


async def test_a_decision_must_be_one(veo, feed, output):
    async with asking(feed, output) as (running, run):
        with pytest.raises(RuntimeError, match="decision"):
            await answer(run, reason="I only press buttons")
        assert not running.done()
        await answer(run, decision="reject")
        await running

    assert not accepted(veo, output)


async def test_below_the_price_nobody_is_asked(veo, feed, output):
    state = await catalog_run_of(feed, output, ask_above_usd=4 * CLIP_USD)

    assert (state.name, billed(veo, output)) == ("Completed", 4 * CLIP_USD), state.message


async def test_the_command_line_says_when_there_is_nothing_to_approve(prefect_server):
    code, _, errors = await reelmill("approve", "no-such-run", "--yes")

    assert code == 2
    assert "No flow run no-such-run waits for approval. Run reelmill approve" in errors


async def test_the_command_line_says_when_no_server_answers(monkeypatch):
    monkeypatch.setitem(os.environ, "PREFECT_API_URL", "http://127.0.0.1:9/api")

    code, _, errors = await reelmill("approve")

    assert code == 1
    assert "No Prefect server answers at http://127.0.0.1:9/api" in errors
