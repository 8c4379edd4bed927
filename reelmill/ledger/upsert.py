"""INSERT … ON CONFLICT, which SQLAlchemy spells once per database although both understand the same."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_into"]


def insert_into(connection: Connection, table: Table) -> postgresql.Insert:
    """An INSERT that has ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)  # type: ignore[return-value]  # the two classes offer the same methods
    return postgresql.insert(table)
