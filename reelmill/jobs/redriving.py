"""Redriving: clips that ended without a video, made again by a person's decision and at a price shown first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration
from reelmill.jobs.attention import current
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import Engine
from reelmill.jobs.finishing import open_finishing
from reelmill.jobs.refusing import refuse_other_stage, refuse_out_of_reach, vanished, vanished_skus
from reelmill.judging.terms import JudgeTerms
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent
from reelmill.ledger.states import DELIVERED, State
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from reelmill.veo.registry import Registry

__all__ = ["empty_summary", "plan_redrive"]

_ENDED = (State.FAILED, State.FILTERED, State.RELEASED)  # of the last, only unsent retries and remakes
_CHUNK = 1000
_UNCLEAR = (State.LOST, State.EXPIRED)
_WANTED_NOW = (
    "Redrive that one, or run the catalog again: with --only and --force, which makes all clips of the SKU anew, if "
    "the product is as it was before."
)


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
    FixConfiguration for an id that names no such clip. A clip that an earlier attempt delivered, or whose product
    vanished from the feed, is made again only if ``only`` names it. One without a video is not made beside a changed
    clip that was asked for later, unless its id was named; one of a rehearsal never at Google, nor the other way round.
    """
    registry = Registry.load(content_folder(engine.settings) / "models.toml")
    planning = _Redrive(engine, registry, frozenset(only), frozenset(authorise_unclear), empty_summary(engine))
    summary = planning.summary
    works: list[Work] = []
    skus: set[str] = set()
    unnamed, unmet = set(authorise_unclear), set(only)
    named_alone = frozenset(() if only or unfit or decided else authorise_unclear)
    asked = (
        (clip, intent)
        for clip, intent in _candidates(engine, unfit=unfit, decided=decided)
        if (not only or clip.sku in only) and (not named_alone or clip.clip_id in named_alone)
    )
    for chunk in chunks(asked, _CHUNK):
        skus.update(clip.sku for clip, _ in chunk)
        unnamed.difference_update(clip.clip_id for clip, _ in chunk)
        works += planning.works(chunk)
    unmet -= skus
    summary.products = len(skus)
    # Asked for again, a clip is no more up to date: a plan that still waits for approval knows better.
    summary.planned_at = min(engine.ledger.planning_times(planning.run_ids).values(), default=None)
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
    """The summary of clips that are made without a feed: what may be paid beside each is in it."""
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


@dataclass(frozen=True, slots=True)
class _Redrive:
    """``only`` are the SKUs that a person named, ``named`` the ids of clips to pay again although they may be paid."""

    engine: Engine
    registry: Registry
    only: frozenset[str]
    named: frozenset[str]
    summary: PlanSummary
    run_ids: set[str] = field(default_factory=set)  # of the attempts that are made again

    def works(self, candidates: Sequence[tuple[Clip, Intent]]) -> Iterator[Work]:
        """What is to be made of them; everything is counted."""
        ledger = self.engine.ledger
        gone = vanished_skus(ledger, self.engine.catalog, (clip for clip, _ in candidates)) - self.only
        followed = ledger.followed([(clip, intent) for clip, intent in candidates if not intent.state.delivered])
        for clip, intent in candidates:
            try:
                self._check(clip, intent, gone=clip.sku in gone, followed_by=followed.get(clip.clip_id))
                priced = _at_todays_price(clip, self.registry)
            except FixConfiguration as error:
                self.summary.add_blocked(clip, str(error))
                continue
            self.summary.add_make(priced)
            self.run_ids.add(intent.run_id)
            unclear = intent.state in _UNCLEAR
            yield Work(priced, again=True, again_unclear=unclear, after=intent.intent_id, draft=intent.draft)

    def _check(self, clip: Clip, intent: Intent, *, gone: bool, followed_by: str | None) -> None:
        """Raises FixConfiguration for a clip that would better not, or cannot, be made again."""
        refuse_other_stage(self.engine, clip, was="asked for", remedy="Run the catalog here")
        if gone:
            raise vanished("redrive; or name its SKU with --only to pay all the same")
        unclear = intent.state in _UNCLEAR
        if not unclear or clip.clip_id not in self.named:
            if followed_by is not None:
                raise FixConfiguration(f"Clip {followed_by} was asked for later in its place.", _WANTED_NOW)
            if unclear:
                raise FixConfiguration("It may have been paid.", f"Name it with --authorise-unclear {clip.clip_id}.")
            self._check_delivered(clip, intent)
        refuse_out_of_reach(self.engine, clip)

    def _check_delivered(self, clip: Clip, intent: Intent) -> None:
        """Raises FixConfiguration for a clip that an earlier attempt delivered, unless its SKU was named."""
        if clip.sku in self.only:
            return
        video = self.engine.ledger.videos_of([clip.clip_id]).get(clip.clip_id)
        if video is not None and video.intent_id != intent.intent_id:
            raise FixConfiguration(
                f"Attempt {video.attempt} has delivered it: {' '.join(video.video_uris)}.",
                "Name its SKU with --only to pay for another.",
            )


def _at_todays_price(clip: Clip, registry: Registry) -> Clip:
    """The same purchase, priced as of now. Raises ChooseAnotherModel if it can no longer be bought."""
    model = registry.model(clip.request.model)
    model.check_alive(datetime.now(UTC).date())
    price = model.unit_price(clip.request.resolution, clip.request.audio)
    return replace(clip, unit_price_usd=price, price_date=str(model.price_as_of))


def _candidates(engine: Engine, *, unfit: bool, decided: Collection[Decision]) -> Iterator[tuple[Clip, Intent]]:
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
            yield clip, intent


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
