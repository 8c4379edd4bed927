"""Making an unfit clip anew in the same run, where the policy of a finding asks for it and the setting allows it.

The bound is kept by the ledger in the transaction that authorises; here is only asked whether.
"""

from __future__ import annotations

from reelmill.clip import Clip
from reelmill.ledger.records import Intent
from reelmill.production.studio import Studio

__all__ = ["may_be_remade", "remakes"]


def remakes(studio: Studio, clip: Clip) -> int:
    """How often the clip may be made anew since a person, or the first plan, had it made."""
    return studio.finishing.finish.remakes(studio.settings.remake_attempts, clip.request.seed)


def may_be_remade(studio: Studio, clip: Clip, intent: Intent) -> bool:
    """Whether this attempt was found unfit by a finding that asks for another, and one more is allowed."""
    return intent.asks_for_remake and intent.remake < remakes(studio, clip)
