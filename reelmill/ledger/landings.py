"""What is remembered of feeds that a sensor watches: two equal looks make a landing, announced once per version."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select, update

from reelmill.ledger.database import Database
from reelmill.ledger.schema import landings
from reelmill.ledger.upsert import insert_or_leave

__all__ = ["Sighting", "saw_feed"]

_l = landings.c


class Sighting(StrEnum):
    """What a look at a feed means."""

    CHANGING = "changing"  # not as at the last look: it may still be written
    LANDED = "landed"  # twice the same, and new: to be announced now, by whoever is told this
    KNOWN = "known"  # announced before


def saw_feed(database: Database, feed: str, version: str) -> Sighting:
    """Keep what was seen; LANDED is returned once for each version, however many sensors look."""
    with database.writing() as connection:
        now = database.now(connection)
        new = {"feed": feed, "version": "", "seen_at": now, "told": None}
        insert_or_leave(connection, landings, new)
        row = connection.execute(select(_l.version, _l.told).where(_l.feed == feed).with_for_update()).one()
        landed = row.version == version != row.told
        values = {"version": version, "seen_at": now, **({"told": version} if landed else {})}
        connection.execute(update(landings).where(_l.feed == feed).values(**values))
    if landed:
        return Sighting.LANDED
    return Sighting.KNOWN if row.told == version else Sighting.CHANGING
