"""The simulator as a process: wire its parts, listen, run until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

from reelmill.errors import FixConfiguration, ReelmillError, TryLater
from reelmill.simulator.arguments import parse_arguments
from reelmill.simulator.faults import FaultPlan
from reelmill.simulator.http import start_server
from reelmill.simulator.journal import Journal
from reelmill.simulator.judges import Judges
from reelmill.simulator.models import PriceList
from reelmill.simulator.operations import Operations
from reelmill.simulator.options import SimulatorOptions
from reelmill.simulator.routes import Routes
from reelmill.simulator.store import ObjectStore

__all__ = ["main", "run"]


def run(options: SimulatorOptions) -> None:
    """Serve until SIGTERM or SIGINT. Raises FixConfiguration or TryLater if it cannot start."""
    prices = PriceList.load()
    unknown = [name for name in (*options.models, *options.listed_only) if name not in prices.models]
    if unknown:
        raise FixConfiguration(
            f"The simulator has no price for {', '.join(unknown)}.", f"Choose from: {', '.join(prices.models)}."
        )
    journal = Journal(options.journal)
    try:
        asyncio.run(_serve(options, prices, journal))
    finally:
        journal.close()


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    try:
        run(parse_arguments(argv))
    except ReelmillError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command line speaks to a person
        return error.exit_code
    return 0


async def _serve(options: SimulatorOptions, prices: PriceList, journal: Journal) -> None:
    plan = FaultPlan(options.seed, options.faults)
    store = ObjectStore(options.storage_url)
    operations = Operations(options, plan, journal, store, prices.price_as_of)
    judges = Judges(store, journal, prices.price_as_of)
    routes = Routes(options, plan, prices, operations, judges=judges, journal=journal)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        server, port = await start_server(routes.answer, options.host, options.port)
    except OSError as error:
        raise TryLater(
            f"The simulator cannot listen on {options.host}:{options.port} ({error.strerror}).",
            "Free that port or choose another with --port.",
        ) from None
    print(f"reelmill simulator listening on http://{options.host}:{port}", flush=True)  # noqa: T201  # the ready line
    await stopped.wait()
    server.close()
    await operations.close()
    store.close()
