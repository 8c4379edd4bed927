"""What the ledger hands out and takes in: plain frozen values, money in USD as exact decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from reelmill.clip import VideoRequest
from reelmill.errors import LookFirst
from reelmill.ledger.states import State

__all__ = [
    "Budget",
    "BudgetScope",
    "Caps",
    "Charge",
    "Decision",
    "Delivery",
    "DeliveryStatus",
    "Intent",
    "KnownProduct",
    "RemovalKind",
    "Review",
    "ReviewedVia",
    "Run",
    "RunStatus",
    "Settlement",
    "Softening",
    "Standing",
    "StateTotal",
]

ZERO = Decimal(0)


class BudgetScope(StrEnum):
    """What a cap bounds. Day and month are those of the authorisation, in UTC."""

    RUN = "run"
    DAY = "day"
    MONTH = "month"


class RunStatus(StrEnum):
    """How a run stands or ended."""

    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"  # by a person
    CAPPED = "capped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that may be reserved plus spent, in USD; None means no cap of that scope."""

    run_usd: Decimal | None = None
    day_usd: Decimal | None = None
    month_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run, day or month has promised (``reserved_usd``) and paid (``spent_usd``)."""

    scope: BudgetScope
    key: str
    reserved_usd: Decimal = ZERO
    spent_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over a feed, for one output root.

    ``started_at`` is set by the ledger's clock when left out; ``spent_usd`` and ``reserved_usd`` are read
    from the run's budget and ignored on the way in; ``counts`` are the plan's (make, keep, retire, …).
    With ``webhooks``, its end and those of its clips are written down to be told. ``planned_at`` is when its planning
    began, by the ledger's clock: of two runs, the later one knows better. ``catalog`` is what it planned as a whole.
    """

    run_id: str
    output: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    caps: Caps = field(default_factory=Caps)
    status: RunStatus = RunStatus.RUNNING
    counts: Mapping[str, int] = field(default_factory=dict)
    planned_usd: Decimal = ZERO
    spent_usd: Decimal = ZERO
    reserved_usd: Decimal = ZERO
    started_at: datetime | None = None
    ended_at: datetime | None = None
    webhooks: bool = False
    planned_at: datetime | None = None
    catalog: str | None = None


class DeliveryStatus(StrEnum):
    """How the telling of an end stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up: only a person has it sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An end that is to be told: of a clip's attempt (``intent_id``), or of the run itself (None).

    ``event`` is like ``clip.succeeded`` or ``run.completed``. ``tries`` counts those begun; ``next_at`` is when it
    may be sent again, ``holder`` who sends it until then; ``error`` says why the last try failed.
    """

    delivery_id: str
    event: str
    run_id: str
    intent_id: str | None
    status: DeliveryStatus
    tries: int
    next_at: datetime
    holder: str
    created_at: datetime
    ended_at: datetime | None
    error: str


class RemovalKind(StrEnum):
    """Why a delivered attempt is of no more use.

    A further reason is one more member, its rule in ``removing._reasons``, whose candidates it must be among, and its
    age in the settings of retention and in ``jobs.pruning.keep_of``.
    """

    ORPHAN = "orphan"  # fit, but a later fit attempt took its place
    UNFIT = "unfit"  # inspection failed, and a later attempt was delivered
    REJECTED = "rejected"  # a person rejected it
    DRAFT = "draft"  # a draft that nobody picked


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A durable promise to pay for one clip once, and all that is known about how it went.

    ``reserved_usd`` is what still counts against the caps, ``charged_usd`` what was paid. ``seconds`` is the
    paid length of each of ``samples`` videos. ``unclear_since`` is when a submit without an answer was sent.
    ``lease_until`` is when another worker may take it over from ``owner``. ``refusals`` counts definite ones.
    ``softening`` is 0 for the clip's own words, else the number of this retry, which sends ``sent_prompt`` and
    ``sent_negative_prompt`` instead. ``filter_causes`` say what a safety filter struck, as ``side:category``.
    ``remake`` counts the delivered attempts before it, since a person's decision, whose findings asked for another.
    A ``draft`` was bought to be looked at: it is never published.
    """

    intent_id: str
    clip_id: str
    attempt: int
    run_id: str
    output: str
    output_prefix: str
    state: State
    owner: str
    lease_until: datetime
    reserved_usd: Decimal
    charged_usd: Decimal
    model: str
    unit_price_usd: Decimal
    price_date: str
    seconds: int
    samples: int
    created_at: datetime
    operation: str | None = None
    refusals: int = 0
    sending_at: datetime | None = None
    submitted_at: datetime | None = None
    unclear_since: datetime | None = None
    finished_at: datetime | None = None
    error_code: str = ""
    error_message: str = ""
    video_uris: tuple[str, ...] = ()
    poster_uri: str | None = None
    provenance_uri: str | None = None
    inspection: Mapping[str, Any] | None = None
    renditions: Mapping[str, str] = field(default_factory=dict)
    softening: int = 0
    sent_prompt: str | None = None
    sent_negative_prompt: str | None = None
    sent_video: str | None = None
    filter_causes: tuple[str, ...] = ()
    remake: int = 0
    draft: bool = False

    @property
    def unfit(self) -> bool:
        """Inspection found that no shop can use it."""
        return self.inspection is not None and self.inspection.get("status") == "fail"

    @property
    def asks_for_remake(self) -> bool:
        """Delivered, found unfit by looking or by a judge, and the policy recommends to pay for another attempt."""
        found = self.inspection or {}
        recommended = (found, *found.get("videos", ()))
        return self.state.delivered and self.unfit and any(one.get("recommended") == "remake" for one in recommended)

    def as_sent(self, request: VideoRequest) -> VideoRequest:
        """The clip's request in the words of this attempt, with the video that it extends."""
        if self.sent_video is not None:
            request = replace(request, video=self.sent_video, continues=None)
        if self.sent_prompt is None:
            return request
        return replace(request, prompt=self.sent_prompt, negative_prompt=self.sent_negative_prompt or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Softening:
    """A retry of a filtered clip in other words: the how-manieth it is, from 1, and what it sends."""

    step: int
    prompt: str
    negative_prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an intent ended: the final state, the videos that came back (each is paid), and what is known of them."""

    state: State
    returned: int = 0
    video_uris: tuple[str, ...] = ()
    poster_uri: str | None = None
    provenance_uri: str | None = None
    inspection: Mapping[str, Any] | None = None
    renditions: Mapping[str, str] = field(default_factory=dict)
    error_code: str = ""
    error_message: str = ""
    filter_causes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.state not in _SETTLED or self.returned < 0 or self.state.delivered != (self.returned > 0):
            raise LookFirst(
                f"A settlement as {self.state.value} with {self.returned} returned videos contradicts itself.",
                "Look at what came back, then run `reelmill settle`.",
            )


_SETTLED = frozenset({State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money paid for one intent: ``unit_price_usd`` (USD per second) x ``seconds`` x ``returned`` videos."""

    intent_id: str
    clip_id: str
    run_id: str
    output: str
    attempt: int
    model: str
    seconds: int
    samples: int  # asked for
    returned: int  # came back, and are paid
    unit_price_usd: Decimal
    price_date: str
    amount_usd: Decimal
    operation: str | None
    charged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the latest attempt at a clip stands, the output root and run that it belongs to, and if it is a draft."""

    clip_id: str
    attempt: int
    state: State
    error_code: str
    intent_id: str
    output: str
    softening: int = 0
    run_id: str = ""
    price: str = ""  # of the product, as the clip carries it
    sale_price: str = ""
    remake: int = 0
    draft: bool = False
    platforms: tuple[str, ...] = ()  # that the clip was ordered for; empty: nobody knows


class Decision(StrEnum):
    """What a person decided about a delivered clip."""

    APPROVE = "approve"
    REJECT = "reject"
    REMAKE = "remake"  # reject, and wish for another attempt; only `redrive` makes it, at a price shown first
    UNDO = "undo"  # nothing is decided any more

    @property
    def unwanted(self) -> bool:
        """Its clip may not be shown."""
        return self in (Decision.REJECT, Decision.REMAKE)


class ReviewedVia(StrEnum):
    """How a decision came into the ledger."""

    PAGE = "page"  # from the served gallery, at once
    FILE = "file"  # exported from a gallery, and applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One decision about one intent. Rows are only added; the newest counts."""

    review_id: str
    intent_id: str
    decision: Decision
    reason: str
    reviewer: str
    decided_at: datetime
    via: ReviewedVia


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """What planning remembers of a product: its fingerprint when last planned (None: plan it afresh)."""

    sku: str
    fingerprint: str | None
    clips: int
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTotal:
    """Intents in one state, and their money in USD; ``present`` of them are the latest attempt at their clip."""

    clips: int
    present: int
    reserved_usd: Decimal
    charged_usd: Decimal
