"""Flow: find out how everything that earlier runs left open has ended. Looks only; never pays."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.endings import failed, settled
from reelmill.errors import ReelmillError
from reelmill.settings import load_settings
from tasks.settle import settle
from tasks.step import whole
from tasks.workshop import workshop

__all__ = ["settle_output"]


@flow(name="settle", flow_run_name="settle", persist_result=False, retries=0)
async def settle_output(output: str = "") -> State[Any]:
    """Bring every open, lost or expired clip to its end by looking: what crashed and cancelled runs left.

    Args:
        output: Whose clips: gs://bucket/prefix or a folder. Empty: the setting, else that of the latest run.
    """
    try:
        with workshop(load_settings(), output) as engine:
            return settled(await settle(whole(engine)))
    except ReelmillError as error:
        return failed(error)
