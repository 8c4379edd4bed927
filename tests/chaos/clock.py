"""A wall clock that is wrong, for one process: ahead, behind, or set anew while it runs.

Only Python's own ways of asking for the time are changed; the simulator, Cloud Storage and a PostgreSQL server
keep their clocks, and the steady clock (``time.monotonic``) stays steady, as it does on a real machine.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["seconds_until_next_day", "seconds_until_next_month", "shift_clock"]

_REAL = dt.datetime
_OURS = ("reelmill", "flows", "tasks")


def shift_clock(seconds: float) -> Callable[[float], None]:
    """Put this process's wall clock ``seconds`` ahead of the truth; returns what moves it further (by seconds).

    For all of the process, and for good: only a worker of its own may do this. Modules of ours that took
    ``datetime`` or ``time.time`` by name get the wrong clock as well.
    """
    ahead = dt.timedelta(seconds=seconds)

    def move(by: float) -> None:
        nonlocal ahead
        ahead += dt.timedelta(seconds=by)

    real_time, real_time_ns = time.time, time.time_ns

    def wrong_time() -> float:
        return real_time() + ahead.total_seconds()

    def wrong_time_ns() -> int:
        return real_time_ns() + ahead // dt.timedelta(microseconds=1) * 1000

    wrong_datetime = _datetime_that_is(lambda: ahead)
    replaced = {id(_REAL): wrong_datetime, id(real_time): wrong_time, id(real_time_ns): wrong_time_ns}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _OURS:
            for attribute, value in list(vars(module).items()):
                if id(value) in replaced:
                    setattr(module, attribute, replaced[id(value)])
    # What is imported later takes these.
    time.time, time.time_ns = wrong_time, wrong_time_ns
    dt.datetime = wrong_datetime  # type: ignore[misc]
    return move


def _datetime_that_is(ahead: Callable[[], dt.timedelta]) -> type[dt.datetime]:
    """``datetime`` with another idea of now. Everything it makes is a real datetime, and counts as its own."""

    class Kind(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, _REAL)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, _REAL)

    class WrongDatetime(_REAL, metaclass=Kind):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return _REAL(*args, **kwargs)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            moment = (_REAL.now(dt.UTC) + ahead()).astimezone(tz)
            return moment if tz is not None else moment.replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    return WrongDatetime


def seconds_until_next_day() -> float:
    """From now to the next midnight UTC."""
    now = _REAL.now(dt.UTC)
    return _until(now, now.date() + dt.timedelta(days=1))


def seconds_until_next_month() -> float:
    """From now to the next first of a month, UTC."""
    now = _REAL.now(dt.UTC)
    return _until(now, (now.date().replace(day=1) + dt.timedelta(days=32)).replace(day=1))


def _until(now: dt.datetime, day: dt.date) -> float:
    return (_REAL.combine(day, dt.time(), dt.UTC) - now).total_seconds()
