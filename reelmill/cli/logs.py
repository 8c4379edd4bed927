"""What the command line says on standard error, besides its progress: log lines, and sentences for people."""

from __future__ import annotations

import logging
import os
import sys

from reelmill.cli.environment import LOG_LEVEL
from reelmill.errors import ReelmillError
from reelmill.settings import load_settings
from reelmill.telemetry.hush import hush_libraries
from reelmill.telemetry.log_lines import JsonLines, LogFormat, ScrubbedLines

__all__ = ["say", "set_up_logs", "tell_broken"]

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
log = logging.getLogger(__name__)


def set_up_logs() -> None:
    """Write log lines as level and format ask for; a level that is none is told and ignored."""
    asked = os.environ.get(LOG_LEVEL, "") or "WARNING"
    level = logging.getLevelNamesMapping().get(asked.upper())
    logging.basicConfig(level=logging.WARNING if level is None else level, stream=sys.stderr)
    hush_libraries()
    lines = JsonLines() if _log_format() is LogFormat.JSON else ScrubbedLines(logging.Formatter(_TEXT))
    for handler in logging.getLogger().handlers:
        handler.setFormatter(lines)
    if level is None:
        say(f"{LOG_LEVEL}={asked!r} is no level and is ignored; use DEBUG, INFO, WARNING or ERROR.")


def say(text: str, level: int = logging.WARNING) -> None:
    """Tell a person; where log lines are JSON, by one that no level holds back."""
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, JsonLines)]
    if not handlers:
        print(f"reelmill: {text}", file=sys.stderr)  # noqa: T201 — the one place where an error meets a person
        return
    record = log.makeRecord(log.name, level, __file__, 0, text, (), None, "say")
    for handler in handlers:
        handler.handle(record)


def tell_broken(error: Exception) -> bool:
    """Tell of an error with its traceback in one line, where log lines are JSON; False where Python shows it itself."""
    if not any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers):
        return False
    log.critical("An error that nobody expected stopped the command.", exc_info=error)
    return True


def _log_format() -> LogFormat:
    """As set; text if the settings cannot be read, which whoever needs them tells."""
    try:
        return load_settings().log_format
    except ReelmillError:
        return LogFormat.TEXT
