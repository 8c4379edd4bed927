"""What a scene continues: the video that an extension is asked of, once it is there and may be used."""

from __future__ import annotations

from collections.abc import Collection

from reelmill.clip import Clip
from reelmill.errors import LookFirst
from reelmill.ledger.delivered import shown_video
from reelmill.ledger.ledger import Ledger
from reelmill.settings import InspectDepth

__all__ = ["continued_videos", "video_to_continue"]


def continued_videos(
    ledger: Ledger, clip_ids: Collection[str], *, output: str, inspect: InspectDepth
) -> dict[str, str]:
    """The videos of those of these clips that may be continued, by clip.

    They lie in this output in Cloud Storage, are fit, looked at (unless nothing is), no drafts, not removed, and nobody
    rejected them: what continues a video holds it.
    """
    found = {
        clip_id: intent
        for clip_id, intent in ledger.videos_of(clip_ids, output=output).items()
        if intent.output == output
        and not intent.draft
        and not intent.unfit
        and (intent.inspection is not None or inspect is InspectDepth.OFF)
    }
    attempts = [intent.intent_id for intent in found.values()]
    decisions, removed = ledger.decisions_of(attempts), ledger.removed(attempts)
    refused = {intent_id for intent_id, review in decisions.items() if review.decision.unwanted}
    return {
        clip_id: shown_video(intent)
        for clip_id, intent in found.items()
        if intent.intent_id not in refused | removed and shown_video(intent).startswith("gs://")
    }


def video_to_continue(ledger: Ledger, clip: Clip, *, output: str, inspect: InspectDepth) -> str | None:
    """The video that a clip extends; None if it continues none. Raises LookFirst if that is not there, or of no use."""
    before = clip.request.continues
    if before is None:
        return None
    found = continued_videos(ledger, [before], output=output, inspect=inspect)
    if before not in found:
        raise LookFirst(
            f"Scene {clip.scene!r} of {clip.sku!r} continues clip {before}, which has no video that can be used.",
            "See reelmill status about that one, then run the same command again.",
        )
    return found[before]
