"""How many clips a process holds between submit and settle, from the ledger: at ``in_flight`` it sends no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import create_engine, select

from reelmill.ledger.schema import intents

__all__ = ["Places"]


@dataclass(frozen=True, slots=True)
class Places:
    """When clips were submitted, and when clips were settled, in seconds after the first submit, both in order.

    ``files`` is how many renditions were made of all of them.
    """

    submitted: Sequence[float]
    settled: Sequence[float]
    files: int = 0

    @classmethod
    def of(cls, ledger_url: str) -> Places:
        """From the ledger of one run that has ended."""
        engine = create_engine(ledger_url)
        with engine.connect() as connection:
            columns = (intents.c.submitted_at, intents.c.finished_at, intents.c.renditions)
            rows = connection.execute(select(*columns)).all()
        engine.dispose()
        first = min(row.submitted_at for row in rows)
        submitted, settled = (
            sorted((moment - first).total_seconds() for moment in moments)
            for moments in ((row.submitted_at for row in rows), (row.finished_at for row in rows))
        )
        return cls(submitted, settled, sum(len(row.renditions) for row in rows))

    def full_with(self, in_flight: int) -> int | None:
        """The how-manieth submit took the last of so many places between submit and settle; None if none did."""
        for number, moment in enumerate(self.submitted, start=1):
            if number - sum(end <= moment for end in self.settled) >= in_flight:
                return number
        return None
