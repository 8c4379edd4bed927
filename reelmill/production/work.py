"""One unit of the fan-out: a clip to make, or one that an earlier process left on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.errors import LookFirst
from reelmill.ledger.records import Intent

__all__ = ["TakenUp", "Work"]


class TakenUp(LookFirst):
    """Somebody else makes the clip, or it has ended since this work was planned."""


@dataclass(frozen=True, slots=True)
class Work:
    """A clip, and what is allowed: with ``intent`` it is only followed and nothing new is paid.

    ``again`` makes a clip anew that ended before; ``again_unclear`` even one that may have been paid. Both were
    decided on the attempt ``after``, and are void once another one followed it. ``soften`` retries the filtered
    attempt ``after`` with the next softened words, ``remake`` makes the unfit one anew, each if its policy allows it.
    ``sources`` gives the signed addresses of references that were signed in the feed: to fetch with, never to keep. A
    ``draft`` is to be looked at and never published.
    """

    clip: Clip
    intent: Intent | None = None
    again: bool = False
    again_unclear: bool = False
    after: str | None = None
    soften: bool = False
    remake: bool = False
    draft: bool = False
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
