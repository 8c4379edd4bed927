"""One line in the log for a clip that ends without a video, not three."""

from __future__ import annotations

import logging

__all__ = ["say_failures_once"]

_DOUBLED = "Task run failed with state: "


def say_failures_once() -> None:
    """Drop the line, with its empty traceback, that Prefect logs before ``Finished in state Filtered(…)``."""
    logging.getLogger("prefect.task_runs").addFilter(_not_doubled)


def _not_doubled(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_DOUBLED)
