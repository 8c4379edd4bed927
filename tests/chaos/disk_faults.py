"""A ledger in SQLite whose disk is full, fails to sync, or may not be written, or that somebody else has locked."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.judge import judge
from tests.chaos.ptrace import SystemCall, fail, why_none_can_fail, why_not
from tests.chaos.syscalls import Point, Watch
from tests.chaos.tally import Tally
from tests.chaos.tracing import KILL
from tests.chaos.worker import Interference, Worker
from tests.chaos.world import World

__all__ = ["FailingDisk", "failing_disk", "locked", "no_larger_than", "read_only", "run"]

_WRITES = {"write", "writev", "pwrite64", "pwritev", "ftruncate"}
_SYNCS = {"fsync", "fdatasync"}
_WAYS = ("Walnut bowl", "Walnut bowl [[fault:drop_after_accept]]")
_SIZES = range(40_000, 600_000, 40_000)
_LONGER_THAN_PATIENCE_S = 35
_MIDDLE_OF_A_CLIP = 3_500  # line events


@dataclass
class FailingDisk(Watch):
    """The ``nth`` write (or sync) of the ledger's files fails, and, if it is ``lasting``, every later one, too."""

    nth: int = 0
    error: int = errno.ENOSPC
    syncs: bool = False
    lasting: bool = True
    counted: int = 0
    failed: int = 0
    _failing: set[int] = field(default_factory=set)

    def act(self, point: Point, stop: SystemCall, worker: Worker) -> None:
        """Let it fail where it shall."""
        names = _SYNCS if self.syncs else _WRITES
        if stop.entering and point.call.name in names and point.call.target.startswith("ledger"):
            self.counted += 1
            if self.counted == self.nth or (self.lasting and self.counted > self.nth > 0):
                self._failing.add(stop.thread)
                self.failed += 1
                fail(stop, self.error)
        elif not stop.entering and stop.thread in self._failing:
            self._failing.remove(stop.thread)
            fail(stop, self.error)


def failing_disk(
    bank: Bank,
    folder: Path,
    tally: Tally,
    nth: int,
    *,
    title: str = _WAYS[0],
    error: int = errno.ENOSPC,
    syncs: bool = False,
) -> FailingDisk:
    """A full disk from the ``nth`` write on, or one sync that fails; judged when there is room again."""
    world = World(folder, bank, titles=[title], settings={"REELMILL_IN_FLIGHT": "1"})
    disk = FailingDisk(world, nth=nth, error=error, syncs=syncs, lasting=error == errno.ENOSPC)
    worker = disk.run()
    name = errno.errorcode[error]
    kind = f"ledger {'sync' if syncs else 'write'} fails with {name}"
    tally.faults[kind] += disk.failed
    _finish(world, worker, tally, f"{kind} from no. {nth} of {title!r}")
    return disk


def no_larger_than(bank: Bank, folder: Path, tally: Tally, size: int) -> int:
    """No file of the worker may grow beyond ``size`` bytes; returns its exit code."""
    world = World(folder, bank, titles=_WAYS)
    worker = world.start(interference=Interference(largest_file=size))
    tally.faults["files may not grow"] += 1
    return _finish(world, worker, tally, f"no file beyond {size} bytes")


def locked(bank: Bank, folder: Path, tally: Tally, *, hold_s: float, kill: int | None = None) -> int:
    """Another process takes the ledger's lock again and again, for ``hold_s`` seconds; returns how often."""
    world = World(folder, bank, titles=_WAYS)
    told = Interference(signals={kill: KILL} if kill else {})
    with _held_again_and_again(world.folder / "ledger.db", hold_s) as held:
        worker = world.start(interference=told)
        worker.wait(patience_s=600)
    tally.faults["ledger locked"] += held["times"]
    _finish(world, worker, tally, f"locked for {hold_s} s, killed at {kill}")
    return held["times"]


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


def read_only(bank: Bank, folder: Path, tally: Tally) -> tuple[int, str]:
    """A worker dies while its clip is under way, and the next may not write the ledger: its exit code and words."""
    books = folder / "books"
    books.mkdir(parents=True)
    world = World(folder, bank, titles=_WAYS, ledger_url=bank.ledgers.make(books))
    world.start(interference=Interference(signals={_MIDDLE_OF_A_CLIP: KILL})).wait()
    _allow(books, writing=False)
    try:
        worker = world.start(interference=Interference(unprivileged=True))
        code = worker.wait()
    finally:
        _allow(books, writing=True)
    tally.faults["ledger read-only"] += 1
    said = worker.said
    _finish(world, worker, tally, "a ledger that is read-only in the middle")
    return code, said


def _allow(books: Path, *, writing: bool) -> None:
    for path in books.iterdir():
        path.chmod(0o644 if writing else 0o444)
    books.chmod(0o755 if writing else 0o555)


def _finish(world: World, worker: Worker, tally: Tally, what: str) -> int:
    code = worker.wait()
    world.look()
    world.until_quiet()
    tally.add(what, judge(world))
    world.close()
    return code


def run(bank: Bank, folder: Path, tally: Tally, *, every: int = 1, say: Callable[[str], None]) -> None:
    """A full disk from every write on, every sync failing, growing files refused at many sizes, locks, no writing."""
    reason = why_not() or why_none_can_fail()
    if reason:
        say(f"no disk fails in this run: {reason}")
    for number, title in enumerate([] if reason else _WAYS):
        writes = failing_disk(bank, folder / f"calm-{number}", tally, 0, title=title).counted
        syncs = failing_disk(bank, folder / f"calm-syncs-{number}", tally, 0, title=title, syncs=True).counted
        say(f"{writes} writes and {syncs} syncs of the ledger, of {title!r}")
        for nth in range(1, writes + 1, every):
            failing_disk(bank, folder / f"full-{number}-{nth}", tally, nth, title=title)
        for nth in range(1, syncs + 1):
            failing_disk(bank, folder / f"sync-{number}-{nth}", tally, nth, title=title, error=errno.EIO, syncs=True)
    say(f"{len(_SIZES)} sizes beyond which no file may grow; locks; a ledger that may not be written")
    for size in _SIZES:
        no_larger_than(bank, folder / f"size-{size}", tally, size)
    for hold_s in (0.2, 1.0, _LONGER_THAN_PATIENCE_S):
        locked(bank, folder / f"locked-{hold_s}", tally, hold_s=hold_s)
    locked(bank, folder / "locked-and-killed", tally, hold_s=0.5, kill=_MIDDLE_OF_A_CLIP)
    read_only(bank, folder / "read-only", tally)
    say(f"  {len(tally.broken)} promises broken")
