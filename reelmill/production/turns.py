"""Threads that want the same thing take turns, so that one gets it and the others find it there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Turns"]


@dataclass(slots=True)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted_by: int = 0


@dataclass(slots=True)
class Turns:
    """A lock for each key, as long as somebody wants it."""

    _turns: dict[str, _Turn] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Wait until no other thread is at this key."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.wanted_by += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.wanted_by -= 1
                if not turn.wanted_by:
                    del self._turns[key]
