"""Clips, clocks and shortcuts for ledger tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Intent, Settlement
from reelmill.ledger.states import State
from reelmill.ledger.verdicts import AskedVerdict
from reelmill.money import TokenPrice
from reelmill.platforms import NativeRatio

RUN = "run-1"
OUTPUT = "gs://shop/videos"
OWNER = "worker-a"
OTHER = "worker-b"
LEASE_S = 60.0
NOON = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)


ASKED = AskedVerdict(
    model="gemini-3.5-flash-lite",
    price=TokenPrice(Decimal("0.30"), Decimal("2.50")),
    price_date="2026-10-07",
    most_usd=Decimal("0.010000"),
)
"""A verdict that may be asked for."""


class FixedClock:
    """Stands still until told to move. Picklable, so that processes can share the moment."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_clip(name: str = "shoe", *, price: str = "0.40", seconds: int = 8, samples: int = 1, **facts: Any) -> Clip:
    """A clip for the SKU ``name``; 3.20 USD unless told otherwise."""
    request = VideoRequest(
        model="veo-3.1-generate-001",
        prompt=f"A {name} turns slowly.",
        aspect_ratio=NativeRatio.PORTRAIT,
        duration_s=seconds,
        samples=samples,
    )
    values: dict[str, Any] = {
        "clip_id": Clip.identify(request, name, 0),
        "request": request,
        "variant": 0,
        "sku": name,
        "title": f"The {name}",
        "category": "Apparel & Accessories > Shoes",
        "unit_price_usd": Decimal(price),
        "price_date": "2026-07-01",
        "template": "apparel/9x16",
        "template_version": "ab12",
        "input_hash": "cd34",
        "platforms": ("tiktok", "youtube_shorts"),
    }
    return Clip(**(values | facts))


def prefix_for(intent_id: str, attempt: int) -> str:
    return f"{OUTPUT}/{intent_id}/{attempt}/"


def authorise(ledger: Ledger, clip: Clip | None = None, **changes: Any) -> Intent:
    options: dict[str, Any] = {
        "run_id": RUN,
        "output": OUTPUT,
        "output_prefix_for": prefix_for,
        "owner": OWNER,
        "lease_s": LEASE_S,
        "caps": Caps(),
    }
    return ledger.authorise(clip or make_clip(), **(options | changes))


def bring_to(ledger: Ledger, state: State, clip: Clip | None = None, **changes: Any) -> Intent:
    """A new intent, led to ``state`` by the shortest way."""
    intent = authorise(ledger, clip, **changes)
    owner = changes.get("owner", OWNER)
    if state is State.AUTHORISED:
        return intent
    if state is State.RELEASED:
        assert ledger.release(intent.intent_id, owner=owner)
        return known(ledger, intent)
    assert ledger.mark_sending(intent.intent_id, owner=owner, lease_s=LEASE_S)
    if state in (State.UNKNOWN, State.LOST):
        assert ledger.unclear(intent.intent_id, "the connection broke")
        if state is State.LOST:
            assert ledger.lost(intent.intent_id)
    elif state is not State.SENDING:
        assert ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
        if state is State.EXPIRED:
            assert ledger.expired(intent.intent_id, "no end in sight")
        elif state is not State.SUBMITTED:
            assert ledger.settle(intent.intent_id, settlement(state, intent))
    return known(ledger, intent)


def settlement(state: State, intent: Intent) -> Settlement:
    """The natural settlement as ``state``: everything, one video, or none came back."""
    returned = {State.SUCCEEDED: intent.samples, State.PARTIAL: 1}.get(state, 0)
    uris = tuple(f"{intent.output_prefix}{number}.mp4" for number in range(returned))
    return Settlement(state=state, returned=returned, video_uris=uris)


def known(ledger: Ledger, intent: Intent) -> Intent:
    found = ledger.intent(intent.intent_id)
    assert found is not None
    return found
