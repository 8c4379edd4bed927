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
    the how-manieth such retry this is, ``remake`` the how-manieth remake that an unsent attempt was.
    """

    action: Action
    reason: str
    again: bool = False
    soften: bool = False
    softening: int = 0
    remake: int = 0


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip to make; ``after`` is the attempt that ``again`` or ``soften`` was decided on.

    ``sources`` gives the signed addresses of references that were signed in the feed: to fetch with, never to keep.
    A ``draft`` is to be looked at and never published. ``link`` is how many scenes of its chain come before it: it can
    be made only after them.
    """

    clip: Clip
    again: bool = False
    after: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    soften: bool = False
    draft: bool = False
    link: int = 0


def decide(standing: Standing | None, *, force: bool = False, filtered_retries: int = 0, remakes: int = 0) -> Decision:
    """Make what was never made, keep what was delivered or is under way, block what needs a person.

    A retry of a filtered clip, or a remake, that was never sent is only still due if the policy allows as many.
    """
    if standing is None:
        return Decision(Action.MAKE, "new")
    if standing.state is State.RELEASED or standing.error_code == PICTURE_UNREACHABLE:
        due = standing.softening <= filtered_retries and standing.remake <= remakes
        return _never_sent(standing, force=force, due=due)
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


def _never_sent(standing: Standing, *, force: bool, due: bool) -> Decision:
    released = standing.state is State.RELEASED
    why = "new" if released else "its picture could not be fetched before"
    if due:
        return Decision(Action.MAKE, why, again=not released, softening=standing.softening, remake=standing.remake)
    if force:
        return Decision(Action.MAKE, "forced", again=True)
    before = "filtered before, and its retry" if standing.softening else "unfit before, and its remake"
    return Decision(Action.BLOCKED, f"{before} was not sent; see reelmill redrive")
