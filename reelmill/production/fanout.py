"""The one fan-out loop: many items, a bounded number in flight, memory flat in how many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from reelmill.errors import RaiseCap, ReelmillError
from reelmill.production.stop import StopSignal

__all__ = ["fan_out"]

Item = TypeVar("Item")
Result = TypeVar("Result")


async def fan_out(
    items: Iterable[Item],
    produce: Callable[[Item], Awaitable[Result | None]],
    *,
    in_flight: int,
    stop: StopSignal,
    on_result: Callable[[Result], None],
) -> None:
    """Run ``produce`` over ``items``, at most ``in_flight`` at a time, until done or stopped.

    A ReelmillError is kept as the reason in ``stop``: at a cap nothing new begins and what holds a reservation
    goes on; any other one stops new submits. An unexpected exception does that too and is raised at the end.
    ``produce`` returns None for an item it did not start.
    """
    iterator = iter(items)

    async def worker() -> None:
        for item in iterator:
            if stop.closed:
                return
            try:
                result = await produce(item)
            except RaiseCap as error:
                stop.close(error)
                return
            except ReelmillError as error:
                stop.request(error)
                return
            except Exception as error:
                stop.request(error)
                raise
            if result is not None:
                on_result(result)

    outcomes = await asyncio.gather(*(worker() for _ in range(in_flight)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
