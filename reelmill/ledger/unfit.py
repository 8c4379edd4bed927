"""Unfit: clips that were delivered, and that inspection found unfit for use."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Text, type_coerce

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.reading import IS_LATEST, read_intents
from reelmill.ledger.records import Intent
from reelmill.ledger.schema import intents
from reelmill.ledger.states import DELIVERED

__all__ = ["unfit"]

_MAY_BE = (
    IS_LATEST,
    # Narrows a million records down in the database; findings could quote these words, so each is read too.
    type_coerce(intents.c.inspection, Text).like('%"status":"fail"%'),
)


def unfit(database: Database, *, output: str | None) -> Iterator[tuple[Clip, Intent]]:
    """Clips whose latest attempt was delivered with an inspection that failed, oldest first."""
    for clip, intent in read_intents(database, states=DELIVERED, run_id=None, output=output, also=_MAY_BE):
        if intent.unfit:
            yield clip, intent
