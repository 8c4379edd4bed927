"""Delivered: the video that each clip has now, whatever later attempts came to."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.orphans import REPLACED
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Intent
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import DELIVERED

__all__ = ["delivered", "replaced", "shown_video"]

_LATEST = (or_(clips.c.latest_attempt == intents.c.attempt, ~REPLACED),)  # the first is true of most, and cheaper


def delivered(database: Database, *, output: str | None, run_id: str | None) -> Iterator[tuple[Clip, Intent]]:
    """The latest delivered attempt of each clip in each output, oldest first, streamed."""
    return read_intents(database, states=DELIVERED, run_id=run_id, output=output, also=_LATEST)


def replaced(database: Database, *, run_id: str) -> set[str]:
    """The attempts of a run in whose place a later one in the same output has come: one that was delivered."""
    with database.reading() as connection:
        return set(
            connection.execute(select(intents.c.intent_id).where(intents.c.run_id == run_id, REPLACED)).scalars()
        )


def shown_video(intent: Intent) -> str:
    """The first video that inspection did not fail, the first one if it failed all; empty if none came back."""
    reports = (intent.inspection or {}).get("videos", ())
    failed = {report.get("uri") for report in reports if report.get("status") == "fail"}
    return next((uri for uri in intent.video_uris if uri not in failed), next(iter(intent.video_uris), ""))
