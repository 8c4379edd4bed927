"""Several worlds at a time: much of what a world does is wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

__all__ = ["side_by_side"]


@contextmanager
def side_by_side(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """A pool for ``at_once`` worlds. Leave the block when what runs has ended, whatever else was to come."""
    pool = ThreadPoolExecutor(at_once)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
