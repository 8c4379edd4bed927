"""Copying every table of a ledger from one open database into another, whatever the two are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select

from reelmill.ledger.schema import metadata

__all__ = ["clear_tables", "copy_tables", "count_rows"]

_ROWS = 1000


def copy_tables(source: Connection, target: Connection) -> dict[str, int]:
    """Copy every row into the empty tables of ``target``, inside the transactions of both; rows by table.

    Values pass through our own column types, so that money, times and JSON mean the same on both sides.
    """
    return {table.name: _copy(table, source, target) for table in metadata.sorted_tables}


def _copy(table: Table, source: Connection, target: Connection) -> int:
    new, copied = insert(table), 0
    for rows in source.execute(select(table).execution_options(yield_per=_ROWS)).partitions():
        target.execute(new, [_values(row) for row in rows])
        copied += len(rows)
    return copied


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def count_rows(connection: Connection) -> dict[str, int]:
    """Rows by table."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def clear_tables(connection: Connection) -> None:
    """Delete every row, those that refer to others first."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
