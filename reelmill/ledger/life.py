"""Signs of life of runs: how a run that nobody works on any more is told from one that is only slow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from reelmill.ledger.database import Database
from reelmill.ledger.listed import mostly
from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.runs import query_runs
from reelmill.ledger.schema import intents, runs
from reelmill.ledger.states import State

__all__ = ["UnfinishedRun", "show_life", "unfinished_runs"]

_OPEN = [state for state in State if state.open]


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that says it goes on. ``silent_s`` is how long ago its process last showed life, in seconds.

    ``leases`` are the owners of its open intents, each with the seconds since its longest lease lapsed
    (negative while one holds).
    """

    run: Run
    silent_s: float
    leases: dict[str, float]


def show_life(database: Database, run_id: str) -> None:
    """Record that the run's process lives. A run that has ended stays as it is."""
    with database.writing() as connection:
        going_on = (runs.c.run_id == run_id) & (runs.c.status == RunStatus.RUNNING)
        connection.execute(update(runs).where(going_on).values(alive_at=database.now(connection)))


def unfinished_runs(database: Database, *, output: str) -> list[UnfinishedRun]:
    """The runs of an output that have not ended, with their signs of life, newest first."""
    going_on = (runs.c.output == output, runs.c.status == RunStatus.RUNNING)
    with database.reading() as connection:
        now = database.now(connection)
        found = list(query_runs(connection, *going_on))
        seen = dict(connection.execute(select(runs.c.run_id, runs.c.alive_at).where(*going_on)).tuples().all())
        leases: dict[str, dict[str, float]] = {}
        longest = func.max(intents.c.lease_until, type_=intents.c.lease_until.type)
        held = (
            select(intents.c.run_id, intents.c.owner, longest)
            .where(mostly(intents.c.run_id.in_([run.run_id for run in found])), intents.c.state.in_(_OPEN))
            .group_by(intents.c.run_id, intents.c.owner)
        )
        for run_id, owner, until in connection.execute(held):
            leases.setdefault(run_id, {})[owner] = _since(until, now)
    return [
        UnfinishedRun(run, _since(seen.get(run.run_id) or run.started_at or now, now), leases.get(run.run_id, {}))
        for run in found
    ]


def _since(moment: datetime, now: datetime) -> float:
    return (now - moment).total_seconds()
