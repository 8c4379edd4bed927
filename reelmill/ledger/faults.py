"""Database errors in the words of reelmill.errors: what to do, and never the URL's password."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reelmill.errors import FixAccess, FixConfiguration, LookFirst, ReelmillError, TryLater

__all__ = ["place", "translated"]

_RETRY = "Run the same command again; nothing was lost."
_ACCESS = "Check the user, password and database in REELMILL_LEDGER_URL, and that the user owns its tables."

# PostgreSQL's SQLSTATE classes (PostgreSQL manual, appendix A).
_REFUSED = ("28", "3D", "42501")
_SCHEMA = ("42P01", "42703", "3F")
_BROKEN_RULE = ("23",)


def place(url: URL) -> str:
    """The ledger's address as it may be shown: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return f"Ledger {url.database}"
    return f"Ledger {url.database or ''} on {url.host or 'the local server'}"


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what SQLAlchemy and the drivers raise into one of our errors.

    The original is dropped on purpose: its text may show statements, parameters and the connection.
    """
    try:
        yield
    except PoolTimeout:
        raise TryLater(f"{place(url)}: all connections are busy.", "Use fewer workers, or run it again.") from None
    except DBAPIError as error:
        raise _from_driver(url, error) from None
    except StatementError as error:
        if isinstance(error.orig, ReelmillError):
            raise error.orig from None
        raise FixConfiguration(f"{place(url)}: {type(error.orig).__name__} in a value.", "Report this.") from None
    except SQLAlchemyError as error:
        raise TryLater(f"{place(url)}: {type(error).__name__}.", _RETRY) from None


def _from_driver(url: URL, error: DBAPIError) -> ReelmillError:
    said = _first_line(url, error)
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(f"{place(url)}: {said}.", getattr(error.orig, "sqlite_errorname", ""))
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith(_REFUSED) or (not state and _sounds_refused(said)):
        return FixAccess(f"{place(url)}: {said}.", _ACCESS)
    if state.startswith(_SCHEMA):
        return FixConfiguration(f"{place(url)}: {said}.", "Its tables were changed by hand; restore a back-up.")
    if state.startswith(_BROKEN_RULE):
        return LookFirst(f"{place(url)}: {said}.", "Run `reelmill status`, then `reelmill settle`.")
    return TryLater(f"{place(url)}: {said}.", _RETRY)


def _from_sqlite(problem: str, name: str) -> ReelmillError:
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return FixAccess(problem, "Make the file and its folder writable, or change REELMILL_LEDGER_URL.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")):
        return FixConfiguration(problem, "It is no ledger of ours or was damaged; restore a back-up.")
    if name.startswith("SQLITE_FULL"):
        return TryLater(problem, "Free some disk space, then run the same command again.")
    if name.startswith("SQLITE_CONSTRAINT"):
        return LookFirst(problem, "Run `reelmill status`, then `reelmill settle`.")
    return TryLater(problem, _RETRY)


def _first_line(url: URL, error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    line = lines[0].rstrip(". ")
    secrets = [str(url.password or ""), *(str(value) for key, value in url.query.items() if "pass" in key)]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        line = line.replace(secret, "***")
    return line


def _sounds_refused(said: str) -> bool:
    """A failed PostgreSQL connection carries no SQLSTATE; only its words tell."""
    signs = ("authentication failed", "no password supplied", "no pg_hba.conf entry", 'role "', 'database "')
    return any(sign in said for sign in signs)
