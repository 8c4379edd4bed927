"""Chains of scenes: what continues a scene is made once that one is delivered, in the same run, link by link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator

from reelmill.jobs.engine import Engine
from reelmill.jobs.making import work_of
from reelmill.ledger.listed import chunks
from reelmill.planning.spool import Spool
from reelmill.production.chaining import continued_videos
from reelmill.production.results import Tally
from reelmill.production.work import Work

__all__ = ["MakeSome", "make_links"]

_CHUNK = 200


MakeSome = Callable[[Iterable[Work], int], Awaitable[Tally]]
"""Makes works, of which there are so many at most; what became of them."""


async def make_links(engine: Engine, spool: Spool, make: MakeSome, tally: Tally) -> None:
    """Make the scenes of a plan that continue others, those nearest to the start of their chains first.

    What became of them is counted in ``tally``. A scene without a video to continue is not begun: its film waits, and
    the next run plans it again.
    """
    for number, total in sorted(spool.link_counts.items()):
        if engine.stop.closed:
            return
        tally.merge(await make(_works(engine, spool, number, tally), total))


def _works(engine: Engine, spool: Spool, number: int, tally: Tally) -> Iterator[Work]:
    for chunk in chunks(spool.links(number), _CHUNK):
        before = [planned.clip.request.continues or "" for planned in chunk]
        there = continued_videos(engine.ledger, before, output=engine.storage.root, inspect=engine.settings.inspect)
        works = [work_of(planned) for planned in chunk if planned.clip.request.continues in there]
        tally.not_begun += len(chunk) - len(works)
        yield from works
