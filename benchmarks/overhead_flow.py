"""Make a feed's clips in one process: as Reelmill's flow, as a flow that submits each clip, or without Prefect.

python -m benchmarks.overhead_flow flow|submit|asyncio FEED OUTPUT

All three plan, book, make and account with the same functions of the engine; they differ in who runs a clip.
Prints what came of it as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.usage import peak_mib
from reelmill.jobs.accounting import RunReport, close_run, open_run
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.making import make_clips, planned_work
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.producer import Producer
from reelmill.production.results import Tally
from reelmill.settings import load_settings

__all__ = ["PLATFORM", "main"]

PLATFORM = "tiktok"  # one ratio: one clip for each product
_THREADS = 50  # of .submit, which without a bound starts up to one for every clip


def main(peer: str, feed: str, output: str) -> dict[str, float]:
    """Make everything; returns how many clips were delivered, and the most memory that this process held for it."""
    make = {"flow": _as_flow, "submit": _submit_each, "asyncio": _plain}[peer]
    report = make(feed, output)
    return {"made": report.made, "peak_mib": peak_mib(os.getpid())}


def _as_flow(feed: str, output: str) -> RunReport:
    """Reelmill's own flow for a catalog, as it is deployed."""
    from flows.catalog_run import catalog_run
    from flows.parameters import Catalog, Video

    report = asyncio.run(catalog_run(Catalog(feed=feed), Video(platforms=[PLATFORM]), output=output))
    assert isinstance(report, RunReport), report
    return report


def _plain(feed: str, output: str) -> RunReport:
    """What ``reelmill run`` does: the engine's own fan-out in one event loop."""
    with _Job.begun(feed, output) as job:
        producer = Producer(job.engine.studio(), job.run_id)
        works = planned_work((), job.spool)
        return job.end(asyncio.run(make_clips(job.engine, works, producer.produce)))


def _submit_each(feed: str, output: str) -> RunReport:
    """The usual fan-out in Prefect: a task for a clip, submitted for each of them, and all results awaited.

    A thread of the task runner waits while the engine makes its clip in one event loop beside them.
    """
    from prefect import flow, task
    from prefect.task_runners import ThreadPoolTaskRunner

    from reelmill.production.results import ClipResult
    from reelmill.production.work import Work

    with _Job.begun(feed, output) as job, _event_loop() as loop:
        producer = Producer(job.engine.studio(), job.run_id)

        @task(task_run_name="{work.clip.sku}")
        def produce_clip(work: Work) -> ClipResult | None:
            return asyncio.run_coroutine_threadsafe(producer.produce(work), loop).result()

        threads: Any = ThreadPoolTaskRunner(max_workers=_THREADS)  # its kind of future is not the one that flow names

        @flow(name="submit-each", task_runner=threads)
        def submit_each() -> None:
            futures = [produce_clip.submit(work) for work in planned_work((), job.spool)]
            for future in futures:
                if (result := future.result()) is not None:
                    tally.add(result)

        tally = Tally()
        submit_each()
        return job.end(tally)


@dataclass(frozen=True, slots=True)
class _Job:
    """A run whose plan is booked and whose clips are still to be made."""

    engine: Engine
    spool: Spool
    summary: PlanSummary
    run_id: str

    @classmethod
    @contextmanager
    def begun(cls, feed: str, output: str) -> Iterator[_Job]:
        with Engine(load_settings(), output) as engine, Spool() as spool:
            summary = plan_catalog(engine, CatalogRequest(feed=feed, platforms=(PLATFORM,)), spool)
            run_id = new_run_id()
            open_run(engine, run_id, summary, spool, {"command": "benchmark"})
            yield cls(engine, spool, summary, run_id)

    def end(self, tally: Tally) -> RunReport:
        """Close the books. Raises what stopped the run."""
        if self.engine.stop.error is not None:
            raise self.engine.stop.error
        return close_run(self.engine, self.run_id, self.summary, self.spool, tally)


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="engine")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
