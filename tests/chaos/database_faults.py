"""PostgreSQL lost around every COMMIT of a clip's way, and restarted under a run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reelmill.ledger.ledger import Ledger
from tests.chaos.bank import Bank
from tests.chaos.database_proxy import Cut, DatabaseProxy, database_proxy
from tests.chaos.judge import judge
from tests.chaos.tally import Tally
from tests.chaos.world import World
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["Databases", "cut_at", "databases", "run"]

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


def cut_at(
    postgres: Databases, bank: Bank, folder: Path, tally: Tally, cuts: dict[int, Cut], titles: Sequence[str] = _WAYS[:1]
) -> int:
    """One world whose first worker loses its database at these COMMITs; returns how many COMMITs it made."""
    what = f"{dict(cuts)} of {titles}"
    with postgres.ledger() as url:
        world = World(folder, bank, titles=titles, ledger_url=url)
        postgres.proxy.made.clear()
        postgres.proxy.reset(cuts)
        world.start().wait()
        world.look()
        commits = postgres.proxy.commits
        postgres.proxy.reset({})
        world.until_quiet()
        tally.add(what, judge(world))
        tally.faults += Counter({str(cut): times for cut, times in postgres.proxy.made.items()})
        world.close()
    return commits


def run(
    bank: Bank, folder: Path, tally: Tally, *, restarts: int = 20, seed: int = 1, say: Callable[[str], None]
) -> None:
    """Both losses at every COMMIT of two ways; then runs of many clips during which the server is restarted."""
    with databases() as postgres:
        number = 0
        for way in _WAYS:
            commits = cut_at(postgres, bank, folder / f"calm-{number}", tally, {}, [way])
            say(f"2 x {commits} losses of PostgreSQL around a COMMIT of {way!r}")
            for at in range(1, commits + 1):
                for cut in (Cut.BEFORE, Cut.AFTER):
                    number += 1
                    cut_at(postgres, bank, folder / f"cut-{number}", tally, {at: cut}, [way])
        chance = random.Random(seed)
        say(f"{restarts} runs under which PostgreSQL is restarted")
        for number in range(restarts):
            cuts = dict.fromkeys(chance.sample(range(1, 90), 3), Cut.RESTARTED)
            titles = [f"Bowl {clip}" for clip in range(8)]
            cut_at(postgres, bank, folder / f"restart-{number}", tally, cuts, titles)
        say(f"  {len(tally.broken)} promises broken")
