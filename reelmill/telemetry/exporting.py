"""How a process shows its instruments: pushed over OTLP, scraped from a port of its own, or not at all.

Nothing here may stop a run: what cannot be set up is told as a warning, and the run goes on unseen.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import reelmill
from reelmill.telemetry.instruments import METER, Instruments

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from prometheus_client import CollectorRegistry

__all__ = ["exporting", "serve_registry"]

log = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
_FLUSH_MS = 5_000
_INSTALL = "pip install 'reelmill[otel]'"


@contextmanager
def exporting(host: str, port: int) -> Iterator[Instruments]:
    """The instruments of this process, shown as long as the context lasts; what is left is sent at its end.

    They are pushed if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set, and scraped from ``port`` unless it is 0. A program
    that has set up an SDK of its own gets them there instead of a push.
    """
    push = _asked_to_push() and not _host_has_sdk()
    if not (push or port):
        yield Instruments.of_host()
        return
    try:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.resources import Resource
    except ImportError:
        log.warning("Metrics of this process are not shown: %s", _INSTALL)
        yield Instruments.of_host()
        return
    with ExitStack() as open_:
        readers = [*_pushed(push=push), *_scraped(open_, host, port)]
        if not readers:
            yield Instruments.of_host()
            return
        named = {"service.name": METER, "service.version": reelmill.__version__, "service.instance.id": _instance()}
        resource = Resource(named).merge(Resource.create()) if _names_itself() else Resource.create(named)
        provider = MeterProvider(readers, resource, shutdown_on_exit=False)
        open_.callback(provider.shutdown, timeout_millis=_FLUSH_MS)
        yield Instruments.of(provider.get_meter(METER, reelmill.__version__))


def serve_registry(registry: CollectorRegistry, host: str, port: int) -> tuple[int, ExitStack]:
    """Serve a registry over HTTP from a thread: the port, and what closes it. Raises OSError for a taken port."""
    from prometheus_client import start_http_server

    server, thread = start_http_server(port, host, registry)
    closing = ExitStack()
    closing.callback(thread.join)
    closing.callback(server.server_close)
    closing.callback(server.shutdown)
    return int(server.server_port), closing


def _asked_to_push() -> bool:
    return any(os.environ.get(name) for name in _ENDPOINTS) and os.environ.get("OTEL_METRICS_EXPORTER") != "none"


def _host_has_sdk() -> bool:
    from opentelemetry.metrics import get_meter_provider

    return type(get_meter_provider()).__module__.startswith("opentelemetry.sdk.")


def _pushed(*, push: bool) -> Iterator[MetricReader]:
    if not push:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        yield PeriodicExportingMetricReader(OTLPMetricExporter())
    except ImportError:
        log.warning("Metrics of this process are not pushed: %s", _INSTALL)
    except ValueError as error:
        log.warning("Metrics of this process are not pushed, because an OTEL_* variable is wrong: %s", error)


def _scraped(open_: ExitStack, host: str, port: int) -> Iterator[MetricReader]:
    if not port:
        return
    try:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from prometheus_client import CollectorRegistry
    except ImportError:
        log.warning("Metrics of this process cannot be scraped: %s", _INSTALL)
        return
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    try:
        _, closing = serve_registry(registry, host, port)
    except OSError as error:
        log.warning(
            "Metrics of this process cannot be scraped: port %d of %s is not to be had (%s). The run goes on.",
            port,
            host,
            error.strerror or type(error).__name__,
        )
        return
    open_.push(closing)
    yield reader


def _names_itself() -> bool:
    """Whether the operator gave the service a name; ours would win over it otherwise."""
    return "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")


def _instance() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
