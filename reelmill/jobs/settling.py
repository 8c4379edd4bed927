"""Settling: bring every open intent to a final state by looking, never by paying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reelmill.errors import ReelmillError
from reelmill.jobs.delivering import delivering
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork, stitch_films
from reelmill.jobs.making import make_clips
from reelmill.jobs.projections import tables_or_trouble
from reelmill.jobs.resuming import TakenOver, take_over
from reelmill.ledger.states import State
from reelmill.production.producer import Producer
from reelmill.production.results import ClipResult, Tally
from reelmill.production.work import Work

__all__ = ["Settled", "settle"]

_DOUBTFUL = (State.LOST, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was looked at, what became of it, and what other live workers still hold.

    ``released`` counts clips that a worker now gone had never sent; ``closed_runs`` are the runs that ended with
    their workers. ``trouble`` is what kept tables from being written, else the first error that kept a clip from being
    looked at or the films from being stitched; such clips stay as they were. ``films`` are those that were stitched
    now, and those that wait. ``known`` of the clips were lost or expired before, and still are: nobody is told anew.
    """

    tally: Tally
    looked_at: int
    left: int
    held_by_others: int
    tables: tuple[str, ...]
    trouble: ReelmillError | None = None
    released: int = 0
    closed_runs: tuple[str, ...] = ()
    films: FilmWork = field(default_factory=FilmWork)
    known: int = 0


async def settle(
    engine: Engine,
    *,
    wait: bool = True,
    adopted: Sequence[Work] | None = None,
    on_result: Callable[[ClipResult], None] | None = None,
) -> Settled:
    """Settle this output: follow what is open to its end (or look once), and look again for lost and expired clips.

    ``adopted`` is what the caller has taken over already; without it, what others have left is taken over now.
    Films that have all their scenes now are stitched. What is due to be told is told.
    """
    with delivering(engine):
        return await _settle(engine, wait=wait, adopted=adopted, on_result=on_result)


async def _settle(
    engine: Engine, *, wait: bool, adopted: Sequence[Work] | None, on_result: Callable[[ClipResult], None] | None
) -> Settled:
    studio, ledger = engine.studio(), engine.ledger
    producer = Producer(studio, run_id="")
    taken = take_over(engine) if adopted is None else TakenOver(tuple(adopted))
    works = list(taken.works)
    ours = {work.intent.intent_id for work in works if work.intent is not None}
    others = sum(
        intent.intent_id not in ours
        for _, intent in ledger.intents(states=[state for state in State if state.open], output=studio.storage.root)
    )
    doubtful = [Work(clip, intent) for clip, intent in ledger.intents(states=_DOUBTFUL, output=studio.storage.root)]

    trouble: list[ReelmillError] = []
    known: list[str] = []

    async def look(work: Work) -> ClipResult | None:
        if work.intent is None:
            return None
        try:
            intent = await producer.look(work.clip, work.intent)
            if intent.state.open and wait:
                return await producer.follow(work.clip, intent)
        except ReelmillError as error:  # this clip stays as it is; the others are still looked at
            trouble.append(error)
            return None
        if intent.state is work.intent.state and intent.state in _DOUBTFUL:
            known.append(intent.intent_id)
        return ClipResult.of(work.clip, intent)

    tally = await make_clips(engine, [*works, *doubtful], look, on_result=on_result)
    looked_at, due = sum(tally.counts.values()), len(works) + len(doubtful)
    films = FilmWork()
    try:
        films = await stitch_films(engine)
    except ReelmillError as error:  # what was charged is written all the same
        trouble.append(error)
    tables, unwritten = tables_or_trouble(engine, {*tally.runs, *films.run_ids})
    return Settled(
        tally=tally,
        looked_at=looked_at,
        left=due - looked_at,
        held_by_others=others,
        tables=tuple(tables),
        trouble=unwritten or next(iter(trouble), None),
        released=taken.released,
        closed_runs=taken.closed_runs,
        films=films,
        known=len(known),
    )
