"""Retrying a filtered clip in softer words: each retry an attempt of its own, within the policy's bound and the caps.

The bound is kept by the ledger in the transaction that authorises; here is only asked whether and how.
"""

from __future__ import annotations

from reelmill.clip import Clip
from reelmill.errors import LookFirst
from reelmill.ledger.records import Intent, Softening
from reelmill.ledger.states import State
from reelmill.production.studio import Studio
from reelmill.production.work import Work
from reelmill.prompts.soften import NotSoftened, Softened
from reelmill.veo.explain import Verdict, VerdictState

__all__ = ["may_be_softened", "softened_words", "why_not_retried"]


def may_be_softened(studio: Studio, clip: Clip, intent: Intent) -> bool:
    """Whether this attempt was filtered, and the policy has softer words for one more."""
    return isinstance(_next_words(studio, clip, intent), Softened)


def softened_words(studio: Studio, work: Work) -> Softening | None:
    """What this work sends instead of the clip's own words; None for anything but a retry of a filtered attempt.

    Raises LookFirst if that attempt can no longer be retried.
    """
    if not work.soften or work.after is None:
        return None
    filtered = studio.ledger.intent(work.after)
    words = _next_words(studio, work.clip, filtered) if filtered else None
    if filtered is not None and isinstance(words, Softened):
        return Softening(step=filtered.softening + 1, prompt=words.prompt, negative_prompt=words.negative_prompt)
    why = words.why if isinstance(words, NotSoftened) else "it is not filtered, or filtered_retries is 0"
    raise LookFirst(f"Clip {work.clip.clip_id} is not retried in softer words: {why}.", "Run `reelmill status`.")


def why_not_retried(studio: Studio, clip: Clip, intent: Intent, verdict: Verdict) -> str:
    """A sentence for people if the policy is on and will not retry what is filtered now; else empty."""
    if studio.softener is None or verdict.state is not VerdictState.FILTERED:
        return ""
    words = studio.softener.next(
        intent.as_sent(clip.request), title=clip.title, causes=verdict.causes, done=intent.softening
    )
    return f" Not retried: {words.why}." if isinstance(words, NotSoftened) else ""


def _next_words(studio: Studio, clip: Clip, intent: Intent) -> Softened | NotSoftened | None:
    """None if the policy is off, or the intent was not filtered."""
    if studio.softener is None or intent.state is not State.FILTERED:
        return None
    return studio.softener.next(
        intent.as_sent(clip.request), title=clip.title, causes=intent.filter_causes, done=intent.softening
    )
