"""The paid step: authorise, wait for a turn, send once, record what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from types import MappingProxyType

from reelmill.clip import Clip
from reelmill.errors import ChooseAnotherModel, FixAccess, LookFirst, ReelmillError, TryLater
from reelmill.ledger.records import Intent
from reelmill.ledger.states import PICTURE_REFUSED, PICTURE_UNREACHABLE
from reelmill.production.chaining import video_to_continue
from reelmill.production.leaving import unless_left
from reelmill.production.provenance import clip_folder, prefix_leaf
from reelmill.production.remaking import remakes
from reelmill.production.softening import softened_words, why_not_retried
from reelmill.production.studio import VERTEX_SILENT, Studio
from reelmill.production.work import Work
from reelmill.veo.backend import MediaInput
from reelmill.veo.explain import explain_refusal
from reelmill.veo.images import ImageRefused, ImageUnreachable
from reelmill.veo.labels import request_labels
from reelmill.veo.outcomes import Accepted, Refusal, Refused, SubmitOutcome, Unclear

__all__ = ["authorise", "send"]

_LONGEST_RECONNECT_S = 30.0
_RECORD_PAUSES_S = (0.1, 0.5, 2.0, 5.0, 10.0)
_RECORD_TRIES = 22
"""About three minutes: a managed database that fails over may take that long."""

log = logging.getLogger(__name__)


def authorise(studio: Studio, work: Work, run_id: str) -> Intent:
    """Reserve the most that the clip can cost and write the intent down, in one transaction.

    Raises RaiseCap if a cap would be passed, LookFirst if the clip is under way, may have been paid, may not be
    retried in softer words, or continues one without a video of use.
    """
    clip = work.clip

    def prefix(intent_id: str, attempt: int) -> str:
        """Readable, and never shared by two intents: that is how an unclear submit finds its videos."""
        return f"{clip_folder(clip)}/{prefix_leaf(clip.clip_id, attempt, intent_id)}"

    return studio.ledger.authorise(
        clip,
        run_id=run_id,
        output=studio.storage.root,
        output_prefix_for=prefix,
        owner=studio.owner,
        lease_s=studio.settings.lease_s,
        caps=studio.caps,
        again=work.again,
        again_unclear=work.again_unclear,
        after=work.after,
        softening=softened_words(studio, work),
        retries=studio.settings.filtered_retries,
        remake=work.remake,
        remakes=remakes(studio, clip),
        draft=work.draft,
        sent_video=video_to_continue(studio.ledger, clip, output=studio.storage.root, inspect=studio.settings.inspect),
    )


async def send(studio: Studio, clip: Clip, intent: Intent, sources: Mapping[str, str] = MappingProxyType({})) -> Intent:
    """Bring an AUTHORISED intent to a state in which nothing needs to be sent; ``sources`` as in :class:`Work`.

    Raises FixAccess or ChooseAnotherModel when nothing could pass, TryLater when the service kept refusing for
    the moment; the intent is released then, with its reservation, unless it may have been sent. A run that leaves
    does not wait for an answer that takes long: the intent is SENDING then, until its thread has recorded it.
    """
    alive = asyncio.create_task(_show_life(studio, intent))
    try:
        sent = await unless_left(studio.stop, _send(studio, clip, intent, sources))
        return sent or await _release(studio, intent)
    except Exception:
        with contextlib.suppress(TryLater):  # a database that is away: the lease lapses, and settle releases it
            await _release(studio, intent)
        raise
    finally:
        alive.cancel()


async def _send(studio: Studio, clip: Clip, intent: Intent, sources: Mapping[str, str]) -> Intent:
    try:
        sent = replace(clip, request=intent.as_sent(clip.request))
        media = await studio.threads.poll(studio.media.resolve, sent, sources)
    except (ImageRefused, ImageUnreachable) as error:
        code = PICTURE_REFUSED if isinstance(error, ImageRefused) else PICTURE_UNREACHABLE
        return await studio.threads.ledger(_fail, studio, intent, code, str(error))
    refused = await _send_until_heard(studio, clip, intent, media)
    if refused is None:
        return await _reread(studio, intent)
    if studio.stop.requested:
        return await _release(studio, intent)
    raise _hopeless(refused)


async def _show_life(studio: Studio, intent: Intent) -> None:
    """Keep the intent ours while it waits for its turn, however long a 429 makes everyone wait."""
    while True:
        await asyncio.sleep(studio.settings.lease_s / 3)
        with contextlib.suppress(ReelmillError):
            renew = studio.ledger.renew
            await studio.threads.ledger(renew, [intent.intent_id], owner=studio.owner, lease_s=studio.settings.lease_s)


async def _send_until_heard(studio: Studio, clip: Clip, intent: Intent, media: dict[str, MediaInput]) -> Refused | None:
    """Send again only what was certainly refused for now; None once the ledger holds how the submit ended."""
    key = studio.quota_key(clip.request.model)
    refused = Refused(Refusal.NOT_SENT, 0, "the run was stopped")
    for tried in range(studio.settings.submit_attempts):
        if not await studio.pacer.turn(key):
            return refused
        outcome = await studio.threads.submit(_transmit, studio, clip, intent, media, key)
        if not isinstance(outcome, Refused) or outcome.refusal is Refusal.BAD_REQUEST:
            return None
        refused = outcome
        if refused.refusal in (Refusal.ACCESS, Refusal.MODEL_GONE):
            return refused
        if refused.refusal is Refusal.NOT_SENT:
            await studio.stop.pause(min(2.0**tried, _LONGEST_RECONNECT_S))
    return refused


def _transmit(studio: Studio, clip: Clip, intent: Intent, media: dict[str, MediaInput], key: str) -> SubmitOutcome:
    """Mark SENDING, send at most one POST, record the outcome. One thread, so that no await can lose it."""
    ledger, settings = studio.ledger, studio.settings
    still_ours = _lease_guard(settings.lease_s)  # from before the mark: a machine may sleep right after it
    try:
        marked = ledger.mark_sending(intent.intent_id, owner=studio.owner, lease_s=settings.lease_s)
    except ReelmillError:
        _unmark(studio, intent)
        raise
    if marked is None:
        return Unclear("another worker has taken this intent over")
    began = time.monotonic()
    outcome = studio.backend.submit(
        intent.as_sent(clip.request),
        media=media,
        storage_uri=studio.storage.uri(intent.output_prefix) if studio.storage.is_cloud else None,
        labels=request_labels(
            run=intent.run_id, clip=clip.clip_id, sku=clip.sku, campaign=clip.campaign, intent=intent.intent_id
        ),
        before_send=still_ours,
    )
    took = time.monotonic() - began
    _surely(lambda: _record(studio, clip, marked, outcome), lambda: studio.stop.leaving, str(outcome))
    studio.instruments.submitted(clip, _word(outcome), took)
    if isinstance(outcome, Refused) and outcome.refusal is Refusal.NOT_SENT and not outcome.code:
        studio.waits.waiting(VERTEX_SILENT, outcome.message)
    elif not isinstance(outcome, Unclear):
        studio.waits.answered(VERTEX_SILENT)
    with contextlib.suppress(TryLater):  # the pace is advice, the record above is not
        if isinstance(outcome, Accepted):
            ledger.unthrottle(key)
        elif isinstance(outcome, Refused) and outcome.refusal is Refusal.THROTTLED:
            ledger.throttle(key, first_s=settings.throttled_wait_s, max_s=settings.throttled_wait_max_s)
    return outcome


def _word(outcome: SubmitOutcome) -> str:
    """The outcome as metrics call it."""
    match outcome:
        case Accepted():
            return "accepted"
        case Refused(refusal):
            return refusal.value
        case Unclear():
            return "unclear"


def _record(studio: Studio, clip: Clip, intent: Intent, outcome: SubmitOutcome) -> None:
    ledger = studio.ledger
    match outcome:
        case Accepted(operation):
            ledger.accepted(intent.intent_id, operation)
        case Refused(refusal, status, said):
            verdict = explain_refusal(f"http_{status}" if status else refusal, said)
            ledger.refused(
                intent.intent_id,
                code=verdict.code,
                message=verdict.message + why_not_retried(studio, clip, intent, verdict),
                final=refusal is Refusal.BAD_REQUEST,
                filter_causes=verdict.causes,
                refusals=intent.refusals,
            )
        case Unclear(reason):
            ledger.unclear(intent.intent_id, reason)


def _unmark(studio: Studio, intent: Intent) -> None:
    """Take back a mark that may have been kept although its commit was not heard of: nothing was sent."""
    why = "The database was lost while it was marked as being sent; nothing was sent."
    with contextlib.suppress(ReelmillError):  # then it is found out by looking
        _surely(
            lambda: studio.ledger.refused(
                intent.intent_id, code=Refusal.NOT_SENT, message=why, final=False, owner=studio.owner
            )
        )


def _surely(record: Callable[[], object], hurried: Callable[[], bool] = lambda: True, what: str = "") -> None:
    """Write down how a submit ended although the database may be away for a moment; unless ``hurried``, for minutes.

    Every record is a compare-and-set, so writing it twice changes nothing. If the database stays away, the intent
    stays SENDING, and is found out by looking; ``what`` is logged then, for nobody else knows it.
    """
    for number in count():
        try:
            record()
        except LookFirst:
            raise
        except ReelmillError:
            if number >= _RECORD_TRIES or (number >= len(_RECORD_PAUSES_S) and hurried()):
                if what:
                    log.exception("The ledger could not be told that a submit ended so: %s", what)
                raise
            time.sleep(_RECORD_PAUSES_S[min(number, len(_RECORD_PAUSES_S) - 1)])
        else:
            return


def _lease_guard(lease_s: float) -> Callable[[], bool]:
    """Whether this process surely still owns what it marked a moment ago.

    A process that was stopped and continued, or a machine that slept, finds one of its clocks far ahead; then
    somebody else may have taken the intent over, and nothing may be sent.
    """
    steady, wall = time.monotonic(), time.time()
    limit = lease_s / 2

    def still_ours() -> bool:
        return time.monotonic() - steady < limit and abs(time.time() - wall) < limit

    return still_ours


def _hopeless(refused: Refused) -> ReelmillError:
    match refused.refusal:
        case Refusal.ACCESS:
            return FixAccess(f"Vertex AI refused the request: {refused.message}", "Run reelmill doctor for the fix.")
        case Refusal.MODEL_GONE:
            return ChooseAnotherModel(
                f"Vertex AI does not know the model: {refused.message}", "Run reelmill doctor, then set another model."
            )
        case Refusal.THROTTLED:
            return TryLater("Vertex AI kept answering 429.", "Lower quota_per_minute, or run the same command later.")
        case _:
            return TryLater(f"Vertex AI cannot be reached: {refused.message}", "Run the same command again later.")


def _fail(studio: Studio, intent: Intent, code: str, message: str) -> Intent:
    """End what cannot even be sent, unless another worker has taken it over meanwhile."""
    studio.ledger.refused(intent.intent_id, code=code, message=message, final=True, owner=studio.owner)
    return studio.ledger.intent(intent.intent_id) or intent


async def _release(studio: Studio, intent: Intent) -> Intent:
    await studio.threads.ledger(studio.ledger.release, intent.intent_id, owner=studio.owner)
    return await _reread(studio, intent)


async def _reread(studio: Studio, intent: Intent) -> Intent:
    return await studio.threads.ledger(studio.ledger.intent, intent.intent_id) or intent
