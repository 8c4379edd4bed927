"""INSERT … ON CONFLICT, which SQLAlchemy spells once per database although both understand the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Upsert", "insert_or_leave"]


class Upsert:
    """One statement, built once for each database."""

    __slots__ = ("_postgresql", "_sqlite")

    def __init__(self, table: Table, complete: Callable[[postgresql.Insert], Executable]) -> None:
        """``complete`` adds ``on_conflict_…`` to a plain INSERT."""
        self._postgresql = complete(postgresql.insert(table))
        self._sqlite = complete(sqlite.insert(table))  # type: ignore[arg-type]  # both offer the same methods

    def on(self, connection: Connection) -> Executable:
        """The statement for this connection; its values are given when it is executed."""
        return self._sqlite if connection.dialect.name == "sqlite" else self._postgresql


def insert_or_leave(connection: Connection, table: Table, rows: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Insert rows, leaving alone those that exist already."""
    connection.execute(Upsert(table, lambda new: new.on_conflict_do_nothing()).on(connection), rows)
