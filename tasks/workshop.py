"""The engine for the length of a flow run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reelmill.jobs.engine import Engine
from reelmill.settings import Settings
from tasks.json_lines import log_as
from tasks.quiet import say_failures_once

__all__ = ["workshop"]


@contextmanager
def workshop(settings: Settings, output: str) -> Iterator[Engine]:
    """Open the engine; when the flow run is cancelled or breaks, leave what is in flight for the next one.

    Closing waits for a submit that is on the wire, so that its answer is always recorded.
    """
    say_failures_once()
    log_as(settings.log_format)
    with Engine(settings, output) as engine:
        try:
            yield engine
        except BaseException:
            engine.stop.leave()
            raise
