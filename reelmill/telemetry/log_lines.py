"""Log lines without secrets: as text, or for machines one JSON object each, in the fields of Cloud Logging."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from reelmill.scrub import without_secrets
from reelmill.telemetry.log_context import labels

__all__ = ["JsonLines", "LogFormat", "ScrubbedLines"]

_PREFECT = {"flow_run_id": "flow_run", "flow_run_name": "flow_run_name", "task_run_name": "task_run_name"}
_UNKNOWN = "<unknown>"  # what Prefect writes for a name that it does not know


class LogFormat(StrEnum):
    """How log lines look on standard error."""

    TEXT = "text"
    JSON = "json"


class ScrubbedLines(logging.Formatter):
    """Writes a record as another formatter does, without secrets: lines of other libraries may hold some."""

    def __init__(self, plain: logging.Formatter) -> None:
        super().__init__()
        self._plain = plain

    def format(self, record: logging.LogRecord) -> str:
        """The line, with its traceback."""
        return without_secrets(self._plain.format(record))


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: ``severity``, ``message``, ``time``, ``logger``, labels, source location.

    A traceback goes into ``stack_trace``, where Error Reporting looks for it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "severity": _severity(record.levelno),
            "message": _clean(without_secrets(record.getMessage())),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "logger": record.name,
            "logging.googleapis.com/sourceLocation": {
                "file": _clean(record.pathname),
                "line": str(record.lineno),
                "function": record.funcName,
            },
        }
        if found := {**labels(), **_of_prefect(record)}:
            line["logging.googleapis.com/labels"] = {name: _clean(value) for name, value in found.items()}
        if record.exc_info:
            line["stack_trace"] = _clean(without_secrets(self.formatException(record.exc_info)))
        return orjson.dumps(line).decode()


def _severity(level: int) -> str:
    """Cloud Logging's word for a level; one in between counts as the lower."""
    known = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
    return next((logging.getLevelName(step) for step in known if level >= step), "DEFAULT")


def _of_prefect(record: logging.LogRecord) -> dict[str, str]:
    found = {label: getattr(record, name, None) for name, label in _PREFECT.items()}
    return {label: str(value) for label, value in found.items() if value and value != _UNKNOWN}


def _clean(text: str) -> str:
    """Half characters, which feeds may hold and JSON may not, become question marks."""
    return text.encode("utf-8", "replace").decode()
