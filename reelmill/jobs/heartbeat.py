"""A run's signs of life: others can tell a run that goes on from one whose machine died."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reelmill.errors import ReelmillError
from reelmill.ledger.ledger import Ledger

__all__ = ["showing_life"]


@contextmanager
def showing_life(ledger: Ledger, run_id: str, *, every_s: float) -> Iterator[None]:
    """As long as the block runs, record every ``every_s`` seconds that the run's process lives.

    A thread of its own does it, so that neither a busy event loop nor a slow table write looks like death. A
    ledger that is away for a moment is no reason to stop: the next sign comes in time.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every_s):
            with contextlib.suppress(ReelmillError):
                ledger.show_life(run_id)

    thread = threading.Thread(target=beat, name=f"life of {run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
