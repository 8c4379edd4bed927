"""Where the worlds' ledgers come from: ready-made copies, because making the tables takes longer than making a clip."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import make_url

from reelmill.ledger.ledger import Ledger
from tests.support.postgres import PostgresServer

__all__ = ["Ledgers", "PostgresLedgers", "SqliteLedgers"]


class Ledgers(Protocol):
    """Makes each world an empty ledger of its own."""

    def make(self, folder: Path) -> str:
        """The URL of a new one; what it needs on disk goes to ``folder``."""
        ...

    def drop(self, url: str) -> None:
        """Leave nothing of it, beyond its folder."""
        ...


class SqliteLedgers:
    """One file in each world's folder, copied from one that is made below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._empty = folder / "empty-ledger.db"
        Ledger.open(f"sqlite:///{self._empty}").close()

    def make(self, folder: Path) -> str:
        """A copy."""
        return f"sqlite:///{shutil.copyfile(self._empty, folder / 'ledger.db')}"

    def drop(self, url: str) -> None:
        """It goes with its folder."""


class PostgresLedgers:
    """One database for each world on one server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._empty = server.create()
        Ledger.open(server.url(self._empty)).close()

    def make(self, folder: Path) -> str:
        """A database like the first one."""
        return self._server.url(self._server.create(self._empty))

    def drop(self, url: str) -> None:
        """Drop the database."""
        self._server.drop(make_url(url).database or "")
