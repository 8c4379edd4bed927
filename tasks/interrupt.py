"""SIGTERM while clips are made: no new money, what is in flight is left for the next run, the books are closed."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.logging import get_run_logger

from reelmill.production.stop import StopSignal

__all__ = ["leaving_on_sigterm"]


@asynccontextmanager
async def leaving_on_sigterm(stop: StopSignal) -> AsyncIterator[None]:
    """Prefect cancels a flow run, and machines evict one, by SIGTERM.

    Prefect's own handler would raise in whatever code happens to run; inside one of many clips that would be
    noticed only after all the others. Outside of the main thread there are no signals, and this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    log, loop, before = get_run_logger(), asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def leave() -> None:
        log.warning("Stopping: nothing more is sent; what is in flight is left for the next run or reelmill settle.")
        stop.leave()

    loop.add_signal_handler(signal.SIGTERM, leave)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
