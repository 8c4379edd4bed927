"""What earlier processes left behind: taken over when they are gone, never paid again."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.jobs.accounting import close_abandoned_runs
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from reelmill.production.owner import is_gone
from reelmill.production.work import Work

__all__ = ["adopt_abandoned"]

_BATCH = 1000


def adopt_abandoned(engine: Engine) -> list[Work]:
    """Take over every open clip of this output whose worker is gone or silent past its lease.

    Clips never sent are released (they are planned again like new ones); the others are only to be followed.
    Runs of workers that are gone are ended.
    """
    works = []
    for intent in _adopted(engine):
        if intent.state is State.AUTHORISED:
            engine.ledger.release(intent.intent_id, owner=engine.owner)
        elif (clip := engine.ledger.clip(intent.clip_id)) is not None:
            works.append(Work(clip, intent))
    close_abandoned_runs(engine)
    return works


def _adopted(engine: Engine) -> Iterator[Intent]:
    while batch := engine.ledger.adopt(
        owner=engine.owner,
        lease_s=engine.settings.lease_s,
        is_gone=lambda owner: owner != engine.owner and is_gone(owner),
        output=engine.storage.root,
        limit=_BATCH,
    ):
        yield from batch
