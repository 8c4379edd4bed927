"""Blocking work in threads: a pool of its own for each kind, and whose log lines it writes."""

import asyncio
import os
import sys
import threading

import pytest

from reelmill.production.threads import Threads
from reelmill.telemetry.log_context import about, labels


@pytest.mark.parametrize(
    ("kind", "processors", "size"),
    [("submit", 2, 32), ("poll", 2, 32), ("ledger", 2, 8), ("media", 3, 3), ("media", 1, 1), ("media", None, 1)],
)
async def test_each_kind_of_work_has_so_many_threads_of_its_own(monkeypatch, kind, processors, size):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    all_at_work, go = threading.Barrier(size + 1), threading.Event()

    def work():
        if not go.is_set():
            all_at_work.wait(60)
            go.wait(60)
        return threading.current_thread().name

    with Threads() as threads:
        tasks = [asyncio.create_task(getattr(threads, kind)(work)) for _ in range(size)]
        await asyncio.to_thread(all_at_work.wait, 60)
        more = [asyncio.create_task(getattr(threads, kind)(work)) for _ in range(size)]
        await asyncio.sleep(0)  # all of them wait for a thread now
        go.set()
        names = await asyncio.gather(*tasks, *more)

    assert len(set(names)) == size
    assert {name.rpartition("_")[0] for name in names} == {kind}


@pytest.mark.parametrize("kind", ["submit", "poll", "ledger", "media"])
async def test_work_gets_its_arguments_and_the_labels_of_who_asked(kind):
    def work(*args, **kwargs):
        return args, kwargs, dict(labels())

    with Threads() as threads, about(run="r-1", sku="A"):
        assert await getattr(threads, kind)(work, 1, two=2) == ((1,), {"two": 2}, {"run": "r-1", "sku": "A"})


@pytest.mark.skipif(sys.platform != "linux", reason="only there threads have priorities of their own")
async def test_pictures_give_way_to_everything_else():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with Threads() as threads:
        others = {await run(priority) for run in (threads.submit, threads.poll, threads.ledger, threads.judge)}
        assert others == {priority()}
        assert await threads.media(priority) > priority()


@pytest.mark.parametrize("kind", ["submit", "poll", "ledger", "media"])
async def test_leaving_waits_for_work_that_nobody_awaits_any_more(kind):
    began, go, done = threading.Event(), threading.Event(), threading.Event()

    def work():
        began.set()
        go.wait(60)
        done.set()

    with Threads() as threads:
        task = asyncio.create_task(getattr(threads, kind)(work))
        await asyncio.to_thread(began.wait, 60)
        task.cancel()
        threading.Timer(0.05, go.set).start()  # by then we wait for the pool, or wrongly have not waited

    assert done.is_set()
