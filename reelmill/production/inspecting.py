"""A clip that was settled unseen: its videos are looked at, and renditions are made of them, now."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from reelmill.clip import Clip
from reelmill.ledger.inspecting import Inspected
from reelmill.ledger.records import Intent
from reelmill.production.collecting import inspect_videos, renew_provenance
from reelmill.production.results import ClipResult
from reelmill.production.signs_of_life import with_signs_of_life
from reelmill.production.studio import Studio
from reelmill.telemetry.log_context import about

__all__ = ["inspect_settled"]


async def inspect_settled(studio: Studio, clip: Clip, intent: Intent) -> ClipResult:
    """What became of it. The clip is this process's to look at. Raises TryLater if this machine has no room."""
    ledger, threads, lease_s = studio.ledger, studio.threads, studio.settings.lease_s
    renew = partial(ledger.keep_looking, [intent.intent_id], owner=studio.owner, lease_s=lease_s)
    with about(run=intent.run_id, clip=clip.clip_id, sku=clip.sku):
        looking = threads.media(inspect_videos, studio, clip, intent, intent.video_uris)
        landed = await with_signs_of_life(looking, threads, renew, lease_s=lease_s)
        await threads.poll(renew_provenance, studio, clip, intent, landed)
        found = Inspected(inspection=landed.inspection or {}, poster_uri=landed.poster_uri, renditions=landed.made.uris)
        await threads.ledger(ledger.record_inspection, intent.intent_id, found)
        return ClipResult.of(clip, replace(intent, inspection=found.inspection, renditions=found.renditions))
