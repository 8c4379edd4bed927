"""Cloud Storage that refuses, breaks off, dawdles, or lists late, while videos land and are looked for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

from reelmill.ledger.states import State
from tests.chaos.bank import Bank
from tests.chaos.judge import judge
from tests.chaos.storage_proxy import Operation, StorageProxy, Trouble, Wrong, storage_proxy
from tests.chaos.tally import Tally
from tests.chaos.tracing import KILL
from tests.chaos.worker import Interference
from tests.chaos.world import World

__all__ = ["PLACES", "late_listing", "run", "troubled"]

PLACES: Sequence[tuple[Operation, str]] = (
    (Operation.LIST, "clips/"),  # looking for an unclear submit
    (Operation.READ, "sample_"),  # landing a video
    (Operation.WRITE, "poster.jpg"),
    (Operation.WRITE, "provenance.json"),
    (Operation.WRITE, "/tables/"),
    (Operation.WRITE, "/gallery/"),
)
"""Where storage is needed on a clip's way, and after it."""

_TITLES = (
    "Walnut bowl",
    "Linen shirt [[fault:drop_after_accept]]",
    "Oak tray [[fault:poll_gone]]",
    "Copper pan [[fault:empty_response]]",
)
_SHOWN = {"REELMILL_GALLERY": "true"}  # which is written to storage, too
_EVENTS = 9_000


def troubled(
    bank: Bank, folder: Path, tally: Tally, troubles: Sequence[Trouble], *, kill: int | None = None
) -> StorageProxy:
    """One world of clips, all but one of which have to be looked for, behind a proxy that makes these troubles."""
    what = f"storage: {', '.join(map(str, troubles))}, killed at {kill}"
    with storage_proxy(bank.gcs.url) as proxy:
        proxy.troubles = list(troubles)
        world = World(folder, bank, titles=_TITLES, storage_url=proxy.url, settings=_SHOWN)
        if kill is not None:
            worker = world.start(interference=Interference(signals={kill: KILL}))
            worker.wait()
            world.look()
            if worker.note:
                tally.kill_points += 1
                tally.kill_lines.add(worker.note.split()[-1])
        world.until_quiet()
        tally.add(what, judge(world))
        states = world.states()
        world.close()
    _closed(proxy, tally, what)
    if kill is None and states != [State.SUCCEEDED] * len(_TITLES):
        tally.broken.append(f"{what}: the clips ended as {states}")
    return proxy


def late_listing(bank: Bank, folder: Path, tally: Tally) -> list[State]:
    """Videos that no listing shows until long after the unclear wait; returns how the clips stood by then."""
    what = "storage lists late"
    with storage_proxy(bank.gcs.url) as proxy:
        proxy.lag_s = 3600
        hasty = {**_SHOWN, "REELMILL_OPERATION_DEADLINE_S": "3"}
        world = World(folder, bank, titles=_TITLES, storage_url=proxy.url, settings=hasty)
        world.until_quiet()
        by_then = world.states()
        waiting = {entry["clip_id"] for entry in world.status()["attention"]}
        if len(waiting) != sum(state.needs_person for state in by_then):
            tally.broken.append(f"{what}: status lists {len(waiting)} clips for a person")
        proxy.lag_s = 0
        world.until_quiet()  # runs and settles: it finds them, and pays for nothing
        tally.add(what, judge(world))
        tally.faults[what] += proxy.hidden
        if set(world.states()) != {State.SUCCEEDED}:
            tally.broken.append(f"{what}: the clips ended as {world.states()}")
        world.close()
    _closed(proxy, tally, what)
    return by_then


def _closed(proxy: StorageProxy, tally: Tally, what: str) -> None:
    tally.faults += Counter({str(kind): times for kind, times in proxy.made.items()})
    tally.broken += [f"{what}: {sentence}" for sentence in proxy.broken()]


def run(bank: Bank, folder: Path, tally: Tally, *, rounds: int = 40, seed: int = 1, say: Callable[[str], None]) -> None:
    """Each trouble at each place; storms of all of them, each with a worker killed somewhere; late listings."""
    say(f"{len(PLACES) * len(Wrong)} single troubles of Cloud Storage")
    for number, ((operation, part), wrong) in enumerate(product(PLACES, Wrong)):
        troubled(bank, folder / f"single-{number}", tally, [Trouble(wrong, operation, part, times=2)])
    late_listing(bank, folder / "late", tally)
    chance = random.Random(seed)
    say(f"{rounds} storms")
    for number in range(rounds):
        storm = [
            Trouble(chance.choice(list(Wrong)), operation, part, times=chance.randint(1, 3))
            for operation, part in chance.choices(PLACES, k=chance.randint(2, 8))
        ]
        kill = chance.randint(1, _EVENTS)
        troubled(bank, folder / f"storm-{number}", tally, storm, kill=kill)
    say(f"  {len(tally.broken)} promises broken")
