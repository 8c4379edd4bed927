"""Pause the flow run and ask a person, before anything is paid."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.input.actions import aread_flow_run_input
from prefect.input.run_input import Keyset, keyset_from_paused_state
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Paused

from reelmill.cli.printing import money, span
from reelmill.errors import GetApproval
from reelmill.jobs.accounting import check_ready
from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.engine import Engine
from reelmill.planning.summary import PlanSummary
from reelmill.production.stop import StopSignal
from tasks.decision import Decision
from tasks.interrupt import leaving_on_sigterm
from tasks.plan_page import plan_page

__all__ = ["PAUSE_PREFIX", "ask"]

PAUSE_PREFIX = "approval"
_EVERY_S = 2.0
_SLACK_S = 86_400
"""Prefect's own deadline comes this much after ours: it would end the run in words that explain nothing."""
_AGAIN = "Run it again, and decide with Resume in the UI or with reelmill approve."


async def ask(engine: Engine, request: CatalogRequest, summary: PlanSummary) -> Decision | None:
    """Show the plan and wait for a person's decision, in the UI or by ``reelmill approve``.

    None if the run was cancelled meanwhile. Raises GetApproval if nobody decides within ``ask_wait_s``, if Prefect does
    not let the run ask, or if the run went on without an answer; and what :func:`check_ready` raises.
    """
    await asyncio.to_thread(check_ready, engine, summary)  # an approval must not meet what was wrong before it
    wait_s, run_id = engine.settings.ask_wait_s, UUID(flow_run.id)
    price, log = money(summary.most_usd), get_run_logger()
    async with leaving_on_sigterm(engine.stop), get_client() as client:
        pause = await _pause(client, run_id, plan_page(request, summary), wait_s)
        if pause is None:
            return None
        log.info("Waiting for approval of %s: press Resume in the UI, or run: reelmill approve %s", price, run_id)
        try:
            async with asyncio.timeout(wait_s):
                state = await _end_of_pause(client, run_id, pause, engine.stop, log.warning)
        except TimeoutError:
            raise GetApproval(
                f"Nobody approved {price} within {span(wait_s)}; nothing was spent.",
                "Run it again when somebody can decide, or raise ask_above_usd or ask_wait_s.",
            ) from None
        if state is None or not state.is_running():
            return None
        return await _answer(keyset_from_paused_state(pause), run_id)


async def _pause(client: PrefectClient, run_id: UUID, plan: str, wait_s: float) -> State[None] | None:
    """Move the run to Paused, with the form and the plan (Markdown) beside it; None if it is being cancelled.

    Each question has a key of its own, and so an answer of its own: a run that is retried asks anew. A run that is
    delivered to a second process finds itself paused already, and waits for the same answer if it asks the same.
    Raises GetApproval if it asks about another plan, or if Prefect refuses the pause.
    """
    before = (await client.read_flow_run(run_id)).state
    if before is not None and _asks(before):
        if plan != await aread_flow_run_input(keyset_from_paused_state(before)["description"], run_id):
            raise GetApproval("Another process of this run asks about another plan; nothing was spent.", _AGAIN)
        return before
    if before is None or before.is_cancelling() or before.is_final():
        return None
    paused: State[None] = Paused(timeout_seconds=int(wait_s + _SLACK_S), pause_key=f"{PAUSE_PREFIX}-{uuid4().hex}")
    keyset = keyset_from_paused_state(paused)
    paused.state_details.run_input_keyset = {str(name): key for name, key in keyset.items()}
    await Decision.with_initial_data(description=plan).asave(keyset, run_id)
    told = await client.set_flow_run_state(run_id, paused)
    # Sent once more after an answer that was lost, it is refused with the state that the first one has made.
    if told.state is None or told.state.state_details.pause_key != paused.state_details.pause_key:
        why = getattr(told.details, "reason", None) or told.status.value
        raise GetApproval(f"Prefect does not let the run ask ({why}); nothing was spent.", _AGAIN)
    return paused


def _asks(state: State[Any]) -> bool:
    """Whether the run waits in this state for an answer to a question of ours."""
    return state.is_paused() and (state.state_details.pause_key or "").startswith(PAUSE_PREFIX)


async def _answer(keyset: Keyset, run_id: UUID) -> Decision:
    """What a person answered. Raises GetApproval if nobody did: who sets the run to Running has decided nothing."""
    if await aread_flow_run_input(keyset["response"], run_id) is None:
        raise GetApproval("The run went on without a decision; nothing was spent.", _AGAIN)
    return await Decision.aload(keyset, run_id)


async def _end_of_pause(
    client: PrefectClient, run_id: UUID, pause: State[None], stop: StopSignal, warn: Callable[[str], None]
) -> State[None] | None:
    """The state that follows this pause; None if we were told to stop. A server that is away is waited for."""
    away = False
    while True:
        try:
            state = (await client.read_flow_run(run_id)).state
        except httpx.HTTPError as error:
            if not away:
                warn(f"The Prefect server does not answer ({type(error).__name__}); still waiting for approval.")
            away = True
        else:
            away = False
            if state is not None and state.state_details.pause_key != pause.state_details.pause_key:
                return state
        if not await stop.pause(_EVERY_S):
            return None
