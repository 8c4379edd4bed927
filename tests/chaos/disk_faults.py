"""A ledger in SQLite whose disk is full, fails to sync, or may not be written, or that somebody else has locked."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.judge import judge
from tests.chaos.ptrace import SystemCall, fail, why_none_can_fail, why_not
from tests.chaos.syscalls import Point, Watch
from tests.chaos.tally import Tally
from tests.chaos.tracing import KILL
from tests.chaos.worker import Interference, Worker
from tests.chaos.world import World

__all__ = ["FailingDisk", "failing_disk", "locked", "no_larger_than", "quiet_after", "read_only", "run"]

_WRITES = {"write", "writev", "pwrite64", "pwritev", "ftruncate"}
_SYNCS = {"fsync", "fdatasync"}
_WAYS = ("Walnut bowl", "Walnut bowl [[fault:drop_after_accept]]")
_SIZES = range(40_000, 600_000, 40_000)
_LONGER_THAN_PATIENCE_S = 35
_MIDDLE_OF_A_CLIP = 3_500  # line events
_PATIENCE_S = 400  # a worker tries for three minutes to write down how a submit ended
_UNTIL_ROOM = 4  # failed writes, some seconds of trying
_FOR_GOOD_EVERY = 20


@dataclass
class FailingDisk(Watch):
    """Writes (or syncs) of the ledger's files fail from the ``nth`` on, so many ``times``; without that, for good."""

    nth: int = 0
    error: int = errno.ENOSPC
    syncs: bool = False
    times: int | None = None
    counted: int = 0
    failed: int = 0
    _failing: set[int] = field(default_factory=set)

    def act(self, point: Point, stop: SystemCall, worker: Worker) -> None:
        """Let it fail where it shall."""
        names = _SYNCS if self.syncs else _WRITES
        if stop.entering and point.call.name in names and point.call.target.startswith("ledger"):
            self.counted += 1
            if self.counted >= self.nth > 0 and (self.times is None or self.failed < self.times):
                self._failing.add(stop.thread)
                self.failed += 1
                fail(stop, self.error)
        elif not stop.entering and stop.thread in self._failing:
            self._failing.remove(stop.thread)
            fail(stop, self.error)


@contextmanager
def quiet_after(
    bank: Bank, folder: Path, tally: Tally, what: str, titles: Sequence[str] = _WAYS[:1]
) -> Iterator[World]:
    """A world to do harm in; afterwards it is left in peace until it is quiet, and judged."""
    books = folder / "books"  # a folder that may be closed without closing all else
    books.mkdir(parents=True)
    settings = {"REELMILL_IN_FLIGHT": "1"}
    world = World(folder, bank, titles=titles, ledger_url=bank.ledgers.make(books), settings=settings)
    yield world
    world.look()
    world.until_quiet()
    tally.add(what, judge(world))
    world.close()


def failing_disk(
    world: World, tally: Tally, nth: int, *, error: int = errno.ENOSPC, syncs: bool = False, times: int | None = None
) -> FailingDisk:
    """A worker whose disk is full from the ``nth`` write on, or fails its syncs, or in another way."""
    disk = FailingDisk(world, nth=nth, error=error, syncs=syncs, times=times, patience_s=_PATIENCE_S)
    disk.run()
    tally.faults[f"ledger {'sync' if syncs else 'write'} fails with {errno.errorcode[error]}"] += disk.failed
    return disk


def no_larger_than(world: World, tally: Tally, size: int) -> int:
    """A worker none of whose files may grow beyond ``size`` bytes; returns its exit code."""
    tally.faults["files may not grow"] += 1
    return world.start(interference=Interference(largest_file=size)).wait()


def locked(world: World, tally: Tally, *, hold_s: float, kill: int | None = None) -> int:
    """A worker while another process takes the ledger's lock again and again, for ``hold_s`` seconds; how often."""
    told = Interference(signals={kill: KILL} if kill else {})
    with _held_again_and_again(world.folder / "books" / "ledger.db", hold_s) as held:
        world.start(interference=told).wait(patience_s=600)
    tally.faults["ledger locked"] += held["times"]
    return held["times"]


def read_only(world: World, tally: Tally) -> tuple[int, str]:
    """A worker that may not write the ledger: its exit code and words."""
    books = world.folder / "books"
    _allow(books, writing=False)
    try:
        worker = world.start(interference=Interference(unprivileged=True))
        code = worker.wait()
    finally:
        _allow(books, writing=True)
    tally.faults["ledger read-only"] += 1
    return code, worker.said


@contextmanager
def _held_again_and_again(path: Path, hold_s: float) -> Iterator[Counter[str]]:
    held: Counter[str] = Counter()
    over = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
            while not over.wait(0.05):
                connection.execute("BEGIN IMMEDIATE")
                held["times"] += 1
                over.wait(hold_s)
                connection.execute("ROLLBACK")

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield held
    finally:
        over.set()
        holder.join()


def _allow(books: Path, *, writing: bool) -> None:
    for path in books.iterdir():
        path.chmod(0o644 if writing else 0o444)
    books.chmod(0o755 if writing else 0o555)


def run(bank: Bank, folder: Path, tally: Tally, *, every: int = 1, say: Callable[[str], None]) -> None:
    """A full disk from every write on, every sync failing, growing files refused at many sizes, locks, no writing."""
    numbers = count(1)

    def world(what: str, titles: Sequence[str] = _WAYS) -> AbstractContextManager[World]:
        return quiet_after(bank, folder / f"disk-{next(numbers)}", tally, what, titles)

    reason = why_not() or why_none_can_fail()
    if reason:
        say(f"no disk fails in this run: {reason}")
    for title in [] if reason else _WAYS:
        with world("calm", [title]) as calm:
            writes = failing_disk(calm, tally, 0).counted
        with world("calm", [title]) as calm:
            syncs = failing_disk(calm, tally, 0, syncs=True).counted
        say(f"{writes} writes and {syncs} syncs of the ledger, of {title!r}")
        for nth in range(1, writes + 1, every):
            with world(f"disk full at write {nth} of {title!r}, until there is room", [title]) as full:
                failing_disk(full, tally, nth, times=_UNTIL_ROOM)
        for nth in range(1, writes + 1, max(every, _FOR_GOOD_EVERY)):
            with world(f"disk full from write {nth} on of {title!r}", [title]) as full:
                failing_disk(full, tally, nth)
        for nth in range(1, syncs + 1):
            with world(f"sync {nth} failed of {title!r}", [title]) as failing:
                failing_disk(failing, tally, nth, error=errno.EIO, syncs=True, times=1)
    say(f"{len(_SIZES)} sizes beyond which no file may grow; locks; a ledger that may not be written")
    for size in _SIZES:
        with world(f"no file beyond {size} bytes") as small:
            no_larger_than(small, tally, size)
    for hold_s in (0.2, 1.0, _LONGER_THAN_PATIENCE_S):
        with world(f"locked for {hold_s} s at a time") as held:
            locked(held, tally, hold_s=hold_s)
    with world("locked and killed, then read-only") as held:
        locked(held, tally, hold_s=0.5, kill=_MIDDLE_OF_A_CLIP)
        read_only(held, tally)
    say(f"  {len(tally.broken)} promises broken")
