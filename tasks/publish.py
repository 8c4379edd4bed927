"""Artifacts: shown when Prefect takes them, never a reason to stop a paid run."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from prefect.logging import get_run_logger

__all__ = ["publish"]

T = TypeVar("T")


async def publish(artifact: Awaitable[T]) -> T | None:
    """Await the making of an artifact; None, and one line in the log, if Prefect would not have it.

    Prefect's client asks a silent server for some minutes. Whatever the books wait for belongs into
    :func:`reelmill.production.leaving.unless_left`: a cancelled run has 30 seconds to close them.
    """
    try:
        return await artifact
    except Exception as error:  # noqa: BLE001  # whatever ails the server, the clips matter more
        get_run_logger().warning("An artifact could not be published: %s", str(error) or type(error).__name__)
        return None
