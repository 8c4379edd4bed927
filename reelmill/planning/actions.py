"""What happens to a clip, decided from how its latest attempt stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reelmill.clip import Clip
from reelmill.ledger.records import Standing
from reelmill.ledger.states import PICTURE_UNREACHABLE, State

__all__ = ["Action", "Decision", "PlannedClip", "decide"]


class Action(StrEnum):
    """What a run would do with a clip."""

    MAKE = "make"
    KEEP = "keep"
    RETIRE = "retire"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action and why. ``again`` means that an ended attempt is deliberately made anew.

    ``soften`` means that a filtered attempt is retried in softer words, under the policy for that; ``softening`` is
    the how-manieth such retry this is.
    """

    action: Action
    reason: str
    again: bool = False
    soften: bool = False
    softening: int = 0


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip to make; ``after`` is the attempt that ``again`` or ``soften`` was decided on.

    ``sources`` gives the signed addresses of references that were signed in the feed: to fetch with, never to keep.
    A ``draft`` is to be looked at and never published.
    """

    clip: Clip
    again: bool = False
    after: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    soften: bool = False
    draft: bool = False


def decide(standing: Standing | None, *, force: bool = False, filtered_retries: int = 0) -> Decision:
    """Make what was never made, keep what was delivered or is under way, block what needs a person.

    A retry of a filtered clip that was never sent is only still due if the policy allows as many retries.
    """
    if standing is None:
        return Decision(Action.MAKE, "new")
    if standing.state is State.RELEASED or standing.error_code == PICTURE_UNREACHABLE:
        return _never_sent(standing, force=force, filtered_retries=filtered_retries)
    state = standing.state
    if state.open:
        return Decision(Action.KEEP, f"in flight ({state})")
    if state.needs_person:
        return Decision(Action.BLOCKED, f"{state}: may have been paid; run reelmill settle, then redrive it by name")
    return _ended(standing, force=force)


def _ended(standing: Standing, *, force: bool) -> Decision:
    state = standing.state
    if force:
        return Decision(Action.MAKE, "forced", again=True)
    if state.delivered:
        return Decision(Action.KEEP, "unchanged")
    return Decision(Action.BLOCKED, f"{state} before ({standing.error_code or 'no code'}); see reelmill redrive")


def _never_sent(standing: Standing, *, force: bool, filtered_retries: int) -> Decision:
    step = standing.softening
    released = standing.state is State.RELEASED
    why = "new" if released else "its picture could not be fetched before"
    if step <= filtered_retries:
        return Decision(Action.MAKE, why, again=not released, softening=step)
    if force:
        return Decision(Action.MAKE, "forced", again=True)
    return Decision(Action.BLOCKED, "filtered before, and its retry was not sent; see reelmill redrive")
