"""Playing a schedule: what it says is done to real workers, and the judge looks at what came of it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy.engine import make_url

from reelmill.clip import Clip
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from tests.chaos.bank import Bank
from tests.chaos.controls import Control
from tests.chaos.database_proxy import Cut, DatabaseProxy, database_proxy
from tests.chaos.judge import Verdict, judge
from tests.chaos.ledgers import PostgresLedgers
from tests.chaos.schedule import Do, Schedule, Step
from tests.chaos.storage_proxy import Operation, StorageProxy, Trouble, Wrong, storage_proxy
from tests.chaos.tracing import AUTHORISE, KILL, STOP, TAKE_OVER
from tests.chaos.worker import Interference, Worker
from tests.chaos.workers import leases_lapsed, until
from tests.chaos.world import PRICE_USD, World
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["Played", "play"]

_SIGNALS = {"kill": KILL, "stop": STOP}
_UNRESOLVED = {"REELMILL_VERTEX_BASE_URL": "http://veo.invalid:1"}  # a domain that never resolves (RFC 6761)
_ENDED = {"failed": (State.FAILED, State.FILTERED), "unclear": (State.LOST, State.EXPIRED)}
_PATIENCE_S = 4.0  # a step that waits
_LONG_PATIENCE_S = 60.0  # for workers that nothing holds up any more
_NIGHTS = 8
# A traced worker on a busy machine is too slow for a short lease: then it gives the clip back instead of waiting.
_HASTY = {"REELMILL_OPERATION_DEADLINE_S": "3", "REELMILL_SUBMIT_ATTEMPTS": "4"}


@dataclass(slots=True)
class Played:
    """What the judge said, and what was really done: a worker may have ended before it could be killed."""

    verdict: Verdict = field(default_factory=Verdict)
    done: Counter[str] = field(default_factory=Counter)
    killed_at: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Play:
    """One schedule while it is played."""

    schedule: Schedule
    world: World
    storage: StorageProxy
    database: DatabaseProxy | None
    workers: dict[int, Worker] = field(default_factory=dict)
    authorised: Counter[str] = field(default_factory=Counter)  # by clip id: further attempts that a person allowed
    done: Counter[str] = field(default_factory=Counter)

    def step(self, step: Step) -> None:
        """Do it."""
        match step.do:
            case Do.START:
                self.workers[step.worker] = self._start(step, step.verb)
            case Do.ACCEPTED:
                until(lambda: len(self.world.bank.accepted(self.world.output)) >= step.times, _PATIENCE_S)
            case Do.LAPSE:
                until(self._lapsed, _PATIENCE_S)
            case Do.REDRIVE:
                self._redrive(step)
            case Do.STORAGE:
                self.storage.troubles.append(Trouble(Wrong(step.what), Operation(step.verb), times=step.times))
            case Do.LISTING:
                self.storage.lag_s = step.times
            case Do.DATABASE:
                if self.database is not None:
                    self.database.reset({step.times: Cut(step.what)})
            case _:
                if (worker := self.workers.get(step.worker)) is not None:  # its start may have been shrunk away
                    self._to_worker(step.do, worker)

    def _to_worker(self, do: Do, worker: Worker) -> None:
        if do is Do.WAIT:
            until(lambda: worker.stopped or not worker.running, 2 * _PATIENCE_S)
            return
        self.done["stop"] += do is Do.STOP and worker.running and not worker.stopped
        worker.signal({Do.KILL: KILL, Do.STOP: STOP, Do.GO_ON: signal.SIGCONT}[do])

    def _start(self, step: Step, verb: str, *arguments: str) -> Worker:
        self.done["restart"] += bool(self.workers)
        self.done["clock shift"] += bool(step.clock_s)
        self.done["stop"] += step.signal == "stop"
        self.done["name does not resolve"] += step.unresolved
        told = Interference(
            signals={step.event: _SIGNALS[step.signal]} if step.signal else {},
            begins=TAKE_OVER if verb == "settle" else AUTHORISE,
            clock_s=0 if step.jump_at else step.clock_s,
            steps={step.jump_at: step.clock_s} if step.jump_at else {},
        )
        return self.world.start(verb, *arguments, interference=told, **_UNRESOLVED if step.unresolved else {})

    def _redrive(self, step: Step) -> None:
        """A person who has seen how a clip ended has it made again; that is good for one attempt."""
        ended = self._ended(_ENDED[step.what])
        if not ended:
            return
        clip = next(islice(cycle(ended), step.times, None))
        named = ("--authorise-unclear", clip.clip_id) if step.what == "unclear" else ()
        self.authorised[clip.clip_id] += 1
        self.done[f"redrive of {step.what}"] += 1
        worker = self._start(step, "redrive", "--yes", "--only", clip.sku, *named)
        until(lambda: worker.stopped or not worker.running, 2 * _PATIENCE_S)

    def _lapsed(self) -> bool:
        with self._undisturbed():
            return leases_lapsed(self.world)

    def _ended(self, states: tuple[State, ...]) -> list[Clip]:
        with self._undisturbed():
            return [clip for clip, intent in latest(self.world) if intent.state in states]

    def _undisturbed(self) -> AbstractContextManager[None]:
        return self.database.undisturbed() if self.database is not None else nullcontext()

    def finish(self) -> Verdict:
        """Nothing holds anybody up any more; bring everything to its end, and judge."""
        self.storage.troubles.clear()
        self.done["late listing"] += bool(self.storage.hidden)
        self.storage.lag_s = 0
        if self.database is not None:
            self.database.reset({})
        until(self._let_all_end, _LONG_PATIENCE_S)
        for worker in self.world.workers:
            worker.wait(_LONG_PATIENCE_S)
        self.world.look()
        self._until_made()
        verdict = judge(self.world, authorised=self.authorised)
        verdict.broken += self.storage.broken()
        self.done.update(self.storage.made)
        if self.database is not None:
            self.done.update(self.database.made)
        return verdict

    def _let_all_end(self) -> bool:
        """One may come to where it is to stop only now."""
        running = [worker for worker in self.world.workers if worker.running]
        for worker in running:
            worker.signal(signal.SIGCONT)
        return not running

    def _until_made(self) -> None:
        """A run that a refusal of access stopped leaves the others to the next; a busy bank makes videos slowly."""
        for _ in range(_NIGHTS):
            self.world.until_quiet()
            known = [intent.state for _, intent in latest(self.world)]
            if self.schedule.cap or (len(known) == len(self.schedule.products) and State.RELEASED not in known):
                break
        until(lambda: not self.world.generating(), _LONG_PATIENCE_S)
        if any(intent.state.needs_person for _, intent in latest(self.world)):
            self.world.start("settle").wait(_LONG_PATIENCE_S)


def play(schedule: Schedule, bank: Bank, folder: Path, *, control: Control | None = None) -> Played:
    """Play it in a world of its own. Raises TimeoutError if a worker hangs or the world never gets quiet."""
    night = f"{folder.name} {time.monotonic_ns():x}"  # the simulator remembers prompts
    titles = [f"{night} {number} {_asked(fault)}" for number, fault in enumerate(schedule.products)]
    settings = {"REELMILL_LEASE_S": str(schedule.lease_s), "REELMILL_GALLERY": "true", **_HASTY}
    with ExitStack() as opened:
        storage = opened.enter_context(storage_proxy(bank.gcs.url))
        server = opened.enter_context(postgres_server(durable=True)) if _restarts(schedule, bank) else None
        folder.mkdir(parents=True, exist_ok=True)
        world = World(
            folder,
            bank,
            titles=titles,
            ledger_url=PostgresLedgers(server).make(folder) if server is not None else "",
            storage_url=storage.url,
            cap_usd=schedule.cap * PRICE_USD if schedule.cap else None,
            run_cap_usd=max(1, schedule.cap - 1) * PRICE_USD,
            settings=settings,
            control=control,
        )
        opened.callback(world.close)
        playing = _Play(schedule, world, storage, opened.enter_context(_database(world, server)))
        for step in schedule.steps:
            playing.step(step)
        verdict = playing.finish()
        deaths = [worker.note for worker in world.workers if worker.wait() == -KILL]
        playing.done["kill"] += len(deaths)
        return Played(verdict, playing.done, {note.split()[-1] for note in deaths if note})


def _restarts(schedule: Schedule, bank: Bank) -> bool:
    """Whether it restarts its PostgreSQL, which then has to be one of its own, and to survive that."""
    asked = any(step.what == Cut.RESTARTED for step in schedule.steps)
    return asked and isinstance(bank.ledgers, PostgresLedgers)


@contextmanager
def _database(world: World, server: PostgresServer | None) -> Iterator[DatabaseProxy | None]:
    """The proxy that the workers of a world on PostgreSQL go through; whoever judges goes past it."""
    url = make_url(world.ledger_url)
    if url.port is None:
        yield None
        return
    with database_proxy(url.port, server.restart if server is not None else lambda: None) as proxy:
        world.settings["REELMILL_LEDGER_URL"] = url.set(port=proxy.port).render_as_string(hide_password=False)
        yield proxy


def latest(world: World) -> list[tuple[Clip, Intent]]:
    """The latest attempt at each clip."""
    with world.ledger() as ledger:
        return sorted(ledger.intents(latest=True), key=lambda attempt: attempt[0].sku)


def _asked(fault: str) -> str:
    return f"[[fault:{fault}]]" if fault else ""
