"""PostgreSQL lost around every COMMIT of a clip's way, and restarted under a run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from reelmill.ledger.ledger import Ledger
from tests.chaos.bank import Bank
from tests.chaos.database_proxy import Cut, DatabaseProxy, database_proxy
from tests.chaos.judge import judge
from tests.chaos.tally import Tally
from tests.chaos.world import World
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["Databases", "cut_at", "databases", "quiet_after", "run"]

_WAYS = ("Walnut bowl", "Walnut bowl [[fault:drop_after_accept]]")


@dataclass(frozen=True)
class Databases:
    """A durable PostgreSQL with an empty ledger to copy, and the proxy that its workers go through."""

    server: PostgresServer
    proxy: DatabaseProxy
    empty: str

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """An empty ledger of its own behind the proxy: its URL."""
        name = self.server.create(self.empty)
        yield self.server.url(name).replace(f":{self.server.port}/", f":{self.proxy.port}/")
        self.server.drop(name)


@contextmanager
def databases() -> Iterator[Databases]:
    """Start both."""
    with postgres_server(durable=True) as server, database_proxy(server.port, server.restart) as proxy:
        empty = server.create()
        Ledger.open(server.url(empty)).close()
        yield Databases(server, proxy, empty)


@contextmanager
def quiet_after(
    postgres: Databases, bank: Bank, folder: Path, tally: Tally, what: str, titles: Sequence[str] = _WAYS[:1]
) -> Iterator[World]:
    """A world to do harm in; afterwards it is left in peace until it is quiet, and judged."""
    with postgres.ledger() as url:
        world = World(folder, bank, titles=titles, ledger_url=url)
        yield world
        world.look()
        world.until_quiet()
        tally.add(what, judge(world))
        world.close()


def cut_at(postgres: Databases, world: World, tally: Tally, cuts: dict[int, Cut]) -> int:
    """A worker that loses its database at these COMMITs; returns how many it made."""
    postgres.proxy.made.clear()
    postgres.proxy.reset(cuts)
    world.start().wait()
    commits = postgres.proxy.commits
    postgres.proxy.reset({})
    tally.faults += Counter({str(cut): times for cut, times in postgres.proxy.made.items()})
    return commits


def run(
    bank: Bank, folder: Path, tally: Tally, *, restarts: int = 20, seed: int = 1, say: Callable[[str], None]
) -> None:
    """Both losses at every COMMIT of two ways; then runs of many clips during which the server is restarted."""
    numbers = count(1)
    with databases() as postgres:

        def suffers(cuts: dict[int, Cut], titles: Sequence[str]) -> int:
            what = f"{ {at: cut.name for at, cut in cuts.items()} } of {titles}"
            with quiet_after(postgres, bank, folder / f"postgres-{next(numbers)}", tally, what, titles) as world:
                return cut_at(postgres, world, tally, cuts)

        for way in _WAYS:
            commits = suffers({}, [way])
            say(f"2 x {commits} losses of PostgreSQL around a COMMIT of {way!r}")
            for at in range(1, commits + 1):
                for cut in (Cut.BEFORE, Cut.AFTER):
                    suffers({at: cut}, [way])
        chance = random.Random(seed)
        say(f"{restarts} runs under which PostgreSQL is restarted")
        for _ in range(restarts):
            suffers(dict.fromkeys(chance.sample(range(1, 90), 3), Cut.RESTARTED), [f"Bowl {clip}" for clip in range(8)])
        say(f"  {len(tally.broken)} promises broken")
