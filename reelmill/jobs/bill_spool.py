"""Two sides of the books on disk, sorted by run and SKU, so that millions of lines are compared in little memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["BillSpool", "Group", "Side"]

_BATCH = 2_000
_ZERO = Decimal(0)


class Side(StrEnum):
    """Where a row comes from."""

    BILL = "bill"
    LEDGER = "ledger"
    OPEN = "open"  # in the ledger, perhaps paid


@dataclass(slots=True)
class Group:
    """All rows of one run and one SKU label; ``sku`` is None where the bill tells no SKUs of the run apart.

    ``billed`` are amounts by currency, ``charged`` and ``reserved`` are USD; ``skus`` are a few of the names behind
    the label; ``first`` and ``last`` bound the moments of both sides.
    """

    run: str
    sku: str | None
    billed: dict[str, Decimal] = field(default_factory=dict)
    lines: int = 0
    charged: Decimal = _ZERO
    charges: int = 0
    reserved: Decimal = _ZERO
    open: int = 0
    skus: list[str] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, side: str, name: str, amount: Decimal, currency: str, moment: datetime) -> None:
        """Count one row in."""
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)
        if side == Side.BILL:
            self.lines += 1
            self.billed[currency] = self.billed.get(currency, _ZERO) + amount
            return
        if side == Side.LEDGER:
            self.charges += 1
            self.charged += amount
        else:
            self.open += 1
            self.reserved += amount
        if name not in self.skus and len(self.skus) < 3:  # noqa: PLR2004 - enough to find them
            self.skus.append(name)


class BillSpool:
    """A temporary database of rows; a context manager that removes it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reelmill-bill-")
        self._rows: list[tuple[str, str | None, str, str, str, str, str]] = []
        self._database = sqlite3.connect(Path(self._folder.name) / "rows.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")  # it is thrown away anyhow
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE rows (run TEXT NOT NULL, sku TEXT, side TEXT NOT NULL, name TEXT NOT NULL,"
            " amount TEXT NOT NULL, currency TEXT NOT NULL, moment TEXT NOT NULL)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(
        self,
        side: Side,
        *,
        run: str,
        sku: str | None,
        name: str,
        amount: Decimal,
        currency: str,
        moment: datetime,
    ) -> None:
        """Keep one row; ``sku`` None where no label names one."""
        self._rows.append((run, sku or None, side.value, name, str(amount), currency, moment.isoformat()))
        if len(self._rows) >= _BATCH:
            self._flush()

    def groups(self) -> Iterator[Group]:
        """Every run and SKU in order. A run that the bill knows partly without SKUs is one group."""
        self._flush()
        self._database.execute("CREATE INDEX by_key ON rows (run, sku)")
        self._database.execute(
            "UPDATE rows SET sku = NULL WHERE run IN (SELECT run FROM rows WHERE sku IS NULL AND side = ?)",
            (Side.BILL.value,),
        )
        ordered = self._database.execute(
            "SELECT run, sku, side, name, amount, currency, moment FROM rows ORDER BY run, sku"
        )
        for (run, sku), rows in groupby(ordered, key=lambda row: (row[0], row[1])):
            group = Group(run, sku)
            for _, _, side, name, amount, currency, moment in rows:
                group.add(side, name, Decimal(amount), currency, datetime.fromisoformat(moment))
            yield group

    def _flush(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", self._rows)
        self._database.execute("COMMIT")
        self._rows.clear()
