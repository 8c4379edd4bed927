"""What this process waits for: told once for each thing that does not answer, then once a minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Waits"]

log = logging.getLogger(__name__)

_PATIENCE_S = 2.0  # a hiccup is not worth a line
_AGAIN_S = 60.0
_STALE_S = 600.0  # nobody asked for it since: what comes after is another wait


@dataclass(slots=True)
class _Wait:
    began: float
    since: datetime
    asked: float
    told: float | None = None


class Waits:
    """Keeps since when each thing does not answer, and says so as warnings. Threads share it.

    ``given_up`` tells when nobody wants to wait any more: then whoever retries shall stop.
    """

    def __init__(
        self, given_up: Callable[[], bool] = lambda: False, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._given_up = given_up
        self._clock = clock
        self._waits: dict[str, _Wait] = {}
        self._lock = threading.Lock()

    def waiting(self, what: str, why: str) -> bool:
        """Note that ``what`` does not answer, like ``Cloud Storage does not answer``; ``why`` is told once with it.

        True if it is worth trying again, False if nobody waits any more.
        """
        with self._lock:
            now = self._clock()
            wait = self._waits.get(what)
            if wait is None or now - wait.asked > _STALE_S:
                wait = self._waits[what] = _Wait(now, datetime.now(UTC), now)
            wait.asked = now
            due = wait.began + _PATIENCE_S if wait.told is None else wait.told + _AGAIN_S
            tell = now >= due
            if tell:
                wait.told = now
        if tell:
            log.warning(
                "%s (%s): waiting since %s UTC. Nothing is lost; Ctrl-C stops.", what, why, f"{wait.since:%H:%M:%S}"
            )
        return not self._given_up()

    def answered(self, what: str) -> None:
        """Note that it answers, and say so if it was said that it does not."""
        if what not in self._waits:  # nearly always, and then no lock is needed
            return
        with self._lock:
            wait = self._waits.pop(what, None)
        if wait is not None and wait.told is not None:
            log.warning("%s: it does again, after %.0f s.", what, self._clock() - wait.began)
