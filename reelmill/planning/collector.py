"""Bulk work without Python's cycle collector walking every batch again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rare_collections"]

_NEW_OBJECTS = 50_000  # a batch of rows with all that is made of them


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for reference cycles only after many new objects, as long as the block runs.

    Rows and products form no cycles and go when their batch does; by default the collector would still look
    through them every 700 objects, a quarter of the time it takes to plan an unchanged catalog. Cycles that
    others make are still found, some megabytes later.
    """
    first, second, third = gc.get_threshold()
    gc.set_threshold(max(first, _NEW_OBJECTS) if first else 0, second, third)  # 0: somebody switched it off
    try:
        yield
    finally:
        gc.set_threshold(first, second, third)
