"""The ledger as Prometheus sees it: read at every scrape, so that it is true for all machines together."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from reelmill.errors import ReelmillError
from reelmill.ledger.counting import ClipKind, ClipTotal, Counts, TotalKey
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.present import Present, ScopeMoney
from reelmill.ledger.records import Caps
from reelmill.ledger.states import State
from reelmill.telemetry.bounded import OTHER, Bounded
from reelmill.telemetry.metrics import ALL, LONG_S, MetricKind

__all__ = ["LedgerCollector"]

log = logging.getLogger(__name__)

_CATEGORIES, _TEMPLATES = 100, 500
_FINAL = [state for state in State if state.final]
_Values = Mapping[tuple[str, ...], float | int | Decimal]


@dataclass(slots=True, eq=False)  # a registry keeps collectors by identity
class LedgerCollector(Collector):
    """Collects from one ledger. Scrapes may overlap. ``caps`` count until a run has brought its own.

    A ledger that does not answer shows as ``reelmill_ledger_up 0`` and nothing else.
    """

    ledger: Ledger
    caps: Caps
    counts: Counts = field(init=False)
    _category: Bounded = field(default_factory=lambda: Bounded(_CATEGORIES))
    _template: Bounded = field(default_factory=lambda: Bounded(_TEMPLATES))

    def __post_init__(self) -> None:
        self.counts = self.ledger.counts(LONG_S)

    def describe(self) -> Iterable[Family]:
        """Nothing: registering must not read the ledger."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Everything, read now."""
        began = time.monotonic()
        try:
            totals, now = self.counts.read(), self.ledger.present(self.caps)
        except ReelmillError as error:
            log.warning("The ledger cannot be read for a scrape: %s", error)
            yield _family("reelmill.ledger.up", {(): 0})
            return
        yield _family("reelmill.ledger.up", {(): 1})
        yield _family("reelmill.ledger.read", {(): time.monotonic() - began})
        yield from self._rising(totals)
        yield from _standing(now)

    def _rising(self, totals: Mapping[TotalKey, ClipTotal]) -> Iterator[Family]:
        taken: dict[tuple[str, ...], int] = {}
        refused: dict[tuple[str, ...], int] = {}
        charged: dict[tuple[str, ...], Decimal] = {}
        ended: dict[tuple[str, ...], int] = {}
        for key, total in sorted(totals.items(), key=lambda item: -item[1].clips):  # the largest keep their names
            kind = self._labels(key.kind)
            taken[kind] = taken.get(kind, 0) + total.accepted
            refused[kind] = refused.get(kind, 0) + total.refusals
            charged[kind] = charged.get(kind, Decimal(0)) + total.charged_usd
            for state in _FINAL:  # from 0 on: a series that began with its first end would show no increase
                end = (*kind, state.value)
                ended[end] = ended.get(end, 0) + (total.clips if key.state is state else 0)
        yield _family("reelmill.ledger.submits_accepted", taken)
        yield _family("reelmill.ledger.refusals", refused)
        yield _family("reelmill.ledger.charged_usd", charged)
        yield _family("reelmill.ledger.ended", ended)
        yield _generation(totals)

    def _labels(self, kind: ClipKind) -> tuple[str, ...]:
        version = kind.template_version
        known = self._template(f"{kind.template}\0{version}") != OTHER
        template, version = (kind.template, version) if known else (OTHER, OTHER)
        return kind.model, self._category(kind.category), template, version


def _generation(totals: Mapping[TotalKey, ClipTotal]) -> Family:
    counted: dict[str, list[int]] = {}
    seconds: dict[str, float] = {}
    for key, total in totals.items():
        if key.bucket is not None:
            model = key.kind.model
            counted.setdefault(model, [0] * (len(LONG_S) + 1))[key.bucket] += total.clips
            seconds[model] = seconds.get(model, 0.0) + total.seconds
    metric = ALL["reelmill.ledger.generation"]
    family = HistogramMetricFamily(metric.shown, metric.meaning, labels=metric.labels)
    for model, numbers in counted.items():
        bounds = [*(str(bound) for bound in LONG_S), "+Inf"]
        family.add_metric([model], [(bound, sum(numbers[: at + 1])) for at, bound in enumerate(bounds)], seconds[model])
    return family


def _standing(now: Present) -> Iterator[Family]:
    yield _family("reelmill.ledger.clips", {(state.value,): number for state, number in now.clips.items()})
    yield _family("reelmill.ledger.oldest_unclear", {(state.value,): age for state, age in now.unclear_s.items()})
    yield _family("reelmill.ledger.runs", {(): now.running})
    money: dict[tuple[str, ...], ScopeMoney] = {(scope.budget.scope.value,): scope for scope in now.money}
    yield _family("reelmill.ledger.spent_usd", {label: of.budget.spent_usd for label, of in money.items()})
    yield _family("reelmill.ledger.reserved_usd", {label: of.budget.reserved_usd for label, of in money.items()})
    caps = {label: of.cap_usd for label, of in money.items() if of.cap_usd is not None}
    yield _family("reelmill.ledger.cap_usd", caps)
    room = {label: of.headroom_usd for label, of in money.items() if of.headroom_usd is not None}
    yield _family("reelmill.ledger.cap_headroom_usd", room)
    penalties = {_quota_labels(penalty.key): penalty for penalty in now.penalties}
    yield _family("reelmill.ledger.throttle_left", {label: of.left_s for label, of in penalties.items()})
    yield _family("reelmill.ledger.throttle_streak", {label: of.streak for label, of in penalties.items()})


def _quota_labels(key: str) -> tuple[str, ...]:
    """Project, location and model of a quota key (see ``Studio.quota_key``)."""
    project, location, model = ["", "", *key.rsplit("/", 2)][-3:]
    return project, location, model


def _family(name: str, values: _Values) -> Family:
    metric = ALL[name]
    kind = CounterMetricFamily if metric.kind is MetricKind.COUNTER else GaugeMetricFamily
    family = kind(metric.shown, metric.meaning, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, float(value))
    return family
