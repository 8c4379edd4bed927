"""Flow: look at clips that were settled unseen, on workers that have processors to spare. Pays nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.endings import failed, inspected
from reelmill.errors import ReelmillError
from reelmill.settings import load_settings
from tasks.inspect import inspect
from tasks.step import whole
from tasks.workshop import workshop

__all__ = ["inspect_clips"]


@flow(name="inspect", flow_run_name="inspect", persist_result=False, retries=0)
async def inspect_clips(output: str = "") -> State[Any]:
    """Look at delivered clips that nobody has looked at yet, and make their renditions.

    Args:
        output: Whose clips: gs://bucket/prefix or a folder. Empty: the setting, else that of the latest run.
    """
    try:
        with workshop(load_settings(), output) as engine:
            return inspected(await inspect(whole(engine)))
    except ReelmillError as error:
        return failed(error)
