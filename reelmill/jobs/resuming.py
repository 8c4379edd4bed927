"""What earlier processes left behind: taken over when they are gone, never paid again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reelmill.jobs.accounting import close_abandoned_runs
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from reelmill.production.owner import is_gone
from reelmill.production.work import Work

__all__ = ["TakenOver", "adopt_abandoned", "take_over", "take_over_of_run"]

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was taken over: clips to follow, how many others were never sent, and the runs that were ended.

    ``clip_ids`` are those of both kinds of clips.
    """

    works: tuple[Work, ...] = ()
    released: int = 0
    clip_ids: frozenset[str] = frozenset()
    closed_runs: tuple[str, ...] = ()


def take_over(engine: Engine) -> TakenOver:
    """Take over every open clip of this output whose worker is gone or silent past its lease.

    Clips never sent are released (they are planned again like new ones); the others are only to be followed.
    Runs of workers that are gone are ended.
    """
    taken = take_over_of_run(engine, None)
    return replace(taken, closed_runs=tuple(close_abandoned_runs(engine)))


def take_over_of_run(engine: Engine, run_id: str | None) -> TakenOver:
    """The same for the clips of one run (None: of every run), which goes on itself; no run is ended."""
    works = []
    released = 0
    clip_ids = set()
    for intent in _adopted(engine, run_id):
        clip_ids.add(intent.clip_id)
        if intent.state is State.AUTHORISED:
            released += engine.ledger.release(intent.intent_id, owner=engine.owner)
        elif (clip := engine.ledger.clip(intent.clip_id)) is not None:
            works.append(Work(clip, intent))
    return TakenOver(tuple(works), released, frozenset(clip_ids))


def adopt_abandoned(engine: Engine) -> list[Work]:
    """The clips to follow of :func:`take_over`."""
    return list(take_over(engine).works)


def _adopted(engine: Engine, run_id: str | None) -> Iterator[Intent]:
    while batch := engine.ledger.adopt(
        owner=engine.owner,
        lease_s=engine.settings.lease_s,
        is_gone=lambda owner: owner != engine.owner and is_gone(owner),
        output=engine.storage.root,
        run_id=run_id,
        limit=_BATCH,
    ):
        yield from batch
