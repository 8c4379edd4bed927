"""Making a run's clips with the one fan-out loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import chain

from reelmill.jobs.engine import Engine
from reelmill.planning.spool import Spool
from reelmill.production.fanout import fan_out
from reelmill.production.results import ClipResult, Tally
from reelmill.production.work import Work

__all__ = ["Produce", "make_clips", "planned_work"]

Produce = Callable[[Work], Awaitable[ClipResult | None]]


def planned_work(resumed: Iterable[Work], spool: Spool) -> Iterator[Work]:
    """First what earlier runs left on its way, then what this plan makes."""
    return chain(resumed, (Work(planned.clip, again=planned.again) for planned in spool.planned_clips()))


async def make_clips(
    engine: Engine,
    works: Iterable[Work],
    produce: Produce,
    *,
    on_result: Callable[[ClipResult], None] | None = None,
) -> Tally:
    """Produce every clip, a bounded number in flight; stops at a cap, an error or a request to stop."""
    tally = Tally()

    def count(result: ClipResult) -> None:
        tally.add(result)
        if on_result is not None:
            on_result(result)

    await fan_out(works, produce, in_flight=engine.settings.in_flight, stop=engine.stop, on_result=count)
    return tally
