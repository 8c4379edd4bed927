"""Noticing that a feed has landed: changed since it was last announced, and the same at two looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from reelmill.ledger.landings import Sighting
from reelmill.ledger.ledger import Ledger
from reelmill.settings import Settings
from reelmill.storage.landing import FeedLook, look_at_feed

__all__ = ["Look", "feed_name", "look_for_feed"]

_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a feed. ``found`` and ``sighting`` are None if nothing is there."""

    feed: str
    name: str
    found: FeedLook | None
    sighting: Sighting | None

    @property
    def landed(self) -> bool:
        """To be announced now, by whoever looked: nobody is told this twice of one version."""
        return self.sighting is Sighting.LANDED


def look_for_feed(settings: Settings, feed: str, name: str = "") -> Look:
    """Look once, and remember it in the ledger. Raises FixFeed, FixAccess, TryLater, FixConfiguration."""
    found = look_at_feed(feed, settings)
    sighting = None
    if found is not None:
        with Ledger.open(settings.ledger_url) as ledger:
            sighting = ledger.saw_feed(feed, found.version)
    return Look(feed, feed_name(name or feed), found, sighting)


def feed_name(feed: str) -> str:
    """The last part of an address without its ending, in characters that fit any event: ``shop`` for shop.csv.gz."""
    last = PurePosixPath(feed.rstrip("/")).name
    bare = _OTHER.sub("-", last.partition(".")[0]).strip("-")
    return bare or "feed"
