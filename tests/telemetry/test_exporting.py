"""How a process shows its instruments: pushed, scraped, or not at all; and nothing of it stops a run."""

import http.server
import logging
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from reelmill.telemetry.exporting import exporting
from reelmill.telemetry.metrics import PROCESS, MetricKind
from tests.ledger.making import make_clip
from tests.telemetry.conftest import scrape, value


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def measure(instruments) -> None:
    clip = make_clip()
    instruments.submitted(clip, "throttled", 0.2)
    instruments.submitted(clip, "accepted", 0.3)
    instruments.follows(clip, 1)
    instruments.ended(clip, "succeeded", Decimal("3.20"), 61.0)


@contextmanager
def collector_of_otlp():
    """A real OTLP endpoint: what was pushed to it, decoded."""
    pushed = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pushed.append((self.path, ExportMetricsServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", pushed
        server.shutdown()


def test_nothing_is_shown_unless_asked(tmp_path):
    with exporting("127.0.0.1", 0) as instruments:
        measure(instruments)


def test_a_port_shows_exactly_the_metrics_of_the_list():
    port = free_port()
    with exporting("127.0.0.1", port) as instruments:
        measure(instruments)
        seen = scrape(f"http://127.0.0.1:{port}/metrics")
    for metric in PROCESS:
        name = f"{metric.shown}_count" if metric.kind is MetricKind.HISTOGRAM else metric.shown
        assert next(set(dict(has)) for shown, has in seen if shown == name) == set(metric.labels), name
    known = {metric.shown for metric in PROCESS} | {"target_info"}
    assert {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name, _ in seen} == known
    assert value(seen, "reelmill_submits_total", outcome="throttled") == 1
    assert value(seen, "reelmill_charged_usd_total", category="Apparel & Accessories") == 3.2
    assert value(seen, "reelmill_generation_duration_seconds_bucket", le="60.0") == 0
    assert value(seen, "reelmill_generation_duration_seconds_bucket", le="90.0") == 1
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is given back


def test_a_taken_port_is_a_warning(caplog):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        exporting("127.0.0.1", taken.getsockname()[1]) as instruments,
    ):
        measure(instruments)
    assert "The run goes on" in caplog.text


def test_what_is_left_is_pushed_at_the_end(monkeypatch):
    with collector_of_otlp() as (url, pushed):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        with exporting("127.0.0.1", 0) as instruments:
            measure(instruments)
    path, request = pushed[-1]
    assert path == "/v1/metrics"
    (resource,) = request.resource_metrics
    told = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert told["service.name"] == "reelmill"
    names = {metric.name for scope in resource.scope_metrics for metric in scope.metrics}
    assert {metric.name for metric in PROCESS} <= names


def test_an_operator_may_name_the_service_and_turn_the_push_off(monkeypatch):
    with collector_of_otlp() as (url, pushed):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "night-shift")
        with exporting("127.0.0.1", 0) as instruments:
            measure(instruments)
        told = pushed[-1][1].resource_metrics[0].resource.attributes
        assert "night-shift" in {pair.value.string_value for pair in told}
        before = len(pushed)
        monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
        with exporting("127.0.0.1", 0) as instruments:
            measure(instruments)
        assert len(pushed) == before


def test_what_the_operator_says_of_the_process_wins_and_the_rest_is_ours(monkeypatch):
    with collector_of_otlp() as (url, pushed):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=job-7,service.namespace=shop")
        with exporting("127.0.0.1", 0) as instruments:
            measure(instruments)
    told = {pair.key: pair.value.string_value for pair in pushed[-1][1].resource_metrics[0].resource.attributes}
    assert (told["service.instance.id"], told["service.name"]) == ("job-7", "reelmill")


@pytest.mark.parametrize(
    "name", ["OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_PYTHON_EXPORTER_OTLP_HTTP_METRICS_CREDENTIAL_PROVIDER"]
)
def test_a_wrong_variable_is_a_warning(monkeypatch, caplog, name):
    port, before = free_port(), set(threading.enumerate())
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv(name, "zzz")
    with exporting("127.0.0.1", port) as instruments:
        pushing = {thread for thread in threading.enumerate() if "PeriodicExporting" in thread.name}
        assert pushing <= before
        measure(instruments)
    assert "an OTEL_* variable is wrong" in caplog.text
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is given back


def test_a_meter_provider_that_is_none_stops_nothing(monkeypatch):
    """In a process of its own: the library remembers what it found."""
    script = "from reelmill.telemetry.instruments import Instruments; Instruments.of_host().in_flight.add(1)"
    monkeypatch.setenv("OTEL_PYTHON_METER_PROVIDER", "zzz")
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)


def test_an_entry_of_the_headers_that_cannot_be_read_is_not_quoted(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key: S3CRET")
    monkeypatch.setattr("reelmill.telemetry.exporting._FLUSH_MS", 0)
    with exporting("127.0.0.1", 0):
        pass
    assert "OTEL_EXPORTER_OTLP_HEADERS" in caplog.text
    assert "S3CRET" not in caplog.text


def test_an_end_that_fails_is_a_warning(monkeypatch, caplog):
    monkeypatch.setattr("reelmill.telemetry.exporting._FLUSH_MS", 0)  # over before the first reader is asked
    with exporting("127.0.0.1", free_port()) as instruments:
        measure(instruments)
    assert "may not have been sent" in caplog.text


def test_a_silent_collector_takes_no_time_from_the_port(monkeypatch, caplog):
    monkeypatch.setattr("reelmill.telemetry.exporting._FLUSH_MS", 200)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with exporting("127.0.0.1", free_port()) as instruments:
            measure(instruments)
    assert "PrometheusMetricReader" not in caplog.text


def test_a_dead_collector_stops_nothing(monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with exporting("127.0.0.1", 0) as instruments:
        measure(instruments)
