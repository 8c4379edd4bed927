"""Making a run's clips with the one fan-out loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from reelmill.jobs.engine import Engine
from reelmill.planning.actions import PlannedClip
from reelmill.planning.spool import Spool
from reelmill.production.fanout import fan_out
from reelmill.production.results import ClipResult, Tally
from reelmill.production.work import Work

__all__ = ["Produce", "ProduceGroup", "make_clips", "make_in_groups", "planned_work", "work_of"]

Produce = Callable[[Work], Awaitable[ClipResult | None]]
ProduceGroup = Callable[[Sequence[Work], int], Awaitable[Tally]]


def planned_work(resumed: Iterable[Work], spool: Spool, *, first: int | None = None) -> Iterator[Work]:
    """What earlier runs left on its way, then what this plan makes: all of it, or the ``first`` clips only."""
    return chain(resumed, map(work_of, islice(spool.planned_clips(), first)))


def work_of(planned: PlannedClip) -> Work:
    """What the fan-out takes."""
    return Work(
        planned.clip,
        again=planned.again,
        after=planned.after,
        soften=planned.soften,
        sources=planned.sources,
        draft=planned.draft,
    )


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


async def make_in_groups(engine: Engine, works: Iterable[Work], produce_group: ProduceGroup, *, size: int) -> Tally:
    """Produce the clips in groups of ``size``, numbered from 1, enough of them at once to fill what may be in flight.

    A group ends with its slowest clip, so twice as many run as would fill it; ``produce_group`` keeps the bound
    on single clips.
    """
    tally = Tally()
    iterator = iter(works)
    groups = enumerate(iter(lambda: list(islice(iterator, size)), []), start=1)
    at_once = max(2, 2 * engine.settings.in_flight // size)

    async def produce(numbered: tuple[int, list[Work]]) -> Tally:
        number, group = numbered
        return await produce_group(group, number)

    await fan_out(groups, produce, in_flight=at_once, stop=engine.stop, on_result=tally.merge)
    return tally
