"""Finding out by looking: the output prefix tells what was made, whatever was heard of the submit."""

from __future__ import annotations

from reelmill.ledger.records import Intent
from reelmill.production.studio import Studio
from reelmill.veo.outcomes import ReturnedVideo

__all__ = ["videos_at_prefix"]


def videos_at_prefix(studio: Studio, intent: Intent) -> tuple[ReturnedVideo, ...]:
    """The videos that Veo wrote under the intent's own prefix, in sample order; empty if there are none.

    Veo writes ``{prefix}/{number}/sample_{i}.mp4``; the number is not known before (field runs, 2026).
    """
    found = [
        stored
        for stored in studio.storage.list(f"{intent.output_prefix}/")
        if stored.name.rpartition("/")[2].startswith("sample_") and stored.name.endswith(".mp4")
    ]
    return tuple(ReturnedVideo(uri=stored.uri, data=None) for stored in found)
