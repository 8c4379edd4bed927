"""Every ledger test runs on both databases: ask for ``ledger`` or ``ledger_url``.

Databases and opened ledgers are kept for the whole session and emptied between tests: making a database and
compiling the ledger's statements cost far more than most tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.ledger.schema import metadata
from tests.ledger.making import NOON, OUTPUT, RUN, FixedClock
from tests.support.postgres import PostgresServer, postgres_server

TABLES = [table.name for table in metadata.sorted_tables]


class Databases:
    """Migrated, empty databases of one kind, lent to one test at a time; their ledgers stay open."""

    def __init__(self, make: Callable[[int], str], empty: Callable[[str], None], clock: FixedClock) -> None:
        self.make, self.empty, self.clock = make, empty, clock
        self.spare: list[str] = []
        self.ledgers: dict[str, Ledger] = {}

    def lend(self) -> str:
        if not self.spare:
            url = self.make(len(self.ledgers))
            self.ledgers[url] = Ledger.open(url, clock=self.clock)
            self.spare.append(url)
        return self.spare.pop()

    def take_back(self, url: str) -> None:
        self.empty(url)
        self.spare.append(url)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="session")
def session_clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def clock(session_clock: FixedClock) -> FixedClock:
    """What ``ledger`` is told the time by; noon when a test begins."""
    session_clock.now = NOON
    return session_clock


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory, session_clock: FixedClock) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("ledgers")

    def empty(url: str) -> None:
        with closing(sqlite3.connect(str(parse_url(url).database), timeout=30)) as connection, connection:
            for table in reversed(TABLES):
                connection.execute(f"DELETE FROM {table}")

    yield from _closing(Databases(lambda number: f"sqlite:///{folder}/{number}.db", empty, session_clock))


@pytest.fixture(scope="session")
def postgres_databases(server: PostgresServer, session_clock: FixedClock) -> Iterator[Databases]:
    def empty(url: str) -> None:
        server.empty(Path(url).name, TABLES)

    yield from _closing(Databases(lambda _: server.url(server.create()), empty, session_clock))


def _closing(databases: Databases) -> Iterator[Databases]:
    yield databases
    for ledger in databases.ledgers.values():
        ledger.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    kind = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    chosen: Databases = request.getfixturevalue(kind)
    return chosen


@pytest.fixture
def ledger_url(databases: Databases) -> Iterator[str]:
    """An empty, migrated ledger of one's own."""
    url = databases.lend()
    yield url
    databases.take_back(url)


@pytest.fixture
def ledger(ledger_url: str, databases: Databases, clock: FixedClock) -> Ledger:
    """An empty ledger with one run, told the time by ``clock``."""
    opened = databases.ledgers[ledger_url]
    opened.start_run(Run(run_id=RUN, output=OUTPUT))
    return opened


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The same, where a test is about PostgreSQL alone."""
    url = postgres_databases.lend()
    yield url
    postgres_databases.take_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where no ledger has been yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/folder/ledger.db"
        return
    server: PostgresServer = request.getfixturevalue("server")
    name = server.create()
    yield server.url(name)
    server.drop(name)
