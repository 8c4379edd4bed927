"""What a plan does about a clip whose attempt ended, where policies allow to retry or remake it."""

from __future__ import annotations

from typing import Protocol

from reelmill.clip import Clip
from reelmill.ledger.records import Intent, Standing
from reelmill.ledger.states import State
from reelmill.planning.actions import Action, Decision, decide
from reelmill.prompts.soften import Softened, Softener

__all__ = ["Attempts", "decide_with_policy"]


class Attempts(Protocol):
    """Where attempts are looked up."""

    def intent(self, intent_id: str) -> Intent | None:
        """One attempt."""
        ...


def decide_with_policy(
    clip: Clip,
    standing: Standing | None,
    attempts: Attempts,
    softener: Softener | None,
    *,
    remakes: int = 0,
    force: bool,
) -> Decision:
    """What happens to a clip; a filtered one is retried where the policy has words for it, else blocked with why."""
    retries = softener.retries if softener else 0
    decision = decide(standing, force=force, filtered_retries=retries, remakes=remakes)
    if softener is None or standing is None or force or standing.state is not State.FILTERED:
        return decision
    intent = attempts.intent(standing.intent_id)
    if intent is None:
        return decision
    sent = intent.as_sent(clip.request)
    words = softener.next(sent, title=clip.title, causes=intent.filter_causes, done=standing.softening)
    if isinstance(words, Softened):
        return Decision(
            Action.MAKE, "filtered before", soften=True, softening=standing.softening + 1, remake=standing.remake
        )
    return Decision(Action.BLOCKED, f"{decision.reason}; not retried: {words.why}")
