"""A run over many machines, as the flow run that planned it looks after it.

Child flow runs make the shards; the run itself makes what no shard may hold, follows what dead children left in
flight, and at the end makes whatever is still due. What became of a clip it reads from the ledger alone; what Prefect
says of a child only decides whether that child is started once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prefect.client.schemas.objects import StateType
from prefect.logging import get_run_logger

from reelmill.errors import ReelmillError, TryLater
from reelmill.jobs.accounting import ending_status
from reelmill.jobs.engine import Engine
from reelmill.jobs.making import Produce, make_clips, work_of
from reelmill.jobs.resuming import take_over_of_run
from reelmill.jobs.run_tally import tally_so_far
from reelmill.jobs.shards import due, planned_in, settings_of_child
from reelmill.ledger.records import RunStatus
from reelmill.ledger.states import State
from reelmill.planning.actions import PlannedClip
from reelmill.planning.shards import Shard
from reelmill.production.fanout import fan_out
from reelmill.production.results import ClipResult, Tally
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from tasks.children import Child, call_back, declare_dead, look_at, start, was_cancelled
from tasks.progress import Progress

__all__ = ["REFUSED", "Fleet"]

REFUSED = "Refused"
"""The state name of a child that ended with an error which it would meet again."""

_STARTS = 3
_LOOK_S = 2.0
_STARTING_S = 900.0  # a cluster may have to add a machine and fetch the image first
_CALLED_BACK_S = 15.0  # a process that is cancelled is killed after 30
_IDLE_S = 60.0
_OPEN = [state for state in State if state.open]


@dataclass(slots=True)
class Fleet:
    """Sees to it that every shard of a run is made. ``others`` counts clips of earlier runs that were brought home."""

    engine: Engine
    run_id: str
    produce: Produce
    progress: Progress
    children: list[Child]
    others: Tally = field(default_factory=Tally)
    _waiting: list[Child] = field(init=False)
    _given_up: list[Child] = field(default_factory=list)
    _troubles: list[ReelmillError] = field(default_factory=list)
    _following: list[asyncio.Task[None]] = field(default_factory=list)
    _next_check: float = 0.0
    _idle_since: float | None = None

    def __post_init__(self) -> None:
        self._waiting = list(self.children)

    async def make(self, own: Iterable[Work]) -> None:
        """Until every clip has come to its end, the run is stopped, or a shard is given up.

        ``own`` is what the run makes itself, beside its children. The engine's stop signal says why it stopped.
        """
        making = asyncio.create_task(self._make(own))
        called_back = False
        try:
            await self._attend()
            if called_back := self.engine.stop.requested:
                await self._call_back(ending_status(self.engine))
            await making
            await self._finish()
        except BaseException as error:
            self.engine.stop.leave()
            await asyncio.gather(making, *self._following, return_exceptions=True)
            await self._call_back(RunStatus.FAILED if isinstance(error, Exception) else RunStatus.STOPPED)
            raise
        for trouble in self._troubles:
            if called_back:  # its end is recorded, and told: this changes it no more
                get_run_logger().warning("%s", trouble)
            else:
                self.engine.stop.close(trouble)

    async def _make(self, works: Iterable[Work]) -> None:
        await make_clips(self.engine, works, self.produce, on_result=self._note)

    def _note(self, result: ClipResult) -> None:
        """The run's own clips are counted from the ledger."""
        if result.run_id != self.run_id and not result.by_another_run:
            self.others.add(result)

    async def _attend(self) -> None:
        while self._waiting and not self.engine.stop.requested:
            try:
                await self._look()
            except TryLater as error:
                get_run_logger().warning("%s", error)
            except ReelmillError as error:
                self.engine.stop.request(error)
                return
            await self.engine.stop.pause(_LOOK_S)

    async def _look(self) -> None:
        for child in self._waiting:
            if child.flow_run_id is None and not self.engine.stop.requested:
                await start(child, self.engine.storage.root, settings_of_child(self.engine.settings))
        await look_at(self._waiting)
        if asyncio.get_running_loop().time() >= self._next_check:
            await self._check_signs()
        for child in list(self._waiting):
            if child.state is not None and child.state.is_final():
                await self._ended(child)
        self._tell_idle()
        await self._show()

    async def _show(self) -> None:
        tally = await asyncio.to_thread(tally_so_far, self.engine, self.run_id)
        tally.merge(self.others)
        self.progress.show(tally)

    # When a child has ended

    async def _ended(self, child: Child) -> None:
        shard, state = child.shard, child.state
        assert state is not None
        left = len(await asyncio.to_thread(_due_of, self.engine, shard))
        if not left or state.type is StateType.COMPLETED:  # a cap keeps the rest; the run itself will meet it, too
            self._waiting.remove(child)
        elif state.name == REFUSED:
            self._give_up(child, f"{left} of its clips were not begun: {state.message}")
        elif (cancelled := await was_cancelled(child)) is None:
            return  # Prefect does not tell now: the next look asks again
        elif cancelled:
            self._give_up(child, f"it was cancelled; {left} of its clips were not begun.")
        elif child.starts >= _STARTS:
            self._give_up(child, f"{_STARTS} flow runs ended with {left} of its clips not begun: {state.message}")
        else:
            get_run_logger().warning(
                "Shard %d ended as %s with %d clips not begun; it is started again.", shard.number, state.name, left
            )
            child.flow_run_id = None

    def _give_up(self, child: Child, why: str) -> None:
        self._waiting.remove(child)
        self._given_up.append(child)
        self._troubles.append(
            TryLater(f"Shard {child.shard.number}: {why}", "See its flow run; then run the catalog again: it goes on.")
        )

    # Signs of life

    async def _check_signs(self) -> None:
        """Take over what dead children hold, and find the children that died without anybody telling Prefect.

        A living one holds at least the clips that it is about to send. One whose worker is gone, or silent past its
        lease, loses them; one that holds none for a whole lease is taken for dead. If it lives after all, then two
        work on one shard, which costs nothing twice.
        """
        loop, settings = asyncio.get_running_loop(), self.engine.settings
        taken = await self._take_over()
        held = await asyncio.to_thread(_held_by_others, self.engine, self.run_id)
        for child in self._waiting:
            if not child.may_run or child.state is None or child.state.is_scheduled():
                continue
            clips = await asyncio.to_thread(_clip_ids, self.engine, child.shard)
            if not clips.isdisjoint(held):
                child.silent_since = None
                continue
            child.silent_since = child.silent_since or loop.time()
            patience = settings.lease_s if child.state.is_running() else _STARTING_S
            if not clips.isdisjoint(taken) or loop.time() - child.silent_since > patience:
                await declare_dead(child, "It shows no sign of life; its clips in flight were taken over.")
        self._next_check = loop.time() + min(settings.lease_s / 3, 20.0)

    async def _take_over(self) -> frozenset[str]:
        taken = await asyncio.to_thread(take_over_of_run, self.engine, self.run_id)
        if taken.works:
            get_run_logger().info("Taking over %d clips that a shard had sent.", len(taken.works))
            self._following.append(asyncio.create_task(self._follow(taken.works)))
        return taken.clip_ids

    async def _follow(self, works: tuple[Work, ...]) -> None:
        apart = StopSignal()  # a cap keeps nobody from following what was sent
        await fan_out(works, self.produce, in_flight=len(works), stop=apart, on_result=self._note)
        if isinstance(apart.error, ReelmillError):
            self._troubles.append(apart.error)

    def _tell_idle(self) -> None:
        """Say so, once a minute, while no worker has taken any shard."""
        now = asyncio.get_running_loop().time()
        idle = self._waiting and all(child.state is None or child.state.is_scheduled() for child in self._waiting)
        if not idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > _IDLE_S:
            self._idle_since = now
            get_run_logger().warning(
                "No worker takes a shard: start one on the work pool of the deployment shard, or raise its limit."
            )

    # The end

    async def _finish(self) -> None:
        """Follow what is in flight to its end, and make what is still due: what a dead child never sent, for one."""
        stop = self.engine.stop
        while True:
            await asyncio.gather(*self._following)
            if stop.requested:
                return
            try:
                if await self._all_is_home():
                    break
            except TryLater as error:
                get_run_logger().warning("%s", error)
            await stop.pause(_LOOK_S)
        await self._make(self._leftovers())

    async def _all_is_home(self) -> bool:
        await self._take_over()
        await self._show()
        followed = all(following.done() for following in self._following)
        return followed and not await asyncio.to_thread(_held_by_others, self.engine, self.run_id)

    def _leftovers(self) -> Iterator[Work]:
        for child in self.children:
            if child not in self._given_up:
                yield from map(work_of, _due_of(self.engine, child.shard))

    async def _call_back(self, status: RunStatus) -> None:
        """End the children, by the ledger and by Prefect, and give them a moment to leave their clips in order.

        ``status`` must be the one that the books close with: each end that is recorded is told to receivers.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ReelmillError):
            await asyncio.to_thread(self.engine.ledger.finish_run, self.run_id, status)
        deadline = loop.time() + _CALLED_BACK_S
        await call_back(self.children)
        while any(child.may_run for child in self.children) and loop.time() < deadline:
            await asyncio.sleep(_LOOK_S / 4)
            await look_at([child for child in self.children if child.may_run])


def _due_of(engine: Engine, shard: Shard) -> list[PlannedClip]:
    return due(engine, planned_in(engine, shard))


def _clip_ids(engine: Engine, shard: Shard) -> frozenset[str]:
    return frozenset(planned.clip.clip_id for planned in planned_in(engine, shard))


def _held_by_others(engine: Engine, run_id: str) -> frozenset[str]:
    """Clips of the run that another process has on its way."""
    held = engine.ledger.intents(run_id=run_id, states=_OPEN)
    return frozenset(clip.clip_id for clip, intent in held if intent.owner != engine.owner)
