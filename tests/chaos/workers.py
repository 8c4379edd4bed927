"""Several workers on one plan and one ledger; one of them stopped past its lease while others go on, then continued.

A stopped process is alive: nobody on its host takes it for gone, so only its lapsed lease lets others take over.
When it goes on, it still holds whatever it was about to do: perhaps the paid POST.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict, judge
from tests.chaos.tally import Tally
from tests.chaos.tracing import STOP
from tests.chaos.worker import Interference, Worker
from tests.chaos.world import World

__all__ = ["PLACES", "Pause", "leases_lapsed", "paused", "run", "stopped_world", "together", "until"]

PLACES = {
    "before it is authorised": "ledger/authorising.py:authorise",
    "before it is marked": "ledger/sending.py:mark_sending",
    "between mark and POST": "veo/vertex.py:submit",
    "before the lease is looked at": "production/sending.py:still_ours",
    "before the answer is recorded": "production/sending.py:_record",
    "before a poll": "production/following.py:_poll",
    "after a poll": "veo/explain.py:classify",
    "when the video has landed": "production/collecting.py:inspect_videos",
    "before the record beside the video": "production/collecting.py:write_provenance",
    "before it is settled": "ledger/settling.py:settle",
    "before the products are remembered": "jobs/accounting.py:_remember",
    "before the tables are written": "report/tables.py:write_tables",
}
"""Every kind of place at which a worker can be stopped, and the function at whose first line that is."""

LEASE_S = 1.0
_TITLES = (
    "Bowl",
    "Bowl [[fault:drop_after_accept]]",
    "Bowl [[fault:late_done]]",
    "Bowl [[fault:429:1]]",
    "Bowl [[fault:drop_before:1]]",
    "Bowl [[fault:partial]]",
)
_VERBS = ("run", "settle")
_PATIENCE_S = 60
_BLOCKED_S = 4  # a worker stopped within a transaction keeps others out of the database: then it goes on first


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One worker is stopped at a line event or a place past its lease; another does ``verb`` meanwhile."""

    event: int = 0
    place: str = ""
    verb: str = "run"
    title: str = _TITLES[0]

    @property
    def interference(self) -> Interference:
        """What stops it there."""
        if self.place:
            return Interference(places={self.place: STOP})
        return Interference(signals={self.event: STOP})

    def __str__(self) -> str:
        return f"{self.title!r} stopped at {self.place or self.event}, {self.verb} meanwhile"


@dataclass(frozen=True, slots=True)
class Paused:
    """How one pause went."""

    verdict: Verdict
    where: str  # as ``number file:line``; empty if the worker had ended before


def until(condition: Callable[[], bool], patience_s: float = _PATIENCE_S) -> bool:
    """Wait until something is so; False if it is not within ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # between two looks
    return True


def stopped_world(bank: Bank, folder: Path, title: str, *, lease_s: float = LEASE_S) -> World:
    """A world of one product whose leases are as short as can be, or ``lease_s`` seconds."""
    settings = {"REELMILL_LEASE_S": str(lease_s)}
    return World(folder, bank, titles=[title], settings=settings)


def leases_lapsed(world: World) -> bool:
    """Whether nobody holds an open clip by a lease any more."""
    now = datetime.now(UTC)
    with world.ledger() as ledger:
        return all(intent.lease_until <= now for _, intent in ledger.intents() if intent.state.open)


def paused(world: World, pause: Pause) -> Paused:
    """Stop a worker, let another take over after its lease, continue it, and judge when all is quiet."""
    first = world.start(interference=pause.interference)
    if not until(lambda: first.stopped or not first.running):
        raise TimeoutError(f"Nothing stopped or ended:\n{first.said}")
    where = first.note if first.running else ""
    second: Worker | None = None
    if first.running:
        until(lambda: leases_lapsed(world))
        second = world.start(pause.verb)
        until(lambda: second is not None and not second.running, _BLOCKED_S)
        first.signal(signal.SIGCONT)
    first.wait()
    if second is not None:
        second.wait()
    world.look()
    world.until_quiet()
    return Paused(judge(world), where)


def together(world: World, workers: int) -> Verdict:
    """Let several workers make the same catalog at the same time, and judge when all is quiet."""
    started = [world.start() for _ in range(workers)]
    for worker in started:
        worker.wait()
    world.look()
    world.until_quiet()
    return judge(world)


def run(
    bank: Bank,
    folder: Path,
    tally: Tally,
    *,
    count: int | None = None,
    at_once: int = 2,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Workers together, then pauses at every kind of place and at ``count`` line events (all of them if None)."""
    for workers in (2, 3, 5):
        titles = [f"Bowl {number} {title}" for number, title in enumerate(_TITLES)]
        world = World(folder / f"together-{workers}", bank, titles=titles)
        tally.add(f"{workers} workers together", together(world, workers))
        world.close()
    pauses = [
        *(
            Pause(place=place, verb=verb, title=title)
            for place in PLACES.values()
            for verb in _VERBS
            for title in _TITLES
        ),
        *_spread(bank, folder, count),
    ]
    say(f"workers: {len(pauses):,} pauses")
    with ThreadPoolExecutor(at_once) as pool:
        trying = {
            pool.submit(_one, bank, folder / f"pause-{number}", pause): pause for number, pause in enumerate(pauses)
        }
        for number, done in enumerate(as_completed(trying), 1):
            pause = trying[done]
            try:
                result = done.result()
            except Exception as error:  # noqa: BLE001 - a proof that breaks has proved nothing
                tally.fail(f"workers: {pause}", error)
            else:
                tally.add(f"workers: {pause}", result.verdict)
                tally.faults["stop"] += bool(result.where)
            if number % 50 == 0 or number == len(pauses):
                say(f"workers: {number:,} of {len(pauses):,} pauses, {len(tally.broken)} promises broken")


def _one(bank: Bank, folder: Path, pause: Pause) -> Paused:
    world = stopped_world(bank, folder, f"{pause.title} {folder.name}")
    try:
        return paused(world, pause)
    finally:
        world.close()


def _spread(bank: Bank, folder: Path, count: int | None) -> Iterator[Pause]:
    """Pauses at line events spread over a whole way, the way changing from one to the next."""
    events = [_count_events(bank, folder / f"count-{number}", title) for number, title in enumerate(_TITLES)]
    every = max(1, max(events) // count) if count else 1
    kinds: Iterator[tuple[str, int, str]] = cycle(
        (title, total, verb) for verb in _VERBS for title, total in zip(_TITLES, events, strict=True)
    )
    for event in range(1, max(events) + 1, every):
        title, _, verb = next(kind for kind in kinds if kind[1] >= event)
        yield Pause(event=event, verb=verb, title=title)


def _count_events(bank: Bank, folder: Path, title: str) -> int:
    world = stopped_world(bank, folder, title)
    worker = world.start(interference=Interference(count=True))
    worker.wait()
    events, _ = worker.counted()
    world.close()
    return events
