"""Transactions and time: the two things every part of the ledger needs from its database."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from reelmill.ledger.engine import WRITES, make_engine
from reelmill.ledger.faults import translated

__all__ = ["Clock", "Database"]

Clock = Callable[[], datetime]
"""Tells an aware time."""

_SERVER_TIME = text("SELECT clock_timestamp()")


class Database:
    """An open database. Threads may share it; a forked child opens its own connections by itself.

    Fork while nobody writes: SQLite's own account of its locks goes along, and the child would wait for ever.
    """

    def __init__(self, url: URL, clock: Clock | None = None) -> None:
        self.url = url
        self.clock = clock
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = make_engine(url)
        self._turn = threading.Lock()
        self._process = os.getpid()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it never waits for a writer."""
        with translated(self.url), self._connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A reading transaction whose statements all see the same moment."""
        with translated(self.url), self._connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One durable transaction: committed when the block ends, rolled back when it raises."""
        with translated(self.url), self._in_turn(), self._connect() as connection:
            connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def now(self, connection: Connection) -> datetime:
        """The ledger's time: the given clock, else the server's own (PostgreSQL) or this process's (SQLite)."""
        if self.clock is not None:
            return self.clock().astimezone(UTC)
        if self.is_sqlite:
            return datetime.now(UTC)
        server: datetime = connection.execute(_SERVER_TIME).scalar_one()
        return server.astimezone(UTC)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Threads of one process queue here for SQLite's write lock: its own waiting is by naps and unfair."""
        if self.is_sqlite:
            self._notice_fork()
            with self._turn:
                yield
        else:
            yield

    def _connect(self) -> Connection:
        self._notice_fork()
        return self.engine.connect()

    def _notice_fork(self) -> None:
        """In a forked child, leave the parent's connections to the parent, and its locks too."""
        if self._process != os.getpid():
            self.engine.dispose(close=False)
            self._turn, self._process = threading.Lock(), os.getpid()
