"""What every task of ours has in common, said once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed
from prefect.utilities.annotations import quote

from reelmill.errors import ReelmillError

__all__ = ["step", "whole"]

P = ParamSpec("P")
R = TypeVar("R")


def step(
    name: str, *, task_run_name: str | None = None
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Make a task of an async function; its runs are called ``task_run_name``, or else ``name``.

    It is never cached, stored or retried: the ledger decides what is done already. A ReelmillError becomes a
    Failed state with its message, without a traceback, and is raised in the flow. A function that returns a
    state ends its task run in it; the caller gets (or, if it is an error, is raised) the data of that state.
    """

    def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(function)
        async def run(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return await function(*args, **kwargs)
            except ReelmillError as error:
                return Failed(message=str(error), data=error)

        options = task(
            name=name, task_run_name=task_run_name or name, cache_policy=NO_CACHE, persist_result=False, retries=0
        )
        made: Callable[..., Awaitable[State[Any]]] = options(run)

        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> R:
            state = await made(*args, **kwargs, return_state=True)
            outcome = await state.aresult(raise_on_failure=False)
            if isinstance(outcome, BaseException):
                raise outcome
            return cast("R", outcome)

        return call

    return decorate


def whole(value: R) -> R:
    """Hand ``value`` to a task as it is: without this Prefect looks into every field of every argument."""
    return cast("R", quote(value))
