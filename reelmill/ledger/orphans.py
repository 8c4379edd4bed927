"""Orphans: paid videos that no clip's present result uses.

A clip is made again after its attempt was lost, and then the lost video turns up; or a person had it made anew.
What was paid stays in the books, and the video stays where it lies until retention removes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, exists

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Intent
from reelmill.ledger.schema import clips, intents, removals
from reelmill.ledger.states import DELIVERED

__all__ = ["REPLACED", "SUPERSEDED", "THERE", "orphans"]

_later = intents.alias("later")
REPLACED = exists().where(
    _later.c.clip_id == intents.c.clip_id,
    _later.c.output == intents.c.output,
    _later.c.attempt > intents.c.attempt,
    _later.c.state.in_(DELIVERED),
)
"""Condition on an attempt: a later one of its clip was delivered in the same output."""

SUPERSEDED = and_(clips.c.latest_attempt > intents.c.attempt, REPLACED)
"""The same for attempts with their clips: the first is true of few, and cheaper to ask."""

THERE = ~exists().where(removals.c.intent_id == intents.c.intent_id)
"""Condition on an attempt: nothing of it was removed."""


def orphans(database: Database, *, output: str | None) -> Iterator[tuple[Clip, Intent]]:
    """Delivered attempts that a later one of the same clip superseded in their output, oldest first.

    What was removed is left out. ``charged_usd`` of the intent is what it cost, ``video_uris`` is where its videos lie.
    """
    return read_intents(database, states=DELIVERED, run_id=None, output=output, also=(SUPERSEDED, THERE))
