"""Redriving: clips that ended without a video, made again by a person's decision and at a price shown first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import Engine
from reelmill.ledger.states import State
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from reelmill.veo.registry import Registry

__all__ = ["plan_redrive"]

_ENDED = (State.FAILED, State.FILTERED)
_UNCLEAR = (State.LOST, State.EXPIRED)


def plan_redrive(
    engine: Engine, *, only: Collection[str] = (), authorise_unclear: Collection[str] = ()
) -> tuple[PlanSummary, list[Work]]:
    """What failed or was filtered and would be made again, and what that costs at most.

    ``only`` limits it to these SKUs. A clip that may have been paid is never touched unless its id is among
    ``authorise_unclear``; raises FixConfiguration for an id that names no such clip.
    """
    summary = PlanSummary(engine.settings.model, engine.settings.quota_per_minute)
    registry = Registry.load(content_folder(engine.settings) / "models.toml")
    works = []
    unnamed = set(authorise_unclear)
    for work in _candidates(engine):
        clip = _at_todays_price(work.clip, registry)
        if only and clip.sku not in only:
            continue
        if work.again_unclear and clip.clip_id not in authorise_unclear:
            summary.add_blocked(clip, f"may have been paid; name it with --authorise-unclear {clip.clip_id}")
            continue
        unnamed.discard(clip.clip_id)
        if engine.media_inputs().out_of_reach(clip):
            summary.add_blocked(clip, "its picture was signed in the feed; run the catalog again with a fresh feed")
            continue
        summary.add_make(clip)
        works.append(replace(work, clip=clip))
    if unnamed:
        raise FixConfiguration(
            f"No lost or expired clip is called {', '.join(sorted(unnamed))}.",
            "Copy the clip ids from reelmill status.",
        )
    return summary, works


def _at_todays_price(clip: Clip, registry: Registry) -> Clip:
    """The same purchase, priced as of now. Raises ChooseAnotherModel if it can no longer be bought."""
    model = registry.model(clip.request.model)
    model.check_alive(datetime.now(UTC).date())
    price = model.unit_price(clip.request.resolution, clip.request.audio)
    return replace(clip, unit_price_usd=price, price_date=str(model.price_as_of))


def _candidates(engine: Engine) -> Iterator[Work]:
    """The latest attempts that ended without a video; older attempts of the same clip do not count."""
    for clip, intent in engine.ledger.intents(states=[*_ENDED, *_UNCLEAR], output=engine.storage.root):
        latest = engine.ledger.standings([clip.clip_id])[clip.clip_id]
        if latest.intent_id == intent.intent_id:
            yield Work(clip, again=True, again_unclear=intent.state in _UNCLEAR, after=intent.intent_id)
