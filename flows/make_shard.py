"""Flow: one shard of another run's plan, on whatever machine takes it. That run starts it; nobody needs to."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from reelmill.cli.printing import money
from reelmill.errors import RaiseCap, ReelmillError, TryLater
from reelmill.jobs.engine import Engine
from reelmill.planning.shards import Shard
from reelmill.production.results import Tally
from reelmill.settings import load_settings
from tasks.fleet import REFUSED
from tasks.make import make
from tasks.shards import open_one
from tasks.step import whole
from tasks.stopping import leaving_with_run
from tasks.workshop import workshop

__all__ = ["make_shard"]


@flow(name="make-shard", persist_result=False, retries=0)
async def make_shard(shard: dict[str, Any], output: str, settings: dict[str, Any]) -> State[Any]:
    """Make the clips of one shard under its run's id: same ledger, same output, same caps.

    Args:
        shard: Which one, and the digest of its file.
        output: Where videos go: the output of the run.
        settings: What is in force for the run. Secrets come from the worker's own environment.
    """
    try:
        part = Shard(**shard)
        with workshop(load_settings(**settings), output) as engine:
            works = await open_one(whole(engine), whole(part))
            async with leaving_with_run(engine, part.run_id):
                tally, _ = await make(engine, part.run_id, works, len(works))
            return _ended(engine, tally)
    except ReelmillError as error:
        return _failed(error)


def _ended(engine: Engine, tally: Tally) -> State[Any]:
    """For people, and for the run to know whether it is worth starting again. What was made, it reads in the ledger."""
    stop = engine.stop
    states = ", ".join(f"{count} {state}" for state, count in sorted(tally.counts.items())) or "nothing to make"
    told = f"{states}; {tally.by_others} made by others; spent {money(tally.spent_usd)}."
    if isinstance(stop.error, RaiseCap):
        return Completed(name="StoppedAtCap", message=f"{stop.error} {told}")
    if isinstance(stop.error, ReelmillError):
        return _failed(stop.error)
    if stop.requested:
        return Cancelled(message=f"Stopped. {told}")
    return Completed(message=told)


def _failed(error: ReelmillError) -> State[Any]:
    again = isinstance(error, TryLater)
    return Failed(name="Failed" if again else REFUSED, message=str(error), data=error)
