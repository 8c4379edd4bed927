"""Restoring a back-up: the whole ledger as it was, with everything that time has made doubtful marked so.

Whatever was open when the back-up was taken may have been sent since, even what was only authorised: it becomes
UNKNOWN, to be settled by looking and never to be sent again unasked.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, or_, select, text, update

from reelmill.errors import FixAccess, FixConfiguration, LookFirst, TryLater
from reelmill.ledger.audit import audit
from reelmill.ledger.backup import file_database, write_copy
from reelmill.ledger.copying import clear_tables, copy_tables, count_rows
from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.faults import place
from reelmill.ledger.migrate import migrate
from reelmill.ledger.records import RunStatus
from reelmill.ledger.runs import used_outputs
from reelmill.ledger.schema import intents, metadata, runs
from reelmill.ledger.states import State

__all__ = ["RESTORED", "Restored", "restore"]

RESTORED = "restored"
"""The owner of what was open in a back-up: nobody, so that the next worker takes it over."""

_OPEN = [state for state in State if state.open]
_MAYBE_SENT = "It was open when the back-up was taken, and may have been sent since."
_KEPT_APART = "quota"  # paces are no knowledge: a ledger with nothing else is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back. ``doubtful`` clips may have been sent after the back-up was taken.

    ``outputs`` are the output roots to rebuild from, the latest used first; ``safety`` is the copy of what was
    replaced; ``differences`` are what the audit says of the restored books.
    """

    rows: Mapping[str, int]
    doubtful: int
    outputs: tuple[str, ...]
    safety: Path | None
    differences: tuple[str, ...]


def restore(
    url: str, source: Path, *, replace: bool = False, is_gone: Callable[[str], bool] = lambda _: False
) -> Restored:
    """Fill the empty ledger at ``url`` from a back-up of either database, in one transaction.

    With ``replace``, what the ledger holds is written to a back-up of its own beside ``source`` and then replaced;
    ``is_gone`` tells whether the owner of an open intent no longer runs. Raises FixConfiguration for a file that is
    no back-up, or of a newer Reelmill; LookFirst if the ledger is not empty, or a worker still holds clips in it.
    """
    with _unpacked(source) as copy, closing(Database(parse_url(url))) as database:
        migrate(database)
        with copy.writing() as connection:
            doubtful = _doubt(connection)
        with copy.reading() as old, database.writing() as new:
            _lock(new)
            safety = _make_room(database, new, source, replace=replace, is_gone=is_gone)
            rows = copy_tables(old, new)
            if count_rows(new) != rows:
                raise TryLater(f"{place(database.url)} did not take every row.", "Nothing was changed; try again.")
            outputs = tuple(used_outputs(new))
        return Restored(
            rows=rows, doubtful=doubtful, outputs=outputs, safety=safety, differences=tuple(audit(database))
        )


@contextmanager
def _unpacked(source: Path) -> Iterator[Database]:
    """A private copy of the back-up at the present schema; the file itself is only read."""
    with tempfile.TemporaryDirectory(prefix="reelmill-restore-") as folder:
        path = Path(folder) / "ledger.db"
        try:
            _check_header(source)
            reading = sqlite3.connect(f"file:{quote(str(source.absolute()))}?mode=ro", uri=True)
            with closing(reading), closing(sqlite3.connect(path, isolation_level=None)) as copy:
                reading.backup(copy)
                sound = copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
                tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                copy.execute("PRAGMA application_id = 0")
        except sqlite3.Error as error:
            raise _no_backup(source, f"cannot be read ({error})") from None
        if not sound or not {"alembic_version", "runs", "clips", "intents", "charges"} <= tables:
            raise _no_backup(source, "is damaged" if not sound else "holds no ledger")
        with closing(file_database(path)) as database:
            migrate(database)
            yield database


def _check_header(source: Path) -> None:
    try:
        with source.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                raise _no_backup(source, "is no back-up of a ledger")
    except OSError as error:
        raise FixAccess(f"{source}: {error.strerror}.", "Name a file that `reelmill ledger backup` wrote.") from None


def _no_backup(source: Path, why: str) -> FixConfiguration:
    return FixConfiguration(f"{source} {why}.", "Name a file that `reelmill ledger backup` wrote.")


def _doubt(connection: Connection) -> int:
    """Nobody works on what comes back, and nobody knows what became of it."""
    now = datetime.now(UTC)
    freed = {"owner": RESTORED, "lease_until": now}
    unsure = or_(intents.c.state == State.AUTHORISED, intents.c.state == State.SENDING)
    unknown = {"state": State.UNKNOWN, "unclear_since": now, "error_code": "unclear", "error_message": _MAYBE_SENT}
    changed = connection.execute(update(intents).where(unsure).values(**unknown)).rowcount
    connection.execute(update(intents).where(intents.c.state.in_(_OPEN)).values(**freed))
    ended = {"status": RunStatus.FAILED, "ended_at": now}
    connection.execute(update(runs).where(runs.c.status == RunStatus.RUNNING).values(**ended))
    return changed


def _lock(connection: Connection) -> None:
    """Keep everybody else out until the commit; SQLite's write lock does so by itself."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))


def _make_room(
    database: Database, connection: Connection, source: Path, *, replace: bool, is_gone: Callable[[str], bool]
) -> Path | None:
    held = count_rows(connection)
    safety = None
    if any(number for table, number in held.items() if table != _KEPT_APART):
        if not replace:
            raise LookFirst(
                f"{place(database.url)} is not empty: it knows {held['intents']} intents of {held['runs']} runs.",
                "Add --replace to put the back-up in its place; a copy of the present ledger is kept.",
            )
        _refuse_if_worked_on(database, connection, is_gone)
        safety = source.absolute().with_name(f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.db")
        write_copy(database, connection, safety, overwrite=False)
    clear_tables(connection)
    return safety


def _refuse_if_worked_on(database: Database, connection: Connection, is_gone: Callable[[str], bool]) -> None:
    """A worker whose ledger is exchanged under it could not record what it has paid for."""
    leased = (intents.c.state.in_(_OPEN), intents.c.lease_until > database.now(connection))
    owners = connection.execute(select(intents.c.owner).where(*leased).distinct()).scalars().all()
    alive = [owner for owner in owners if not is_gone(owner)]
    if alive:
        raise LookFirst(
            f"{len(alive)} workers hold clips in {place(database.url)}, one of them {alive[0]}.",
            "Stop them, or wait until their leases have lapsed; then restore again.",
        )
