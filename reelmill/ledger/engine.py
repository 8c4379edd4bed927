"""Opening the database: SQLite or PostgreSQL by URL, each set so that a commit survives a power cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from reelmill.errors import FixAccess, FixConfiguration

__all__ = ["BUSY_S", "WRITES", "make_engine", "parse_url"]

BUSY_S = 30
"""How long a statement waits for another process's lock, in seconds."""

WRITES = "reelmill_writes"
"""Execution option of a connection whose transaction takes SQLite's write lock when it begins."""

_OLDEST_SQLITE = (3, 35, 0)  # RETURNING


def parse_url(text: str) -> URL:
    """The ledger's URL with our driver and an absolute path. Raises FixConfiguration; never shows the URL."""
    remedy = "Set REELMILL_LEDGER_URL like sqlite:///.reelmill/ledger.db or postgresql://user@host/database."
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise FixConfiguration("The ledger's URL is no database URL.", remedy) from None
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        if "@" in (url.host or ""):  # the end of a password, which would be looked up as a host, and shown as one
            raise FixConfiguration(
                "The password in the ledger's URL holds an @.", "Write it as %40 in REELMILL_LEDGER_URL."
            )
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise FixConfiguration(f"The ledger cannot live in {kind}.", remedy)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise FixConfiguration("A ledger in memory would forget what was paid.", remedy)
    try:
        file = Path(url.database).expanduser().absolute()
    except RuntimeError:  # ~somebody without a home
        raise FixConfiguration("The ledger's URL names no file.", remedy) from None
    return url.set(drivername="sqlite", database=str(file))


def make_engine(url: URL) -> Engine:
    """An engine with our pragmas and timeouts. Raises FixAccess if SQLite's folder cannot be made."""
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)


def _sqlite(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise FixConfiguration(
            f"SQLite {sqlite3.sqlite_version} is too old.", "Use a Python with SQLite 3.35 or newer."
        )
    assert url.database is not None  # parse_url saw to it
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: characters that no file name has
        reason = error.strerror if isinstance(error, OSError) else "the name is not valid"
        raise FixAccess(
            f"The ledger's folder {str(Path(url.database).parent)!r} cannot be made: {reason}.",
            "Make it writable, or change REELMILL_LEDGER_URL.",
        ) from None
    engine = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=64, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begins)
    return engine


def _sqlite_connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver shall not begin transactions by itself; _sqlite_begins does, so that reads stay reads.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    cursor.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it returns, in WAL too
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _sqlite_begins(connection: Connection) -> None:
    # A write takes the lock at once: one that began as a read could fail after its decision was made.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",  # whatever the database's default: our updates are conditional
        pool_size=8,
        max_overflow=16,
        pool_timeout=BUSY_S,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "reelmill", "keepalives_idle": 30},
    )
    event.listen(engine, "connect", _postgresql_connected)
    return engine


def _postgresql_connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_S}s'")
        cursor.execute(f"SET statement_timeout = '{BUSY_S * 4}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{BUSY_S * 4}s'")
        # A server that was told to answer before the disk has it would break the promise about money.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()
