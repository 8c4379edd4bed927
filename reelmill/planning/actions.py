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
    """An action and why. ``again`` means that an ended attempt is deliberately made anew."""

    action: Action
    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip to make; ``after`` is the attempt that ``again`` was decided on.

    ``sources`` gives the signed addresses of references that were signed in the feed: to fetch with, never to keep.
    """

    clip: Clip
    again: bool = False
    after: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)


def decide(standing: Standing | None, *, force: bool = False) -> Decision:
    """Make what was never made, keep what was delivered or is under way, block what needs a person."""
    if standing is None or standing.state is State.RELEASED:
        return Decision(Action.MAKE, "new")
    state = standing.state
    if state.open:
        return Decision(Action.KEEP, f"in flight ({state})")
    if state.needs_person:
        return Decision(Action.BLOCKED, f"{state}: may have been paid; run reelmill settle, then redrive it by name")
    if force or standing.error_code == PICTURE_UNREACHABLE:  # that one was never sent
        return Decision(Action.MAKE, "forced" if force else "its picture could not be fetched before", again=True)
    if state.delivered:
        return Decision(Action.KEEP, "unchanged")
    return Decision(Action.BLOCKED, f"{state} before ({standing.error_code or 'no code'}); see reelmill redrive")
