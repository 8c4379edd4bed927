"""Runs, clips and how they went, for table tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run, RunStatus, Settlement
from reelmill.ledger.states import State
from reelmill.platforms import NativeRatio
from reelmill.product import Reject, RowRef

OUTPUT = "/out"


class Clock:
    """Moves a second each time it is asked, so that the order of rows is settled."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 15, 22, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def make_clip(sku: str = "SKU-1", **facts: Any) -> Clip:
    request = VideoRequest(
        model=facts.pop("model", "veo-3.1-fast-generate-001"),
        prompt=facts.pop("prompt", f"{sku} turns slowly."),
        aspect_ratio=facts.pop("ratio", NativeRatio.PORTRAIT),
        samples=facts.pop("samples", 1),
        seed=facts.pop("seed", None),
    )
    values: dict[str, Any] = {
        "clip_id": Clip.identify(request, sku, 0),
        "request": request,
        "variant": 0,
        "sku": sku,
        "title": f"The {sku}",
        "category": "Apparel & Accessories > Shoes",
        "unit_price_usd": Decimal("0.15"),
        "price_date": "2026-07-09",
        "template": "apparel/9x16",
        "template_version": "ab12cd34",
        "input_hash": "ef56",
        "platforms": ("tiktok", "instagram_reels", "youtube_shorts"),
        "brand": "Acme",
    }
    return Clip(**(values | facts))


@dataclass
class Shop:
    """A ledger and the shortest ways to put something into it."""

    ledger: Ledger
    clock: Clock

    Clock = Clock

    def run(self, run_id: str = "run-1", **facts: Any) -> str:
        caps = Caps(run_usd=Decimal(100), day_usd=Decimal(500))
        self.ledger.start_run(
            Run(run_id=run_id, output=OUTPUT, parameters={"feed": "a.csv", "limit": 3}, caps=caps, **facts)
        )
        return run_id

    def intent(self, clip: Clip, run_id: str = "run-1", **options: Any) -> str:
        intent = self.ledger.authorise(
            clip,
            run_id=run_id,
            output=OUTPUT,
            output_prefix_for=lambda intent_id, _: f"clips/{intent_id}",
            owner="me",
            lease_s=60,
            caps=Caps(),
            **options,
        )
        return intent.intent_id

    def made(self, clip: Clip, run_id: str = "run-1", *, returned: int | None = None, **facts: Any) -> str:
        """Authorised, sent, accepted and settled with ``returned`` videos (all by default)."""
        return self.finish(self.sent(clip, run_id), clip, returned=returned, **facts)

    def finish(self, intent_id: str, clip: Clip, *, returned: int | None = None, **facts: Any) -> str:
        """Settled with ``returned`` videos (all by default)."""
        samples = clip.request.samples
        count = samples if returned is None else returned
        state = State.SUCCEEDED if count == samples else State.PARTIAL if count else State.FILTERED
        uris = tuple(f"{OUTPUT}/clips/{intent_id}/sample_{n}.mp4" for n in range(count))
        assert self.ledger.settle(
            intent_id, Settlement(state=facts.pop("state", state), returned=count, video_uris=uris, **facts)
        )
        return intent_id

    def sent(self, clip: Clip, run_id: str = "run-1", **options: Any) -> str:
        intent_id = self.intent(clip, run_id, **options)
        assert self.ledger.mark_sending(intent_id, owner="me", lease_s=60)
        assert self.ledger.accepted(intent_id, f"operations/{intent_id}")
        return intent_id

    def a_few_runs(self) -> list[str]:
        """Two runs with every kind of ending, rejects, and an empty third."""
        first, second, third = self.run("run-1"), self.run("run-2"), self.run("run-3")
        inspection = {
            "status": "review",
            "findings": [{"code": "silent", "message": "Its sound is silence.", "at_s": None}],
            "likeness": 0.75,
            "videos": [{"uri": "x"}],
        }
        self.made(
            make_clip("SKU-1", seed=7), inspection=inspection, poster_uri="/out/p.jpg", renditions={"tiktok": "/t"}
        )
        self.made(make_clip("SKU-2", samples=4), returned=3)
        self.made(make_clip("SKU-3"), returned=0, error_code="58061214", error_message="A child was seen.")
        self.sent(make_clip("SKU-4"))
        self.ledger.release(self.intent(make_clip("SKU-5")), owner="me")
        self.made(make_clip("SKU-6", model="veo-3.1-generate-001", unit_price_usd=Decimal("0.40")), second)
        self.made(make_clip("SKU-7", category="Toys", platforms=("youtube",), ratio=NativeRatio.LANDSCAPE), second)
        self.ledger.add_rejects(
            first,
            [
                Reject(
                    ref=RowRef("a.csv", row),
                    sku=f"BAD-{row}",
                    field="price",
                    reason="is no number",
                    remedy="Write 12.50 EUR.",
                    raw_value="=1+1",
                )
                for row in (9, 3)
            ],
        )
        self.ledger.plan_run(first, counts={"make": 5, "keep": 0}, planned_usd=Decimal("9.60"))
        for run_id in (first, second):
            self.ledger.finish_run(run_id, RunStatus.COMPLETED)
        return [first, second, third]
