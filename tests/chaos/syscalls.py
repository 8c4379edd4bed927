"""Workers killed at the system calls that matter: just before the kernel does one, and just after it did.

What matters: reaching, telling and hearing a service, and everything that makes the ledger durable. The count
begins when the first clip is authorised. A small tracer of our own does it (``ptrace``), in a thread.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from itertools import count, zip_longest
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict, judge
from tests.chaos.ptrace import SystemCall, system_calls, why_not
from tests.chaos.side_by_side import side_by_side
from tests.chaos.tally import Tally
from tests.chaos.worker import Interference, Worker
from tests.chaos.world import World

__all__ = ["Call", "Point", "Watch", "points_of", "run", "sample", "spread"]

_TO_SOCKETS = {"sendto", "sendmsg", "write", "writev", "recvfrom", "recvmsg", "read", "readv"}
_TO_LEDGER = {"write", "writev", "pwrite64", "pwritev", "ftruncate"}
_DURABLE = {"fsync", "fdatasync"}
_RENAMES = {"rename", "renameat", "renameat2"}
_WAYS = ("Walnut bowl", "Walnut bowl [[fault:drop_after_accept]]", "Walnut bowl [[fault:poll_drop]]")


@dataclass(frozen=True, slots=True)
class Call:
    """A kind of system call: its name and what it was done to, as in ``sendto veo`` or ``pwrite64 ledger.db-wal``."""

    name: str
    target: str

    def __str__(self) -> str:
        return f"{self.name} {self.target}".strip()


@dataclass(frozen=True, slots=True)
class Point:
    """The moment just before, or just after, the ``nth`` call of a kind, counted from 1 over all threads."""

    call: Call
    nth: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.call} no. {self.nth}"


@dataclass
class Watch:
    """A worker under the tracer. At ``kill_at`` it is killed; ``killed`` tells whether it came that far."""

    world: World
    kill_at: Point | None = None
    seen: Counter[Call] = field(default_factory=Counter)
    killed: bool = False
    trouble: Exception | None = None
    patience_s: float = 90
    _known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        urls = {
            "veo": self.world.environment["REELMILL_VERTEX_BASE_URL"],
            "storage": self.world.environment["STORAGE_EMULATOR_HOST"],
            "ledger": self.world.ledger_url,
        }
        self._ports = {urlsplit(url).port: name for name, url in urls.items()}

    def run(self, verb: str = "run") -> Worker:
        """Start a worker, watch it to its end, and return it. Raises OSError if it may not be traced."""
        worker = self.world.start(verb, interference=Interference(traced=True))
        tracer = threading.Thread(target=self._watch, args=(worker,))
        tracer.start()
        try:
            worker.wait(self.patience_s)
        finally:
            worker.signal(signal.SIGKILL)
            tracer.join()
        if self.trouble is not None:
            raise self.trouble
        return worker

    def act(self, point: Point, stop: SystemCall, worker: Worker) -> None:
        """Do what is to be done at this point."""
        if point == self.kill_at and not self.killed:
            self.killed = True
            os.kill(worker.pid, signal.SIGKILL)

    def _watch(self, worker: Worker) -> None:
        """In a thread of its own: whatever seizes a process has to do all the rest, too."""
        within: dict[int, Point] = {}
        try:
            while not worker.awaits_tracer:
                if not worker.running:
                    return
                time.sleep(0.005)
            for stop in system_calls(worker.pid):
                point = self._reached(stop, worker.pid, within)
                if point is not None:
                    self.act(point, stop, worker)
        except Exception as error:  # noqa: BLE001 - raised again where the worker is waited for
            self.trouble = error
            worker.signal(signal.SIGKILL)

    def _reached(self, stop: SystemCall, pid: int, within: dict[int, Point]) -> Point | None:
        if not stop.entering:
            entered = within.pop(stop.thread, None)
            return entered and Point(entered.call, entered.nth, after=True)
        target = self._target(stop, pid) if stop.name else None
        if target is None:
            return None
        call = Call(stop.name, target)
        self.seen[call] += 1
        within[stop.thread] = Point(call, self.seen[call], after=False)
        return within[stop.thread]

    def _target(self, stop: SystemCall, pid: int) -> str | None:
        """What the call is done to; None if it does not matter here."""
        if stop.name in _RENAMES:
            return ""
        if stop.name == "connect":
            return self._named(_port_in(pid, stop.arguments[1]))
        if stop.name in _TO_SOCKETS | _TO_LEDGER | _DURABLE:
            return self._descriptor(stop.name, f"/proc/{pid}/fd/{stop.arguments[0]}", pid)
        return None

    def _descriptor(self, call: str, link: str, pid: int) -> str | None:
        try:
            file = Path(link).readlink().name
        except OSError:
            return None
        if file.startswith("socket:"):
            return self._whom(file[8:-1], pid) if call in _TO_SOCKETS else None
        ours = file.startswith("ledger.db")
        if call in _DURABLE:
            return file if ours else "another file"
        return file if call in _TO_LEDGER and ours else None

    def _whom(self, inode: str, pid: int) -> str | None:
        """The service at the other end of a connected socket."""
        if inode not in self._known:
            name = self._named(_remote_port(pid, inode))
            if name is None:
                return None
            self._known[inode] = name
        return self._known[inode]

    def _named(self, port: int | None) -> str | None:
        return None if port is None else self._ports.get(port, "another service")


def _port_in(pid: int, address: int) -> int | None:
    """The port in a ``sockaddr`` of that process, if it is one of the internet."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        family, port = struct.unpack("=H", memory.read(2))[0], struct.unpack(">H", memory.read(2))[0]
    return port if family in (2, 10) else None


def _remote_port(pid: int, inode: str) -> int | None:
    """Whom a connected TCP socket leads to; None if it is none."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] == inode:
                return int(fields[2].rpartition(":")[2], 16)
    return None


def points_of(seen: Mapping[Call, int]) -> list[Point]:
    """Every point that a watched run led past."""
    return [
        Point(call, nth, after)
        for call, times in seen.items()
        for nth in range(1, times + 1)
        for after in (False, True)
    ]


def spread(points: Sequence[Point], seed: int) -> Iterator[Point]:
    """The same points in another order: one of each kind first, then another of each, and so on."""
    kinds: dict[tuple[Call, bool], list[Point]] = defaultdict(list)
    for point in points:
        kinds[point.call, point.after].append(point)
    order = random.Random(seed)
    groups = list(kinds.values())
    order.shuffle(groups)
    for group in groups:
        order.shuffle(group)
    return (point for turn in zip_longest(*groups) for point in turn if point is not None)


def sample(bank: Bank, folder: Path, tally: Tally, *, nights: int, kills: int, seed: int) -> None:
    """A few bad nights: in each, one worker after another is killed on the same catalog, and then it gets quiet."""
    numbers = count(1)
    first = _world(folder, bank, numbers, _WAYS[:1])
    chosen = spread(points_of(_calm(first)), seed)
    for night in range(nights):
        world = _world(folder, bank, numbers, [])
        done = []
        for number in range(kills):
            world.add(f"Bowl {number}")  # one clip for each worker, beside what the last one left
            point = next(chosen)
            killed = _killed(world, point)
            _count(tally, point, killed)
            if killed:
                done.append(point)
        world.until_quiet()
        tally.add(f"system calls, seed {seed}, night {night}: {'; '.join(map(str, done))}", judge(world))
        world.close()


def run(
    bank: Bank,
    folder: Path,
    tally: Tally,
    *,
    share: float = 1.0,
    seed: int = 1,
    at_once: int = 2,
    say: Callable[[str], None],
) -> None:
    """Every point of three ways of a clip (or a ``share`` of them), one world for each, ``at_once`` side by side.

    Where nothing may be traced, it says so and counts nothing.
    """
    if reason := why_not():
        say(f"no worker is killed at a system call: {reason}")
        return
    numbers = count(1)
    for way in _WAYS:
        points = list(spread(points_of(_calm(_world(folder, bank, numbers, [way]))), seed))
        points = points[: max(1, round(len(points) * share))]
        say(f"{len(points)} moments at system calls of {way!r}")
        with side_by_side(at_once) as pool:
            trying = {pool.submit(_try, folder, bank, numbers, way, point): point for point in points}
            for number, done in enumerate(as_completed(trying), 1):
                _add(tally, trying[done], way, done)
                if number % 50 == 0:
                    say(f"  {number} of {len(points)}, {len(tally.broken)} promises broken")


def _try(folder: Path, bank: Bank, numbers: Iterator[int], way: str, point: Point) -> tuple[bool, Verdict]:
    """Whether the worker came as far as the point, and what was made of it. A broken world stays on disk."""
    world = _world(folder, bank, numbers, [way])
    killed = _killed(world, point)
    world.until_quiet()
    verdict = judge(world)
    if not verdict.broken:
        world.close()
    return killed, verdict


def _add(tally: Tally, point: Point, way: str, done: Future[tuple[bool, Verdict]]) -> None:
    what = f"killed {point} of {way!r}"
    try:
        killed, verdict = done.result()
    except Exception as error:  # noqa: BLE001 - a proof that breaks has proved nothing
        tally.fail(what, error)
        return
    _count(tally, point, killed)
    tally.add(what, verdict)


def _world(folder: Path, bank: Bank, numbers: Iterator[int], titles: Sequence[str]) -> World:
    # One clip at a time, so that a count means the same in every run.
    return World(folder / f"calls-{next(numbers)}", bank, titles=titles, settings={"REELMILL_IN_FLIGHT": "1"})


def _calm(world: World) -> Counter[Call]:
    """The calls of a run that nobody disturbs."""
    watch = Watch(world)
    watch.run()
    world.close()
    return watch.seen


def _killed(world: World, point: Point) -> bool:
    watch = Watch(world, point)
    watch.run()
    world.look()
    return watch.killed


def _count(tally: Tally, point: Point, killed: bool) -> None:
    if killed:
        tally.system_calls[f"{'after' if point.after else 'before'} {point.call.name}"] += 1
