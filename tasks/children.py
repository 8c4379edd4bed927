"""Child flow runs of the deployment that makes shards: created once each, looked at together, and called back.

Prefect links them to their parent in the UI, but does not cancel them with it: that is done here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, StateType
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Cancelling, Crashed

from reelmill.errors import FixConfiguration
from reelmill.planning.shards import Shard

__all__ = [
    "DEPLOYMENT",
    "Child",
    "call_back",
    "declare_dead",
    "look_at",
    "require_deployment",
    "start",
    "was_cancelled",
]

DEPLOYMENT = "make-shard/shard"
_AT_ONCE = 200  # the most flow runs that the API gives in one answer

_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}

T = TypeVar("T")


@dataclass(slots=True)
class Child:
    """A shard and the flow run that makes it. ``starts`` counts the flow runs that it has had.

    ``silent_since`` is the loop's time at which no sign of life of a running one was found first.
    """

    shard: Shard
    starts: int = 0
    flow_run_id: UUID | None = None
    state: State[Any] | None = None
    silent_since: float | None = None

    @property
    def may_run(self) -> bool:
        """Whether it was started and has not ended as far as Prefect knows."""
        return self.flow_run_id is not None and not (self.state is not None and self.state.is_final())


async def require_deployment() -> None:
    """Raises FixConfiguration if there is no deployment to make shards with."""
    async with get_client() as client:
        try:
            await client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            raise _not_deployed() from None


async def start(child: Child, output: str, settings: dict[str, Any]) -> None:
    """Create the child's next flow run; asked again after an answer that was lost, Prefect finds the first one.

    An API that does not answer is told, and asked again at the next look. Raises FixConfiguration without the
    deployment.
    """
    shard, number = child.shard, child.starts + 1
    again = f", start {number}" if number > 1 else ""
    try:
        created = await _patiently(
            lambda: arun_deployment(
                DEPLOYMENT,
                parameters={"shard": shard.to_dict(), "output": output, "settings": settings},
                flow_run_name=f"shard {shard.number} of {shard.run_id}{again}",
                idempotency_key=f"{shard.run_id}-shard-{shard.number}-{number}",
                tags=["reelmill", "shard"],
                timeout=0,
            )
        )
    except ObjectNotFound:
        raise _not_deployed() from None
    except PrefectHTTPStatusError as error:
        raise FixConfiguration(
            f"Prefect refuses a flow run of {DEPLOYMENT} ({error.response.status_code}).",
            "Deploy it again from the Reelmill that runs here: prefect deploy --name shard.",
        ) from None
    if created is not None:
        child.starts, child.flow_run_id, child.state, child.silent_since = number, created.id, created.state, None


async def look_at(children: Iterable[Child]) -> None:
    """Read how they stand. One that Prefect no longer knows has crashed; if nobody answers they stay as they were."""
    known = {child.flow_run_id: child for child in children if child.flow_run_id is not None}
    ids = list(known)
    for first in range(0, len(ids), _AT_ONCE):
        asked = ids[first : first + _AT_ONCE]
        found = await _patiently(lambda asked=asked: _read(asked))  # type: ignore[misc]  # bound per turn
        if found is None:
            return
        for flow_run_id in asked:
            known[flow_run_id].state = found.get(flow_run_id) or Crashed(message="Prefect knows this flow run no more.")


async def was_cancelled(child: Child) -> bool | None:
    """Whether somebody asked for its end, rather than its machine being taken away; None if nobody answers now.

    Prefect sets one that no machine has taken yet to Cancelled at once, without Cancelling; a machine that leaves
    in order ends one that was Running.
    """
    if child.flow_run_id is None:
        return False
    states = await _patiently(lambda: _states(child.flow_run_id))
    if states is None:
        return None
    history = [state.type for state in states]
    never_ran = history[-1:] == [StateType.CANCELLED] and StateType.RUNNING not in history
    return StateType.CANCELLING in history or never_ran


async def declare_dead(child: Child, why: str) -> None:
    """Record as crashed what Prefect, which heard nothing, would show as running for ever."""
    crashed: State[Any] = Crashed(message=why)
    await _set(child, crashed)
    child.state = crashed


async def call_back(children: Iterable[Child]) -> None:
    """Cancel every one that may run; it leaves what it has in flight."""
    for child in children:
        if child.may_run:
            begun = child.state is not None and (child.state.is_running() or child.state.is_pending())
            await _set(child, Cancelling() if begun else Cancelled(message="Its run has stopped."))


async def _set(child: Child, state: State[Any]) -> None:
    async def change() -> None:
        if child.flow_run_id is None:
            return
        async with get_client() as client:
            with contextlib.suppress(ObjectNotFound):  # somebody deleted it
                await client.set_flow_run_state(child.flow_run_id, state)

    await _patiently(change)


async def _read(ids: list[UUID]) -> dict[UUID, State[Any] | None]:
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)), limit=_AT_ONCE)
    return {run.id: run.state for run in runs}


async def _states(flow_run_id: UUID | None) -> list[State[Any]]:
    if flow_run_id is None:
        return []
    async with get_client() as client:
        return await client.read_flow_run_states(flow_run_id)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T | None:
    """None, and one line in the log, if the API does not answer now: clips go on being made meanwhile.

    Raises PrefectHTTPStatusError for an answer that would be the same again.
    """
    try:
        return await ask()
    except (httpx.TransportError, PrefectHTTPStatusError) as error:
        if isinstance(error, PrefectHTTPStatusError) and error.response.status_code in _REFUSALS:
            raise
        get_run_logger().warning("Prefect does not answer (%s); it is asked again.", type(error).__name__)
        return None


def _not_deployed() -> FixConfiguration:
    return FixConfiguration(
        f"Shards are made by the deployment {DEPLOYMENT}, which is not there.",
        "Run: prefect deploy --name shard; or set shard_clips to 0.",
    )
