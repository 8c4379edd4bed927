"""What production measures of a clip."""

from dataclasses import replace

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from reelmill.production.producer import Producer
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from reelmill.telemetry.instruments import Instruments
from tests.support.production import RUN, clip, open_engine

MODEL = clip().request.model
KIND = {
    "model": MODEL,
    "category": "Apparel & Accessories",
    "template": "apparel/9x16",
    "template_version": "0" * 12,
}


class Meter:
    """Instruments, and what they were told so far."""

    def __init__(self):
        self._reader = InMemoryMetricReader()
        provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.instruments = Instruments.of(provider.get_meter("tests"))

    def read(self):
        """By name: the attributes and value of each counter, how many and which sum for each histogram."""
        data = self._reader.get_metrics_data()
        metrics = data.resource_metrics[0].scope_metrics[0].metrics if data else []
        return {metric.name: [_plain(point) for point in metric.data.data_points] for metric in metrics}


def _plain(point):
    value = point.value if hasattr(point, "value") else (point.count, point.sum)
    return dict(point.attributes), value


class LookingOn(StopSignal):
    """Does something before every pause."""

    def __init__(self, look):
        super().__init__()
        self._look = look

    async def pause_in_flight(self, seconds):
        self._look()
        return await super().pause_in_flight(seconds)


async def test_a_made_clip_is_measured_once(tmp_path, veo, gcs):
    meter, meanwhile = Meter(), []
    stop = LookingOn(lambda: meanwhile.append(meter.read()["reelmill.in_flight"]))
    with open_engine(tmp_path, veo, gcs) as engine:
        studio = replace(engine.studio(), instruments=meter.instruments, stop=stop)
        await Producer(studio, RUN).produce(Work(clip()))
        ((_, intent),) = engine.ledger.intents()

    measured = meter.read()
    submits = measured.pop("reelmill.submit.duration")
    assert [(about, count) for about, (count, _) in submits] == [({"model": MODEL, "outcome": "accepted"}, 1)]
    took = (intent.finished_at - intent.submitted_at).total_seconds()
    assert measured == {
        "reelmill.submits": [({**KIND, "outcome": "accepted"}, 1)],
        "reelmill.generation.duration": [({"model": MODEL, "state": "succeeded"}, (1, took))],
        "reelmill.ended": [({**KIND, "state": "succeeded"}, 1)],
        "reelmill.charged_usd": [(KIND, 0.2)],
        "reelmill.in_flight": [({"model": MODEL}, 0)],
    }
    assert {value for points in meanwhile for _, value in points} == {1}


@pytest.mark.parametrize(
    ("fault", "outcome", "state", "ran"),
    [
        ("400", "bad_request", "failed", False),
        ("400_filter", "bad_request", "filtered", False),
        ("503_before", "unclear", "lost", False),
        ("error_13", "accepted", "failed", True),
    ],
)
async def test_a_clip_that_ends_otherwise_is_measured_as_such(tmp_path, veo, gcs, fault, outcome, state, ran):
    meter = Meter()
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=0.5) as engine:
        studio = replace(engine.studio(), instruments=meter.instruments)
        await Producer(studio, RUN).produce(Work(clip(prompt=f"A shirt [[fault:{fault}]]")))

    measured = meter.read()
    assert measured["reelmill.submits"] == [({**KIND, "outcome": outcome}, 1)]
    assert measured["reelmill.ended"] == [({**KIND, "state": state}, 1)]
    assert ("reelmill.generation.duration" in measured) is ran
    assert "reelmill.charged_usd" not in measured
