"""One clip's way: authorise → submit → poll → collect → inspect → settle."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from reelmill.clip import Clip
from reelmill.errors import LookFirst, TryLater
from reelmill.ledger.records import Intent, Settlement
from reelmill.ledger.states import State
from reelmill.production.collecting import Landed, inspect_videos, land_videos, write_provenance
from reelmill.production.following import Waiting, next_step
from reelmill.production.judging import judge_clip
from reelmill.production.leaving import unless_left
from reelmill.production.results import ClipResult
from reelmill.production.retrying import with_retries
from reelmill.production.sending import authorise, send
from reelmill.production.signs_of_life import with_signs_of_life
from reelmill.production.softening import why_not_retried
from reelmill.production.studio import Studio
from reelmill.production.watch import Watch
from reelmill.production.work import TakenUp, Work
from reelmill.telemetry.log_context import about
from reelmill.veo.explain import Verdict

__all__ = ["Producer"]

log = logging.getLogger(__name__)

R = TypeVar("R")

_FIRST_LOOK_S = 1.0
_PREPARING = 16  # clips between authorise and send: enough to fill any quota, few to release on a stop


@dataclass(slots=True)
class Producer:
    """Produces clips for one run. Safe to run many at once in one event loop."""

    studio: Studio
    run_id: str
    _preparing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PREPARING))

    async def produce(self, work: Work, *, on_sent: Callable[[], None] = lambda: None) -> ClipResult | None:
        """Make or resume one clip; None if the run stopped before anything was reserved for it.

        A filtered clip is retried in softer words, and an unfit one made anew, as often as policies allow. ``on_sent``
        is called once the first attempt needs not to be sent any more: from then on it is only followed.
        Raises RaiseCap at a cap, and the errors of :func:`~reelmill.production.sending.send`.
        """
        if work.intent is not None:
            on_sent()
            return await self.follow(work.clip, work.intent)
        with about(run=self.run_id, clip=work.clip.clip_id, sku=work.clip.sku):
            return await self._make(work, on_sent)

    async def _make(self, work: Work, on_sent: Callable[[], None]) -> ClipResult | None:
        clip = work.clip
        try:
            intent = await self._attempt(work, on_sent)
        except TakenUp as error:
            log.warning("%s %s: %s", clip.sku, clip.request.aspect_ratio.value, error)
            return await self._made_elsewhere(clip, str(error))
        if intent is None:
            return None
        return ClipResult.of(clip, *await with_retries(self.studio, work, intent, self._attempt))

    async def follow(self, clip: Clip, intent: Intent) -> ClipResult:
        """Wait for what was sent and settle it.

        Leaves it as it is when the run is told to leave, or when nobody could be reached for so long after every
        deadline that a later run or ``settle`` has to finish it.
        """
        with about(run=intent.run_id, clip=clip.clip_id, sku=clip.sku):
            return ClipResult.of(clip, await self._to_its_end(clip, intent, Watch()))

    async def _attempt(self, work: Work, on_sent: Callable[[], None] = lambda: None) -> Intent | None:
        """Authorise, send and follow one attempt; None if the run stopped before. Raises TakenUp."""
        studio = self.studio
        async with self._preparing:
            if studio.stop.closed:
                return None
            try:
                intent = await studio.threads.ledger(authorise, studio, work, self.run_id)
            except LookFirst as error:
                raise TakenUp(error.problem, error.remedy) from None
            sent = await send(studio, work.clip, intent, work.sources)
            intent = self._measured(work.clip, intent, sent)
        on_sent()
        return await self._to_its_end(work.clip, intent, Watch(from_the_start=True))

    async def _to_its_end(self, clip: Clip, intent: Intent, watch: Watch) -> Intent:
        with about(operation=intent.operation), self._following(clip):
            ended = await unless_left(self.studio.stop, self._looked_until_settled(clip, intent, watch))
            intent = ended or await self._reread(intent)
            log.info("%s %s: %s", clip.sku, clip.request.aspect_ratio.value, intent.state)
        return intent

    async def _looked_until_settled(self, clip: Clip, intent: Intent, watch: Watch) -> Intent:
        looks = 0
        while (
            intent.state.open
            and intent.state is not State.AUTHORISED
            and await self.studio.stop.pause_in_flight(self._interval(looks))
        ):
            intent = await self._look(clip, intent, watch)
            looks += 1
            if await self._given_up(intent, watch):
                break
        return intent

    @contextmanager
    def _following(self, clip: Clip) -> Iterator[None]:
        """Count the clip as in flight."""
        self.studio.instruments.follows(clip, 1)
        try:
            yield
        finally:
            self.studio.instruments.follows(clip, -1)

    async def look(self, clip: Clip, intent: Intent) -> Intent:
        """Look once, and settle if there is something to settle."""
        with about(run=intent.run_id, clip=clip.clip_id, sku=clip.sku, operation=intent.operation):
            return await self._look(clip, intent, Watch())

    async def _look(self, clip: Clip, intent: Intent, watch: Watch) -> Intent:
        return self._measured(clip, intent, await self._looked(clip, intent, watch))

    def _measured(self, clip: Clip, before: Intent, intent: Intent) -> Intent:
        """Measure an end that was not there before."""
        if intent.state is not before.state and not intent.state.open:
            began, end = intent.submitted_at, intent.finished_at
            seconds = (end - began).total_seconds() if began and end else None
            self.studio.instruments.ended(clip, intent.state.value, intent.charged_usd, seconds)
        return intent

    async def _looked(self, clip: Clip, intent: Intent, watch: Watch) -> Intent:
        studio = self.studio
        try:
            intent = await self._stepped(clip, intent, watch)
        except TryLater as error:  # storage has told by itself; everything else is told once, not for each clip
            if studio.stop.leaving:
                return intent
            log.info("%s %s: %s", clip.sku, clip.request.aspect_ratio.value, error)
            what, _, why = error.problem.partition(" (" if " (" in error.problem else ": ")
            studio.waits.waiting(what, why.rstrip(").") or "no answer")
            watch.silent = what
        else:
            studio.waits.answered(watch.silent)
        return intent

    async def _stepped(self, clip: Clip, intent: Intent, watch: Watch) -> Intent:
        step = await self.studio.threads.poll(next_step, self.studio, intent, watch)
        if isinstance(step, Waiting):
            return step.intent
        await self._settle(clip, intent, step)
        return await self._reread(intent)

    async def _reread(self, intent: Intent) -> Intent:
        """How the ledger holds it now."""
        return await self.studio.threads.ledger(self.studio.ledger.intent, intent.intent_id) or intent

    async def _made_elsewhere(self, clip: Clip, reason: str) -> ClipResult | None:
        """How a clip stands that another run took up, or ended, after this one had planned it."""
        ledger = self.studio.ledger
        standing = (await self.studio.threads.ledger(ledger.standings, [clip.clip_id])).get(clip.clip_id)
        intent = await self.studio.threads.ledger(ledger.intent, standing.intent_id) if standing else None
        return ClipResult.elsewhere(clip, intent, reason) if intent else None

    async def _settle(self, clip: Clip, intent: Intent, verdict: Verdict) -> None:
        studio = self.studio
        settlement = Settlement(
            state=State(verdict.state),
            returned=len(verdict.videos),
            error_code=verdict.code,
            error_message=verdict.message + why_not_retried(studio, clip, intent, verdict),
            filter_causes=verdict.causes,
        )
        if verdict.videos:
            uris = await studio.threads.poll(land_videos, studio, intent, verdict.videos)
            landed = Landed(uris)
            if not studio.settings.inspect_later:
                looking = studio.threads.media(inspect_videos, studio, clip, intent, uris)
                landed = await self._keeping_it(intent, looking)
            if studio.judge is not None:
                landed = await self._keeping_it(intent, studio.threads.judge(judge_clip, studio, clip, intent, landed))
            settlement = replace(
                settlement,
                video_uris=uris,
                poster_uri=landed.poster_uri,
                inspection=landed.inspection,
                renditions=landed.made.uris,
            )
            digests = {"renditions": landed.made.sha256, "files": landed.file_sha256}
            record = await studio.threads.poll(
                write_provenance, studio, clip, intent, settlement, landed.sha256, **digests
            )
            settlement = replace(settlement, provenance_uri=record)
        await studio.threads.ledger(studio.ledger.settle, intent.intent_id, settlement)

    async def _keeping_it(self, intent: Intent, work: Coroutine[Any, Any, R]) -> R:
        studio, lease_s = self.studio, self.studio.settings.lease_s
        renew = partial(studio.ledger.renew, [intent.intent_id], owner=studio.owner, lease_s=lease_s)
        return await with_signs_of_life(work, studio.threads, renew, lease_s=lease_s)

    async def _given_up(self, intent: Intent, watch: Watch) -> bool:
        studio, settings = self.studio, self.studio.settings
        patience = 2 * (settings.operation_deadline_s + settings.unclear_wait_s)
        since = intent.submitted_at or intent.unclear_since or intent.sending_at
        try:
            return await studio.threads.poll(watch.over, studio.ledger, since, patience)
        except TryLater:  # nobody tells the ledger's time now; our own patience ends all the same
            return False

    def _interval(self, looks: int) -> float:
        """Soon at first, then every ``poll_interval_s``; jitter keeps hundreds of polls from marching in step."""
        longest = self.studio.settings.poll_interval_s
        return min(longest, _FIRST_LOOK_S * 1.5**looks) * random.uniform(0.9, 1.1)  # noqa: S311 — not a secret
