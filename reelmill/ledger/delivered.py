"""Delivered: the video that each clip has now, whatever later attempts came to."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, or_

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Intent
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import DELIVERED

__all__ = ["delivered", "shown_video"]

_later = intents.alias("later")
_LATEST = (
    or_(
        clips.c.latest_attempt == intents.c.attempt,  # true of most, and cheaper to ask
        ~exists().where(
            _later.c.clip_id == intents.c.clip_id,
            _later.c.output == intents.c.output,
            _later.c.attempt > intents.c.attempt,
            _later.c.state.in_(DELIVERED),
        ),
    ),
)


def delivered(database: Database, *, output: str | None, run_id: str | None) -> Iterator[tuple[Clip, Intent]]:
    """The latest delivered attempt of each clip in each output, oldest first, streamed."""
    return read_intents(database, states=DELIVERED, run_id=run_id, output=output, also=_LATEST)


def shown_video(intent: Intent) -> str:
    """The first video that inspection did not fail, the first one if it failed all; empty if none came back."""
    reports = (intent.inspection or {}).get("videos", ())
    failed = {report.get("uri") for report in reports if report.get("status") == "fail"}
    return next((uri for uri in intent.video_uris if uri not in failed), next(iter(intent.video_uris), ""))
