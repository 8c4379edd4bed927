"""Bringing a database to this code's schema, while twenty other processes may be doing the same."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from reelmill.errors import FixConfiguration
from reelmill.ledger.database import Database
from reelmill.ledger.engine import BUSY_S
from reelmill.ledger.faults import place, translated

__all__ = ["BACKUP_MARK", "HEAD", "MIGRATIONS", "migrate", "refuse_missing", "require_head"]

HEAD = "0016"
"""The newest migration; revisions are numbered so that a newer schema is recognised by any older code."""

BACKUP_MARK = 0x524D424B  # "RMBK"
"""SQLite's application id of a back-up, which is no ledger to work on."""

MIGRATIONS = Path(__file__).parent / "migrations"
_REMEDY = "Set REELMILL_LEDGER_URL to the ledger in use."
_LOCK = 0x7265656C6D696C6C  # "reelmill": the advisory lock under which PostgreSQL ledgers are migrated


def migrate(database: Database) -> None:
    """Upgrade to HEAD if needed, in one transaction under a lock.

    Raises FixConfiguration if a newer Reelmill made the ledger, or if it is a back-up; TryLater, FixAccess.
    """
    with database.reading() as connection:
        _refuse_backup(database, connection)
        if _current(database, connection) == HEAD:
            return
    if database.is_sqlite:
        _turn_on_wal(database)
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _current(database, connection) != HEAD:
            _upgrade(connection)


def refuse_missing(url: URL) -> None:
    """Before a database is opened, which makes folder and file. Raises FixConfiguration if SQLite's file is missing."""
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise FixConfiguration(f"{place(url)} does not exist.", f"{_REMEDY[:-1]}; reelmill run begins one.")


def require_head(database: Database) -> None:
    """Make sure that this is a ledger of this code's schema, and write nothing.

    Raises FixConfiguration if it is none, of another schema, or a back-up; TryLater, FixAccess.
    """
    where = place(database.url)
    with database.reading() as connection:
        _refuse_backup(database, connection)
        current = _current(database, connection)
    if current is None:
        raise FixConfiguration(f"{where} is no ledger yet.", _REMEDY)
    if current != HEAD:
        raise FixConfiguration(
            f"{where} has schema {current}, and this Reelmill reads {HEAD}.",
            "Run `reelmill status`, which upgrades it.",
        )


def _refuse_backup(database: Database, connection: Connection) -> None:
    """What a back-up calls authorised may have been sent since: it must come back through a restore."""
    if database.is_sqlite and connection.exec_driver_sql("PRAGMA application_id").scalar() == BACKUP_MARK:
        raise FixConfiguration(
            f"{place(database.url)} is a back-up.",
            "Leave it as it is; run `reelmill ledger restore` on it, with REELMILL_LEDGER_URL naming another place.",
        )


def _current(database: Database, connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision > HEAD:
        raise FixConfiguration(
            f"{place(database.url)} has schema {revision}; this Reelmill knows {HEAD} at most.",
            "Upgrade Reelmill on this machine.",
        )
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _turn_on_wal(database: Database) -> None:
    """Switch the file to write-ahead logging; it stays so. SQLite does not queue for this, so we do."""
    deadline = time.monotonic() + BUSY_S
    with translated(database.url), closing(database.engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if time.monotonic() > deadline:
                    raise OperationalError("PRAGMA journal_mode", None, error) from None
                time.sleep(0.02)
            else:
                return
