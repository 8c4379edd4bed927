"""Every ledger test runs on both databases: ask for ``ledger`` or ``ledger_url``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.ledger.schema import metadata
from tests.ledger.making import OUTPUT, RUN, FixedClock
from tests.support.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="session")
def spare_databases() -> list[str]:
    """Migrated and emptied databases: emptying one takes milliseconds, making one most of a second."""
    return []


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_urls(migrated_file: Path, tmp_path: Path) -> Callable[[], str]:
    """Each call makes a fresh, migrated SQLite ledger."""
    made: list[Path] = []

    def make() -> str:
        path = tmp_path / f"ledger-{len(made)}.db"
        made.append(path)
        shutil.copy(migrated_file, path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def postgres_urls(server: PostgresServer, spare_databases: list[str]) -> Iterator[Callable[[], str]]:
    """Each call gives an empty, migrated PostgreSQL ledger of its own."""
    used: list[str] = []

    def make() -> str:
        name = spare_databases.pop() if spare_databases else _migrated_database(server)
        used.append(name)
        return server.url(name)

    yield make
    for name in used:
        server.disconnect(name)
        server.empty(name, [table.name for table in metadata.sorted_tables])
    spare_databases.extend(used)


def _migrated_database(server: PostgresServer) -> str:
    name = server.create()
    Ledger.open(server.url(name)).close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_urls(request: pytest.FixtureRequest) -> Callable[[], str]:
    name = "sqlite_urls" if request.param == "sqlite" else "postgres_urls"
    urls: Callable[[], str] = request.getfixturevalue(name)
    return urls


@pytest.fixture
def ledger_url(ledger_urls: Callable[[], str]) -> str:
    return ledger_urls()


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


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def ledger(ledger_url: str, clock: FixedClock) -> Iterator[Ledger]:
    """An empty ledger with one run, told the time by ``clock``."""
    with Ledger.open(ledger_url, clock=clock) as opened:
        opened.start_run(Run(run_id=RUN, output=OUTPUT))
        yield opened
