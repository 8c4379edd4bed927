"""The life of an intent: its states, and the only moves between them.

::

    AUTHORISED ──send──▶ SENDING ──accepted──▶ SUBMITTED ──▶ SUCCEEDED | PARTIAL | FILTERED | FAILED
        │  ▲              │ │ │                    └──deadline──▶ EXPIRED  (looks again, may still end as above)
        │  └───refused────┘ │ └──unclear──▶ UNKNOWN ──nothing there──▶ LOST  (stays reserved)
        │                   └──refused for good──▶ FILTERED | FAILED
        ├──refused for good──▶ FAILED
        └──never sent──▶ RELEASED

    UNKNOWN and LOST still learn what happened, knowledge wins:
        objects there ──▶ SUCCEEDED | PARTIAL
        a late answer names the operation ──▶ SUBMITTED
        a late definite refusal ──▶ RELEASED
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "DELIVERED",
    "PICTURE_REFUSED",
    "PICTURE_UNREACHABLE",
    "TRANSITIONS",
    "UNRECORDED",
    "State",
    "VerdictState",
    "can_move",
]

PICTURE_REFUSED = "image_refused"
"""Error code of a failed intent that was never sent: its picture can never be used."""

PICTURE_UNREACHABLE = "image_unreachable"
"""Error code of a failed intent that was never sent: its picture could not be fetched. The next run tries again."""

UNRECORDED = "unrecorded"
"""Error code of an attempt of which nothing but its number was found when the ledger was rebuilt."""


class State(StrEnum):
    """Where an intent stands. The values are what the tables and ``--json`` show."""

    AUTHORISED = "authorised"
    SENDING = "sending"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    LOST = "lost"
    EXPIRED = "expired"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FILTERED = "filtered"
    FAILED = "failed"
    RELEASED = "released"

    @property
    def open(self) -> bool:
        """Work remains that a machine does without paying: resume, poll or look."""
        return self in _OPEN

    @property
    def may_be_paid(self) -> bool:
        """Google may have billed it although no charge is recorded: the reservation must stay."""
        return self in _MAY_BE_PAID

    @property
    def holds_reservation(self) -> bool:
        """Its maximum cost counts against the caps."""
        return self in _OPEN or self in _MAY_BE_PAID

    @property
    def needs_person(self) -> bool:
        """Only a person (or an explicit policy) may have it made again."""
        return self in (State.LOST, State.EXPIRED)

    @property
    def final(self) -> bool:
        """Nothing can change it any more."""
        return not TRANSITIONS[self]

    @property
    def delivered(self) -> bool:
        """At least one video came back and was charged."""
        return self in DELIVERED


DELIVERED = (State.SUCCEEDED, State.PARTIAL)
"""The states with a video that came back and was charged."""

_OPEN = frozenset({State.AUTHORISED, State.SENDING, State.SUBMITTED, State.UNKNOWN})
_MAY_BE_PAID = frozenset({State.SENDING, State.SUBMITTED, State.UNKNOWN, State.LOST, State.EXPIRED})
_FOUND = frozenset(DELIVERED)
_ENDED = _FOUND | {State.FILTERED, State.FAILED}

TRANSITIONS: dict[State, frozenset[State]] = {
    State.AUTHORISED: frozenset({State.SENDING, State.FAILED, State.RELEASED}),
    State.SENDING: frozenset({State.AUTHORISED, State.SUBMITTED, State.UNKNOWN, State.FILTERED, State.FAILED}),
    State.SUBMITTED: _ENDED | {State.EXPIRED},
    State.UNKNOWN: _FOUND | {State.SUBMITTED, State.RELEASED, State.LOST},
    State.LOST: _FOUND | {State.SUBMITTED, State.RELEASED},
    State.EXPIRED: _ENDED,
    State.SUCCEEDED: frozenset(),
    State.PARTIAL: frozenset(),
    State.FILTERED: frozenset(),
    State.FAILED: frozenset(),
    State.RELEASED: frozenset(),
}


def can_move(source: State, target: State) -> bool:
    """Whether the protocol allows this move."""
    return target in TRANSITIONS[source]


class VerdictState(StrEnum):
    """Where a paid comparison of a clip with its product's picture stands."""

    ASKED = "asked"  # under way, or its process died: counted at its most
    ANSWERED = "answered"  # charged by the tokens that were used
    UNCLEAR = "unclear"  # no answer that tells what it cost: counted at its most, for good
    REFUSED = "refused"  # certainly not taken: nothing is charged
