"""Drafts in the ledger: attempts that were bought to be looked at, and are never published."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, select

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.reading import IS_LATEST, among, read_intents
from reelmill.ledger.records import ZERO, Intent, StateTotal
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import DELIVERED

__all__ = ["draft_total", "drafts", "latest_draft_run"]

_i = intents.c


def drafts(database: Database, *, output: str, run_id: str | None) -> Iterator[tuple[Clip, Intent]]:
    """The delivered drafts of an output, or of one of its runs, oldest first, streamed."""
    return read_intents(database, states=DELIVERED, run_id=run_id, output=output, also=(_i.draft,))


def draft_total(database: Database, *, output: str) -> StateTotal:
    """All attempts at drafts, however they ended, and their money in USD."""
    query = (
        select(func.count(), func.sum(case((IS_LATEST, 1), else_=0)), func.sum(_i.reserved), func.sum(_i.charged))
        .select_from(intents.join(clips, clips.c.clip_id == _i.clip_id))
        .where(*among(None, output), _i.draft)
    )
    with database.reading() as connection:
        count, latest, reserved, charged = connection.execute(query).one()
    return StateTotal(clips=count, present=int(latest or 0), reserved_usd=reserved or ZERO, charged_usd=charged or ZERO)


def latest_draft_run(database: Database, *, output: str) -> str | None:
    """The run of the newest draft of an output; None without any."""
    newest = (_i.created_at.desc(), _i.intent_id.desc())
    query = select(_i.run_id).where(*among(None, output), _i.draft).order_by(*newest).limit(1)
    with database.reading() as connection:
        return connection.execute(query).scalar()
