"""Step: many clips in one task run, shown in a table artifact (see :mod:`tasks.grouping` for when)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from prefect.artifacts import acreate_table_artifact
from prefect.logging import get_run_logger

from reelmill.cli.printing import money
from reelmill.jobs.engine import Engine
from reelmill.jobs.making import Produce, ProduceGroup, make_clips
from reelmill.production.leaving import unless_left
from reelmill.production.producer import Producer
from reelmill.production.results import ClipResult, Tally
from reelmill.production.work import Work
from tasks.clip_rows import clip_row
from tasks.publish import publish
from tasks.step import step, whole
from tasks.wording import plain

__all__ = ["group_runs", "produce_group"]

_CLIPS_KEY = "reelmill-clips"


@step("produce clips", task_run_name="{label}")
async def produce_group(
    label: str,  # names the task run
    engine: Engine,
    works: Sequence[Work],
    produce: Produce,
    on_result: Callable[[ClipResult], None],
) -> Tally:
    """Make or resume these clips; the table lists what became of each."""
    rows: list[dict[str, str]] = []

    def note(result: ClipResult) -> None:
        rows.append(clip_row(result))
        on_result(result)

    tally = await make_clips(engine, works, produce, on_result=note)
    get_run_logger().info(
        "%s: %s; %s.",
        label,
        ", ".join(f"{count} {state}" for state, count in sorted(tally.counts.items())) or "nothing was started",
        money(tally.spent_usd),
    )
    if rows:
        table = acreate_table_artifact(rows, key=_CLIPS_KEY, description=plain(label))
        await unless_left(engine.stop, publish(table))
    return tally


def group_runs(engine: Engine, producer: Producer, on_result: Callable[[ClipResult], None]) -> ProduceGroup:
    """The fan-out's function: produce each group in a task run, all groups together within ``in_flight``."""
    in_flight = asyncio.Semaphore(engine.settings.in_flight)

    async def produce(work: Work) -> ClipResult | None:
        async with in_flight:
            return await producer.produce(work)

    async def produce_numbered(works: Sequence[Work], number: int) -> Tally:
        first, last = works[0].clip.sku, works[-1].clip.sku
        label = f"Group {number}: {len(works)} clips, {first} to {last}"
        return await produce_group(label, whole(engine), whole(works), whole(produce), whole(on_result))

    return produce_numbered
