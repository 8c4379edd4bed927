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
from reelmill.scrub import scrub
from reelmill.telemetry.hush import hush_libraries
from reelmill.telemetry.instruments import METER, Instruments

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
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
    with ExitStack() as open_:
        yield _set_up(open_, host, port)


def _set_up(open_: ExitStack, host: str, port: int) -> Instruments:
    try:
        with ExitStack() as opening:
            provider = _provider(opening, host, port)
            instruments = Instruments.of(provider.get_meter(METER, reelmill.__version__)) if provider else None
            open_.push(opening.pop_all())
    except ImportError:
        log.warning("Metrics of this process are not shown: %s", _INSTALL)
    except Exception as error:  # noqa: BLE001 - variables, and what they name, may be wrong in any way
        log.warning("Metrics of this process are not shown, because an OTEL_* variable is wrong: %s", scrub(error, 200))
    else:
        if instruments is not None:
            return instruments
    return Instruments.of_host()


def _provider(open_: ExitStack, host: str, port: int) -> MeterProvider | None:
    push = _asked_to_push() and not _host_has_sdk()
    if not (push or port):
        return None
    from opentelemetry.sdk.metrics import MeterProvider

    # Shut down in this order: a push to a collector that is away takes all the time that there is.
    readers = [*_scraped(open_, host, port), *_pushed(push=push)]
    if not readers:
        return None
    try:
        provider = MeterProvider(readers, _resource(), shutdown_on_exit=False)
    except Exception:
        for reader in readers:  # one that pushes has a thread already, which would complain every minute
            reader.shutdown()
        raise
    open_.callback(_shut_down, provider)
    return provider


def _shut_down(provider: MeterProvider) -> None:
    try:
        provider.shutdown(timeout_millis=_FLUSH_MS)
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower, and the run is finished
        log.warning("The last metrics of this process may not have been sent: %s", scrub(error, 200))


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
    hush_libraries()
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        yield PeriodicExportingMetricReader(OTLPMetricExporter())
    except ImportError:
        log.warning("Metrics of this process are not pushed: %s", _INSTALL)
    except Exception as error:  # noqa: BLE001 - whatever a variable names may be wrong; the port may still be scraped
        log.warning(
            "Metrics of this process are not pushed, because an OTEL_* variable is wrong: %s", scrub(error, 200)
        )


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


def _resource() -> Resource:
    """What the operator says of this process, and our words where nothing was said."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    ours = {"service.name": METER, "service.version": reelmill.__version__, "service.instance.id": _instance()}
    return Resource.create(ours).merge(OTELResourceDetector().detect())


def _instance() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
