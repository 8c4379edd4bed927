"""Redriving: clips that ended without a video, made again by a person's decision and at a price shown first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration
from reelmill.jobs.attention import current
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import Engine
from reelmill.jobs.finishing import open_finishing
from reelmill.judging.terms import JudgeTerms
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent
from reelmill.ledger.states import DELIVERED, State
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from reelmill.veo.registry import Registry

__all__ = ["empty_summary", "plan_redrive", "refuse_out_of_reach"]

_ENDED = (State.FAILED, State.FILTERED, State.RELEASED)  # of the last, only unsent retries and remakes
_CHUNK = 1000
_UNCLEAR = (State.LOST, State.EXPIRED)


def plan_redrive(
    engine: Engine,
    *,
    only: Collection[str] = (),
    authorise_unclear: Collection[str] = (),
    unfit: bool = False,
    decided: Collection[Decision] = (),
) -> tuple[PlanSummary, list[Work]]:
    """What failed or was filtered and would be made again, and what that costs at most.

    ``only`` limits it to these SKUs; ``unfit`` takes in what was delivered in part, found unfit, or continues a video
    that was made again since; ``decided`` what was delivered and decided about so. A clip that may have been paid is
    never touched unless its id is among ``authorise_unclear``, which alone means those clips and no others; raises
    FixConfiguration for an id that names no such clip. A clip that an earlier attempt delivered is made again only if
    ``only`` names it.
    """
    settings = engine.settings
    summary = empty_summary(engine)
    registry = Registry.load(content_folder(settings) / "models.toml")
    works: list[Work] = []
    skus: set[str] = set()
    unnamed, unmet = set(authorise_unclear), set(only)
    named_alone = frozenset(() if only or unfit or decided else authorise_unclear)
    for work in _candidates(engine, unfit=unfit, decided=decided):
        clip = work.clip
        if (only and clip.sku not in only) or (named_alone and clip.clip_id not in named_alone):
            continue
        skus.add(clip.sku)
        unmet.discard(clip.sku)
        if work.again_unclear and clip.clip_id not in unnamed:
            summary.add_blocked(clip, f"may have been paid; name it with --authorise-unclear {clip.clip_id}")
            continue
        unnamed.discard(clip.clip_id)
        try:
            clip = _at_todays_price(clip, registry)
            _check(engine, clip, work, named=clip.sku in only)
        except FixConfiguration as error:
            summary.add_blocked(clip, str(error))
            continue
        summary.add_make(clip)
        works.append(replace(work, clip=clip))
    summary.products = len(skus)
    if works:
        summary.model = ", ".join(sorted({work.clip.request.model for work in works}))  # drafts have their own
    if unnamed:
        raise FixConfiguration(
            f"No lost or expired clip is called {', '.join(sorted(unnamed))}.",
            "Copy the clip ids from reelmill status.",
        )
    if unmet:
        summary.warnings.append(f"Nothing to make again for {', '.join(sorted(unmet))}. See reelmill status.")
    return summary, works


def empty_summary(engine: Engine) -> PlanSummary:
    """The summary of clips that are made without a feed, before the first: what may be paid beside each is in it."""
    settings = engine.settings
    judge = JudgeTerms.of(settings, datetime.now(UTC).date())
    return PlanSummary(
        settings.model,
        settings.quota_per_minute,
        in_flight=settings.in_flight,
        filtered_retries=settings.filtered_retries,
        remake_attempts=open_finishing(settings).finish.remakes(settings.remake_attempts, None),
        judge=judge.model if judge else "",
        verdict_usd=judge.most_of_clip_usd if judge else Decimal(0),
    )


def _check(engine: Engine, clip: Clip, work: Work, *, named: bool) -> None:
    """Raises FixConfiguration for a clip that would better not, or cannot, be made again."""
    video = None if named or work.again_unclear else engine.ledger.videos_of([clip.clip_id]).get(clip.clip_id)
    if video is not None and video.intent_id != work.after:
        raise FixConfiguration(
            f"Attempt {video.attempt} has delivered it: {' '.join(video.video_uris)}.",
            "Name its SKU with --only to pay for another.",
        )
    refuse_out_of_reach(engine, clip)


def refuse_out_of_reach(engine: Engine, clip: Clip) -> None:
    """Raises FixConfiguration for a clip whose picture only a fresh feed can give again."""
    if engine.media_inputs().out_of_reach(clip):
        raise FixConfiguration("Its picture was signed in the feed.", "Run the catalog again with a fresh feed.")


def _at_todays_price(clip: Clip, registry: Registry) -> Clip:
    """The same purchase, priced as of now. Raises ChooseAnotherModel if it can no longer be bought."""
    model = registry.model(clip.request.model)
    model.check_alive(datetime.now(UTC).date())
    price = model.unit_price(clip.request.resolution, clip.request.audio)
    return replace(clip, unit_price_usd=price, price_date=str(model.price_as_of))


def _candidates(engine: Engine, *, unfit: bool, decided: Collection[Decision]) -> Iterator[Work]:
    """The latest attempts that ended without a video, or with one of no use, of clips that are still wanted."""
    ledger, root = engine.ledger, engine.storage.root
    ended = [*_ENDED, *_UNCLEAR, *([State.PARTIAL] if unfit else [])]
    found = ledger.intents(states=ended, output=root, latest=True)
    if unfit:  # a partial one that is unfit too is among the first already
        of_no_use = ((clip, intent) for clip, intent in ledger.unfit(output=root) if intent.state not in ended)
        found = chain(found, of_no_use, _outdated(engine))
    if decided:
        found = chain(found, _decided(engine, decided))
    if unfit or decided:
        found = _once(found)
    for clip, intent in current(ledger, found):
        if intent.state is not State.RELEASED or intent.softening or intent.remake:
            unclear = intent.state in _UNCLEAR
            yield Work(clip, again=True, again_unclear=unclear, after=intent.intent_id, draft=intent.draft)


def _decided(engine: Engine, decided: Collection[Decision]) -> Iterator[tuple[Clip, Intent]]:
    """Delivered clips about whose latest attempt people decided so. A remade clip has an attempt to be judged anew."""
    for chunk in chunks(engine.ledger.intents(states=DELIVERED, output=engine.storage.root, latest=True), _CHUNK):
        decisions = engine.ledger.decisions_of([intent.intent_id for _, intent in chunk])
        for clip, intent in chunk:
            if intent.intent_id in decisions and decisions[intent.intent_id].decision in decided:
                yield clip, intent


def _outdated(engine: Engine) -> Iterator[tuple[Clip, Intent]]:
    """Delivered scenes that continue a video in whose place another one has come since."""
    delivered = engine.ledger.intents(states=DELIVERED, output=engine.storage.root, latest=True)
    for chunk in chunks((one for one in delivered if one[1].sent_video is not None), _CHUNK):
        continued = [clip.request.continues for clip, _ in chunk if clip.request.continues]
        videos = engine.ledger.videos_of(continued, output=engine.storage.root)
        for clip, intent in chunk:
            before = videos.get(clip.request.continues or "")
            if before is not None and intent.sent_video not in before.video_uris:
                yield clip, intent


def _once(found: Iterable[tuple[Clip, Intent]]) -> Iterator[tuple[Clip, Intent]]:
    """Each attempt once: a rejected clip may be unfit, too."""
    seen = set()
    for clip, intent in found:
        if intent.intent_id not in seen:
            seen.add(intent.intent_id)
            yield clip, intent
