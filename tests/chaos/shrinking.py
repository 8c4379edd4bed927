"""Shrinking a schedule that fails to one that still does, and from which nothing more can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.chaos.schedule import Schedule, Step

__all__ = ["shrink"]

T = TypeVar("T")


def shrink(schedule: Schedule, fails: Callable[[Schedule], bool], *, budget: int = 60) -> Schedule:
    """The smallest failing schedule found with at most ``budget`` questions to ``fails``.

    Whole runs of steps are left out first, then single ones; then products, faults and what adorns a step. ``fails``
    may be unsure: a failure that it misses only makes the result longer.
    """
    asked = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(schedule):
            if asked == budget:
                return schedule
            asked += 1
            if fails(candidate):
                schedule, smaller = candidate, True
                break
    return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Every schedule that says a little less, those first that say much less."""
    for steps in _without_some(schedule.steps):
        yield replace(schedule, steps=steps)
    for products in _without_some(schedule.products):
        if products:
            yield replace(schedule, products=products, cap=min(schedule.cap, len(products)))
    if schedule.cap:
        yield replace(schedule, cap=0)
    for number, product in enumerate(schedule.products):
        if product:
            yield replace(schedule, products=_with(schedule.products, number, ""))
    for number, step in enumerate(schedule.steps):
        for plainer in _plainer(step):
            yield replace(schedule, steps=_with(schedule.steps, number, plainer))


def _without_some(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Without its half, its quarters, and so on down to without a single one; the later ones go first."""
    size = max(1, len(items) // 2)
    while items:
        for end in range(len(items), 0, -size):
            yield items[: max(0, end - size)] + items[end:]
        if size == 1:
            return
        size //= 2


def _plainer(step: Step) -> Iterator[Step]:
    if step.clock_s:
        yield replace(step, clock_s=0, jump_at=0)
    if step.jump_at:
        yield replace(step, jump_at=0)
    if step.unresolved:
        yield replace(step, unresolved=False)
    if step.signal:
        yield replace(step, signal="", event=0)
    if step.times > 1:
        yield replace(step, times=1)


def _with(items: Sequence[T], number: int, item: T) -> tuple[T, ...]:
    return (*items[:number], item, *items[number + 1 :])
