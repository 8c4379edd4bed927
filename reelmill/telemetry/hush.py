"""Keeping other libraries from logging what is secret: headers of answers, and of what is pushed."""

from __future__ import annotations

import logging

__all__ = ["hush_libraries"]

_TALKATIVE = ("httpcore", "urllib3")  # at DEBUG they log the headers of answers, with cookies and signed addresses
_HEADERS = "opentelemetry.util.re"
_SAID = (
    "OTEL_EXPORTER_OTLP_HEADERS, or that of METRICS, holds an entry that is no name=value, percent-encoded; "
    "it is not sent."
)


def hush_libraries() -> None:
    """Hold back the lines that show headers, whatever level is asked for. Doing it again changes nothing."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))
    logging.getLogger(_HEADERS).addFilter(_without_header)


def _without_header(record: logging.LogRecord) -> bool:
    """The library's warning quotes the header that it cannot read: ours says the same without it."""
    record.msg, record.args = _SAID, ()
    return True
