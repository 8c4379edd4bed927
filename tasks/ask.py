"""Pause the flow run and ask a person, before anything is paid."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.input.run_input import Keyset, keyset_from_paused_state
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Paused

from reelmill.cli.printing import money, span
from reelmill.errors import GetApproval
from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.engine import Engine
from reelmill.planning.summary import PlanSummary
from reelmill.production.stop import StopSignal
from tasks.decision import Decision
from tasks.interrupt import leaving_on_sigterm
from tasks.plan_page import plan_page

__all__ = ["PAUSE_KEY", "ask"]

PAUSE_KEY = "approval"
_EVERY_S = 2.0
_SLACK_S = 86_400
"""Prefect's own deadline comes this much after ours: it would end the run in words that explain nothing."""


async def ask(engine: Engine, request: CatalogRequest, summary: PlanSummary) -> Decision | None:
    """Show the plan and wait for a person's decision, in the UI or by ``reelmill approve``.

    None if the run was cancelled meanwhile. Raises GetApproval if nobody decides within ``ask_wait_s``.
    """
    wait_s, run_id = engine.settings.ask_wait_s, UUID(flow_run.id)
    form = Decision.with_initial_data(description=plan_page(request, summary))
    price, log = money(summary.most_usd), get_run_logger()
    async with leaving_on_sigterm(engine.stop), get_client() as client:
        keyset = await _pause(client, run_id, form, wait_s)
        log.info(
            "Waiting for approval of %s: press Resume in the UI, or run reelmill approve %s.", price, flow_run.name
        )
        try:
            async with asyncio.timeout(wait_s):
                state = await _end_of_pause(client, run_id, engine.stop, log.warning)
        except TimeoutError:
            raise GetApproval(
                f"Nobody approved {price} within {span(wait_s)}; nothing was spent.",
                "Run it again when somebody can decide, or raise ask_above_usd or ask_wait_s.",
            ) from None
        if state is None or not state.is_running():
            return None
        return await form.aload(keyset, run_id)


async def _pause(client: PrefectClient, run_id: UUID, form: type[Decision], wait_s: float) -> Keyset:
    """Move the run to Paused, with the form and the plan beside it; where the answer will lie.

    A run that is delivered to a second process finds itself paused already, and waits for the same answer.
    """
    paused: State[None] = Paused(timeout_seconds=int(wait_s + _SLACK_S), pause_key=PAUSE_KEY)
    keyset = keyset_from_paused_state(paused)
    paused.state_details.run_input_keyset = {str(name): key for name, key in keyset.items()}
    before = (await client.read_flow_run(run_id)).state
    if before is None or not before.is_paused():
        await form.asave(keyset, run_id)
        await client.set_flow_run_state(run_id, paused)
    return keyset


async def _end_of_pause(
    client: PrefectClient, run_id: UUID, stop: StopSignal, warn: Callable[[str], None]
) -> State[None] | None:
    """The state that follows the pause; None if we were told to stop. A server that is away is waited for."""
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
            if state is not None and not state.is_paused():
                return state
        if not await stop.pause(_EVERY_S):
            return None
