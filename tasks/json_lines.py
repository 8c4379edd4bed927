"""Log lines of a flow run's process as JSON, where the settings ask for it; Prefect's own log stays as it is."""

from __future__ import annotations

import logging
import sys

from prefect.logging.handlers import PrefectConsoleHandler

from reelmill.telemetry.hush import hush_libraries
from reelmill.telemetry.log_lines import JsonLines, LogFormat, ScrubbedLines

__all__ = ["log_as"]

_ENGINE = "reelmill"


def log_as(wanted: LogFormat) -> None:
    """Keep secrets out of Prefect's console lines, or put JSON lines in their place. Doing it again changes nothing.

    With ``PREFECT_LOGGING_EXTRA_LOGGERS=reelmill`` the engine's lines go to Prefect's log alone; they are written too.
    """
    hush_libraries()
    root, engine = logging.getLogger(), logging.getLogger(_ENGINE)
    if wanted is not LogFormat.JSON:
        for handler in root.handlers:
            if isinstance(handler, PrefectConsoleHandler) and not isinstance(handler.formatter, ScrubbedLines):
                handler.setFormatter(ScrubbedLines(handler.formatter or logging.Formatter()))
        return
    for handler in list(root.handlers):
        if isinstance(handler, PrefectConsoleHandler):
            root.removeHandler(handler)
            root.addHandler(_lines(handler.level))
    if not engine.propagate and not any(isinstance(handler.formatter, JsonLines) for handler in engine.handlers):
        engine.addHandler(_lines(logging.NOTSET))


def _lines(level: int) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(JsonLines())
    return handler
