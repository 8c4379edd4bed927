"""What a process measures while it makes clips: OpenTelemetry instruments, which do nothing until an SDK is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from opentelemetry.metrics import Counter, Histogram, Meter, NoOpMeter, UpDownCounter, get_meter

import reelmill
from reelmill.clip import Clip
from reelmill.telemetry.bounded import Bounded, top_category
from reelmill.telemetry.metrics import ALL, LONG_S, SHORT_S, Metric

__all__ = ["METER", "Instruments"]

METER = "reelmill"
"""Name of the instrumentation scope."""

_CATEGORIES = 100


@dataclass(frozen=True, slots=True)
class Instruments:
    """The instruments of one process. Nothing here raises, waits or talks to anybody."""

    submits: Counter
    submit_duration: Histogram
    generation_duration: Histogram
    ends: Counter
    charged: Counter
    in_flight: UpDownCounter
    _category: Bounded = field(default_factory=lambda: Bounded(_CATEGORIES))

    @classmethod
    def of(cls, meter: Meter) -> Self:
        """Those that ``meter`` makes."""
        return cls(
            submits=_counter(meter, ALL["reelmill.submits"]),
            submit_duration=_histogram(meter, ALL["reelmill.submit.duration"], SHORT_S),
            generation_duration=_histogram(meter, ALL["reelmill.generation.duration"], LONG_S),
            ends=_counter(meter, ALL["reelmill.ended"]),
            charged=_counter(meter, ALL["reelmill.charged_usd"]),
            in_flight=_up_down(meter, ALL["reelmill.in_flight"]),
        )

    @classmethod
    def of_host(cls) -> Self:
        """Those of whatever SDK the program that we are part of has set up, if any."""
        try:
            meter = get_meter(METER, reelmill.__version__)
        except Exception:  # noqa: BLE001 - OTEL_PYTHON_METER_PROVIDER names none, which the library has logged
            meter = NoOpMeter(METER)
        return cls.of(meter)

    def submitted(self, clip: Clip, outcome: str, seconds: float) -> None:
        """A submit got its answer after ``seconds``; ``outcome`` is a word of a short list."""
        self.submits.add(1, {**self._kind(clip), "outcome": outcome})
        self.submit_duration.record(seconds, {"model": clip.request.model, "outcome": outcome})

    def follows(self, clip: Clip, number: int) -> None:
        """One clip more (1) or less (-1) is followed."""
        self.in_flight.add(number, {"model": clip.request.model})

    def ended(self, clip: Clip, state: str, charged_usd: Decimal, seconds: float | None) -> None:
        """A clip ended in ``state``, ``seconds`` after its submit was accepted; None if it never was."""
        kind = self._kind(clip)
        self.ends.add(1, {**kind, "state": state})
        if charged_usd:
            self.charged.add(float(charged_usd), kind)
        if seconds is not None:
            self.generation_duration.record(max(0.0, seconds), {"model": clip.request.model, "state": state})

    def _kind(self, clip: Clip) -> dict[str, str]:
        return {
            "model": clip.request.model,
            "category": self._category(top_category(clip.category)),
            "template": clip.template,
            "template_version": clip.template_version,
        }


def _counter(meter: Meter, metric: Metric) -> Counter:
    return meter.create_counter(metric.name, metric.unit, metric.meaning)


def _up_down(meter: Meter, metric: Metric) -> UpDownCounter:
    return meter.create_up_down_counter(metric.name, metric.unit, metric.meaning)


def _histogram(meter: Meter, metric: Metric, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(metric.name, metric.unit, metric.meaning, explicit_bucket_boundaries_advisory=bounds)
