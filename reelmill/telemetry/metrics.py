"""Every metric, in one list: its name, unit, labels and meaning. Exporters, docs and tests go by it.

Names follow OpenTelemetry; Prometheus shows them with underscores, the unit and ``_total`` (see :attr:`Metric.shown`).
Labels have few values: never a SKU, a clip or a run, which belong into logs and tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ALL", "LEDGER", "LONG_S", "PROCESS", "SHORT_S", "Metric", "MetricKind"]


class MetricKind(StrEnum):
    """How values may move: only up, any way, or as a distribution."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``unit`` is UCUM, as OpenTelemetry wants it; words in braces only explain."""

    name: str
    kind: MetricKind
    unit: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def shown(self) -> str:
        """The name in Prometheus; a histogram's series add ``_bucket``, ``_sum`` and ``_count``."""
        seconds = "_seconds" if self.unit == "s" else ""
        total = "_total" if self.kind is MetricKind.COUNTER else ""
        return self.name.replace(".", "_") + seconds + total


SHORT_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of the buckets for a submit, in seconds."""

LONG_S = (5.0, 15.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0)
"""Bounds of the buckets for a generation, in seconds."""

_KIND = ("model", "category", "template", "template_version")
_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

PROCESS = (
    Metric(
        "reelmill.submits",
        _COUNTER,
        "{submit}",
        (*_KIND, "outcome"),
        "Submits by this process. `outcome`: accepted, throttled (429), bad_request, access, model_gone, not_sent, "
        "or unclear.",
    ),
    Metric(
        "reelmill.submit.duration",
        _HISTOGRAM,
        "s",
        ("model", "outcome"),
        "Time from a submit to its answer, without the wait for its turn.",
    ),
    Metric(
        "reelmill.generation.duration",
        _HISTOGRAM,
        "s",
        ("model", "state"),
        "Time from an accepted submit to its end, of clips whose end this process saw.",
    ),
    Metric("reelmill.ended", _COUNTER, "{clip}", (*_KIND, "state"), "Clips whose end this process saw, by state."),
    Metric("reelmill.charged_usd", _COUNTER, "{USD}", _KIND, "Charged for clips whose end this process saw, in USD."),
    Metric("reelmill.in_flight", _GAUGE, "{clip}", ("model",), "Clips that this process follows now."),
)
"""What only a running process knows, and its own view of the rest: OpenTelemetry instruments."""

LEDGER = (
    Metric("reelmill.ledger.up", _GAUGE, "", (), "1 if the ledger could be read for this scrape, else 0."),
    Metric("reelmill.ledger.read", _GAUGE, "s", (), "How long it took to read the ledger for this scrape."),
    Metric("reelmill.ledger.submits_accepted", _COUNTER, "{submit}", _KIND, "Submits that Google took."),
    Metric(
        "reelmill.ledger.refusals",
        _COUNTER,
        "{submit}",
        _KIND,
        "Submits that were certainly refused, for whatever reason, or never left.",
    ),
    Metric(
        "reelmill.ledger.ended",
        _COUNTER,
        "{clip}",
        (*_KIND, "state"),
        "Clips that ended for good. `state`: succeeded, partial, filtered, failed or released (never sent).",
    ),
    Metric("reelmill.ledger.charged_usd", _COUNTER, "{USD}", _KIND, "Charged, in USD. Its rate is the spend rate."),
    Metric(
        "reelmill.ledger.generation",
        _HISTOGRAM,
        "s",
        ("model",),
        "Time from an accepted submit to its end, as the ledger learnt of it.",
    ),
    Metric(
        "reelmill.ledger.clips",
        _GAUGE,
        "{clip}",
        ("state",),
        "Clips that have not ended. `state`: authorised (waits for its turn), sending, submitted, unknown, "
        "and lost or expired, which need a person.",
    ),
    Metric(
        "reelmill.ledger.oldest_unclear",
        _GAUGE,
        "s",
        ("state",),
        "Age of the oldest clip that may have been paid and whose end is not known: unknown, lost or expired. "
        "0 if there is none.",
    ),
    Metric("reelmill.ledger.runs", _GAUGE, "{run}", (), "Runs that say that they go on."),
    Metric("reelmill.ledger.spent_usd", _GAUGE, "{USD}", ("scope",), "Spent this UTC day or month, in USD."),
    Metric("reelmill.ledger.reserved_usd", _GAUGE, "{USD}", ("scope",), "Reserved this UTC day or month, in USD."),
    Metric(
        "reelmill.ledger.cap_usd",
        _GAUGE,
        "{USD}",
        ("scope",),
        "Cap of the latest run for a day or month, or of the settings before there is a run; absent without a cap.",
    ),
    Metric(
        "reelmill.ledger.cap_headroom_usd",
        _GAUGE,
        "{USD}",
        ("scope",),
        "What that cap still permits: cap less spent less reserved, and not below 0; absent without a cap.",
    ),
    Metric(
        "reelmill.ledger.throttle_left",
        _GAUGE,
        "s",
        ("project", "location", "model"),
        "How long everybody still waits after a 429.",
    ),
    Metric(
        "reelmill.ledger.throttle_streak",
        _GAUGE,
        "{penalty}",
        ("project", "location", "model"),
        "Waits after a 429 in a row, since a submit was last accepted.",
    ),
)
"""What the ledger knows: true for all machines together, and through restarts."""

ALL = {metric.name: metric for metric in (*PROCESS, *LEDGER)}
"""Every metric by its name."""
