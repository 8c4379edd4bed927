"""Artifacts: shown when Prefect answers, never a reason to stop a paid run."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from prefect.logging import get_run_logger

__all__ = ["publish"]

T = TypeVar("T")


async def publish(artifact: Awaitable[T]) -> T | None:
    """Await the making of an artifact; None, and one line in the log, if Prefect would not have it."""
    try:
        return await artifact
    except Exception as error:  # noqa: BLE001  # whatever ails the server, the clips matter more
        get_run_logger().warning("An artifact could not be published: %s", error)
        return None
