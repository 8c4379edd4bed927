"""Step: one clip, one task run, named by SKU and ratio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from reelmill.errors import RaiseCap
from reelmill.jobs.making import Produce
from reelmill.production.producer import Producer
from reelmill.production.results import ClipResult
from reelmill.production.work import Work
from tasks.events import clip_ended, clip_sent
from tasks.grouping import Pace
from tasks.outcomes import clip_state, not_started
from tasks.step import step, whole

__all__ = ["clip_runs", "produce_clip"]

_WAITING = 16  # task runs whose clip is not sent yet; the others are shown when it is their turn


@step("produce clip", task_run_name="{sku} {ratio}")
async def produce_clip(
    sku: str,  # noqa: ARG001  # names the task run
    ratio: str,  # noqa: ARG001  # same
    producer: Producer,
    work: Work,
    on_sent: Callable[[], None],
) -> Any:
    """Make or resume one clip; the caller gets a ClipResult, or None if it was not started.

    The state of the task run says what became of the clip (see :mod:`tasks.outcomes`), and so do its events.
    """

    def sent() -> None:
        if work.intent is None:
            clip_sent(producer.run_id, work)
        on_sent()

    try:
        result = await producer.produce(work, on_sent=sent)
    except RaiseCap as error:
        return not_started(error, str(error))
    if result is None:
        return not_started(None)
    clip_ended(result)
    return clip_state(result)


def clip_runs(producer: Producer) -> Produce:
    """The fan-out's function: produce each clip in a task run of its own, shown from when it is prepared."""
    waiting = asyncio.Semaphore(_WAITING)
    pace = Pace()

    async def produce(work: Work) -> ClipResult | None:
        await waiting.acquire()
        leave = _once(waiting.release)
        try:
            await pace.turn()
            if producer.studio.stop.requested and work.intent is None:
                return None
            result: ClipResult | None = await produce_clip(
                work.clip.sku, work.clip.request.aspect_ratio.value, whole(producer), whole(work), leave
            )
        finally:
            leave()
        return result

    return produce


def _once(release: Callable[[], None]) -> Callable[[], None]:
    """Call ``release`` the first time only."""
    pending = [release]

    def call() -> None:
        if pending:
            pending.pop()()

    return call
