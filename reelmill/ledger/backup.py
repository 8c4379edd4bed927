"""Back-ups of the ledger: one file, the same for SQLite and PostgreSQL, taken while runs go on.

The file is a SQLite database with the ledger's own tables, so a ledger on either database can be restored from it.
It carries a mark by which it is never mistaken for a ledger in use: what it calls authorised may have been sent since.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from reelmill.errors import FixAccess, FixConfiguration, TryLater
from reelmill.ledger.audit import audit
from reelmill.ledger.copying import copy_tables, count_rows
from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.faults import translated
from reelmill.ledger.migrate import BACKUP_MARK, HEAD, migrate, refuse_missing

__all__ = ["Backup", "back_up", "file_database", "open_existing", "write_copy"]

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A back-up that was written and read again. ``differences`` are what the audit says of the books in it."""

    path: Path
    schema: str
    rows: Mapping[str, int]
    differences: tuple[str, ...]


def back_up(url: str, target: Path, *, overwrite: bool = False) -> Backup:
    """Write all that the ledger at ``url`` held at one moment into a new file, which appears whole or not at all.

    Raises FixConfiguration if there is no ledger, the file exists and ``overwrite`` is not given, or it is the ledger;
    FixAccess; TryLater if the copy could not be finished or does not hold what the ledger held.
    """
    with closing(open_existing(url)) as database:
        _refuse_ledger(database, target)
        return write_copy(database, None, target, overwrite=overwrite)


def open_existing(url: str) -> Database:
    """The ledger's database, brought to the present schema. Raises FixConfiguration if a SQLite file is missing."""
    parsed = parse_url(url)
    refuse_missing(parsed)
    database = Database(parsed)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_ledger(database: Database, target: Path) -> None:
    """Raises FixConfiguration if the back-up would take the place of the ledger in use, or of a file beside it."""
    if not database.is_sqlite:
        return
    ledger = str(database.url.database)
    for name in (ledger, f"{ledger}-wal", f"{ledger}-shm"):
        if target.resolve() == Path(name).resolve() or (
            target.exists() and Path(name).exists() and target.samefile(name)
        ):
            raise FixConfiguration(f"{target} is the ledger in use.", "Choose another name for the back-up.")


def write_copy(database: Database, held: Connection | None, target: Path, *, overwrite: bool) -> Backup:
    """A verified back-up of ``database``; through the connection ``held`` if its transaction must be the one."""
    if not overwrite and target.exists():
        raise _exists(target)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    with _disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            rows = _copy_file(database, part) if database.is_sqlite else _copy_rows(database, held, part)
            _mark(part)
            differences = _verify(part, rows)
            _publish(part, target, overwrite=overwrite)
        finally:
            for name in (part, Path(f"{part}-wal"), Path(f"{part}-shm"), Path(f"{part}-journal")):
                name.unlink(missing_ok=True)
    return Backup(path=target, schema=HEAD, rows=rows, differences=differences)


def file_database(path: Path) -> Database:
    """A SQLite file as a database, whatever characters its name has."""
    return Database(URL.create("sqlite", database=str(path.absolute())))


def _copy_file(database: Database, part: Path) -> dict[str, int]:
    """SQLite's online back-up: one snapshot, and no writer waits for it."""
    with database.snapshot() as connection, closing(sqlite3.connect(part, isolation_level=None)) as copy:
        rows = count_rows(connection)  # the first reading takes the snapshot that is then copied
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing left beside it
    return rows


def _copy_rows(database: Database, held: Connection | None, part: Path) -> dict[str, int]:
    """From PostgreSQL: every table out of one snapshot."""
    with closing(file_database(part)) as copy:
        migrate(copy)
        with copy.writing() as target:
            if held is not None:
                rows = copy_tables(held, target)
            else:
                with database.snapshot() as source:
                    rows = copy_tables(source, target)
    return rows


def _mark(part: Path) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute(f"PRAGMA application_id = {BACKUP_MARK}")


def _verify(part: Path, rows: Mapping[str, int]) -> tuple[str, ...]:
    """Read the file as a stranger would: sound, complete, and what its books say."""
    with closing(sqlite3.connect(part)) as copy:
        sound = copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    with closing(file_database(part)) as database:
        with database.reading() as connection:
            complete = count_rows(connection) == rows
        if not sound or not complete:
            raise TryLater(
                f"The back-up {part.name} does not hold what the ledger holds.", "Check the disk, try again."
            )
        return tuple(audit(database))


def _publish(part: Path, target: Path, *, overwrite: bool) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    if overwrite:
        part.replace(target)
    else:
        try:
            os.link(part, target)
        except FileExistsError:
            raise _exists(target) from None
        except OSError as error:
            if error.errno not in _NO_LINKS or target.exists():
                raise
            part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _exists(target: Path) -> FixConfiguration:
    return FixConfiguration(f"{target} exists already.", "Choose another name, or add --overwrite.")


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Say a full or closed folder in Reelmill's words."""
    remedy = "Let this user write there, with room for the whole ledger, or choose another place."
    try:
        with translated(URL.create("sqlite", database=str(target))):
            yield
    except sqlite3.Error as error:
        raise TryLater(f"{target}: {error}.", remedy) from None
    except OSError as error:
        raise FixAccess(f"{target}: {error.strerror}.", remedy) from None
