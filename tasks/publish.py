"""Artifacts: shown when Prefect answers, never a reason to stop a paid run, or to hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from prefect.logging import get_run_logger

__all__ = ["publish"]

T = TypeVar("T")

_PATIENCE_S = 10.0  # Prefect's client by itself asks a server that is silent for six minutes and more


async def publish(artifact: Awaitable[T]) -> T | None:
    """Await the making of an artifact; None, and one line in the log, if Prefect would not have it, or is silent."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await artifact
    except Exception as error:  # noqa: BLE001  # whatever ails the server, the clips matter more
        why = str(error) or "Prefect does not answer"
        get_run_logger().warning("An artifact could not be published: %s", why)
        return None
