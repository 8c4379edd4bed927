"""Looking at clips that runs have settled unseen, on whatever machine has processors to spare."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork, stitch_films
from reelmill.jobs.projections import bring_up_to_date
from reelmill.ledger.records import Intent
from reelmill.production.fanout import fan_out
from reelmill.production.inspecting import inspect_settled
from reelmill.production.results import ClipResult, Tally
from reelmill.settings import InspectDepth

__all__ = ["LookedAt", "inspect_unseen"]


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a round of looking came to: its clips, the films' turn, and the clips that are left since it was stopped."""

    tally: Tally
    films: FilmWork
    left: int = 0


async def inspect_unseen(
    engine: Engine, *, run_id: str | None = None, on_result: Callable[[ClipResult], None] | None = None
) -> LookedAt:
    """Look at every delivered clip of this output that nobody has looked at, and make its renditions; pays nothing.

    Then the films that are whole are stitched.

    Any number of workers may do it at once: each clip is one worker's until it is done or its worker falls silent.
    Tables and galleries of the runs are brought up to date. Raises FixConfiguration if nothing is to be looked at.
    """
    settings = engine.settings
    if settings.inspect is InspectDepth.OFF:
        raise FixConfiguration("The setting inspect is off.", "Set it to full, or to header.")
    studio, tally = engine.studio(), Tally()

    def unseen() -> Iterator[tuple[Clip, Intent]]:
        last: Intent | None = None
        while True:
            taken = engine.ledger.take_unseen(
                owner=engine.owner,
                lease_s=settings.lease_s,
                output=engine.storage.root,
                run_id=run_id,
                limit=1,
                after=last,
            )
            yield from taken
            if not taken and last is None:
                return
            last = taken[-1][1] if taken else None  # at the end once more from the start: others may have fallen silent

    async def look(item: tuple[Clip, Intent]) -> ClipResult:
        return await inspect_settled(studio, *item)

    def count(result: ClipResult) -> None:
        tally.add(result)
        if on_result is not None:
            on_result(result)

    at_once = settings.media_workers or os.cpu_count() or 1
    films = FilmWork()
    try:
        await fan_out(unseen(), look, in_flight=at_once, stop=engine.stop, on_result=count)
        films = await stitch_films(engine, looking=True)
    finally:  # what was looked at before an error stays looked at: nothing else would write it
        bring_up_to_date(engine, {*tally.runs, *films.run_ids})
    if engine.stop.error is not None:
        raise engine.stop.error
    left = engine.ledger.count_unseen(output=engine.storage.root, run_id=run_id) if engine.stop.requested else 0
    return LookedAt(tally, films, left)
