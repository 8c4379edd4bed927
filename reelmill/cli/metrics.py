"""``reelmill metrics``: the ledger as a scrape endpoint for Prometheus, until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Annotated

from cyclopts import Parameter, validators

from reelmill.cli.options import settings_with
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.exposing import LedgerCollector
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps
from reelmill.telemetry.exporting import serve_registry

__all__ = ["metrics"]


def metrics(
    *,
    port: Annotated[
        int, Parameter(help="Port to listen on; 0 takes a free one.", validator=validators.Number(gte=0, lte=65_535))
    ] = 9464,
    host: Annotated[str, Parameter(help="Address to listen on; this machine alone by default.")] = "127.0.0.1",
) -> int:
    """Show the ledger to Prometheus at /metrics. One for each ledger is enough; it only reads."""
    from prometheus_client import CollectorRegistry

    settings = settings_with()
    stop = threading.Event()
    with Ledger.open_as_it_is(settings.ledger_url) as ledger:
        collector = LedgerCollector(ledger, Caps(day_usd=settings.cap_day_usd, month_usd=settings.cap_month_usd))
        collector.counts.read()  # the long read, before anybody waits for it
        registry = CollectorRegistry()
        registry.register(collector)
        try:
            shown, closing = serve_registry(registry, host, port)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise FixConfiguration(
                f"Port {port} of {host} cannot be listened on: {reason}.", "Give another --port or --host."
            ) from None
        with closing:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            at = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"The ledger's metrics: http://{at}:{shown}/metrics\n")
            sys.stdout.flush()
            stop.wait()
    return ExitCode.OK
