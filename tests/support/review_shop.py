"""A run to be reviewed: real small videos and posters in a folder, a real ledger, and every kind of clip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Intent, Run, RunStatus, Settlement
from reelmill.ledger.recovering import PaidClip
from reelmill.ledger.states import State
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.platforms import NativeRatio
from reelmill.settings import load_settings
from reelmill.storage.open import open_storage
from reelmill.storage.port import Storage
from tests.support.records import NOON, paid_intent
from tests.support.videos import make_video

RUN = "r20260715-120000-abcdef"
CATEGORIES = ("Apparel > Shirts", "Home & Garden > Bowls", "Toys")
SILENT = {"code": "silent", "message": "Its sound is silence.", "at_s": None}
BLACK = {"code": "black_stretch", "message": "It is black for 0.8 s.", "at_s": 1.2}
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028{{ 7*7 }}"


def shop_clip(number: int, **changes: Any) -> Clip:
    """Portraits and landscapes of three categories; every fifth is dearer."""
    portrait = number % 2 == 0
    request = VideoRequest(
        model="veo-3.1-fast-generate-001",
        prompt=f"Product {number} turns slowly.",
        aspect_ratio=NativeRatio.PORTRAIT if portrait else NativeRatio.LANDSCAPE,
        duration_s=8,
    )
    sku = f"SKU-{number:04}"
    clip = Clip(
        clip_id=Clip.identify(request, sku, 1),
        request=request,
        variant=1,
        sku=sku,
        title=f"Product number {number}",
        brand="Acme",
        category=CATEGORIES[number % 3],
        unit_price_usd=Decimal("0.40") if number % 5 == 4 else Decimal("0.10"),
        price_date="2026-07-01",
        template="apparel/9x16",
        template_version="ab12",
        input_hash="cd34",
        platforms=("tiktok", "instagram_reels") if portrait else ("youtube",),
    )
    return replace(clip, **changes)


def inspection_of(number: int) -> dict[str, Any]:
    """Clip 2 fails, clip 3 is to be reviewed, and so on every ten; the others pass."""
    found = {2: ("fail", [BLACK, SILENT]), 3: ("review", [SILENT])}.get(number % 10, ("pass", []))
    return {"status": found[0], "findings": found[1], "videos": []}


@cache
def media(ratio: NativeRatio) -> tuple[bytes, bytes]:
    """A video of two seconds and its poster."""
    width, height = (90, 160) if ratio is NativeRatio.PORTRAIT else (160, 90)
    with TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "video.mp4", width=width, height=height, seconds=2, key_frame_every=6)
        asked = shop_clip(0 if ratio is NativeRatio.PORTRAIT else 1).request
        poster = inspect_video(path, Expectation.of(asked)).poster
        assert poster is not None
        return path.read_bytes(), poster


@dataclass(frozen=True)
class ReviewShop:
    """The ledger and the output of one run."""

    ledger: Ledger
    storage: Storage

    def deliver(self, clip: Clip, *, state: State = State.SUCCEEDED, shared: bool = False, **told: Any) -> Intent:
        """A clip that came to an end; ``shared`` has all of them name the same two objects."""
        intent = self.ledger.authorise(
            clip,
            run_id=RUN,
            output=self.storage.root,
            output_prefix_for=lambda intent_id, attempt: f"clips/{clip.sku}/{attempt}-{intent_id}",
            owner="test",
            lease_s=60,
            caps=Caps(),
            again=told.pop("again", False),
        )
        self.ledger.mark_sending(intent.intent_id, owner="test", lease_s=60)
        self.ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
        names: dict[str, Any] = {}
        if state.delivered:
            ratio = clip.request.aspect_ratio
            prefix = f"clips/shared-{ratio.slug}" if shared else intent.output_prefix
            video, poster = media(ratio)
            self.storage.create(f"{prefix}/sample_0.mp4", video, "video/mp4")
            self.storage.create(f"{prefix}/poster.jpg", poster, "image/jpeg")
            names["video_uris"] = (self.storage.uri(f"{prefix}/sample_0.mp4"),)
            names["poster_uri"] = self.storage.uri(f"{prefix}/poster.jpg")
        self.ledger.settle(intent.intent_id, Settlement(state=state, returned=int(state.delivered), **(names | told)))
        found = self.ledger.intent(intent.intent_id)
        assert found is not None
        return found

    def recover(self, clips: int) -> None:
        """So many delivered clips at once, as records in the output bring them back; all name the same objects."""
        for number in (0, 1):
            self.deliver(shop_clip(number), inspection=inspection_of(number), shared=True)
        paid = []
        for number in range(2, clips):
            clip = shop_clip(number)
            prefix = f"clips/shared-{clip.request.aspect_ratio.slug}"
            intent = replace(
                paid_intent(clip, self.storage),
                run_id=RUN,
                state=State.SUCCEEDED,
                reserved_usd=Decimal(0),
                charged_usd=clip.estimated_usd,
                finished_at=NOON,
                video_uris=(self.storage.uri(f"{prefix}/sample_0.mp4"),),
                poster_uri=self.storage.uri(f"{prefix}/poster.jpg"),
                inspection=inspection_of(number),
            )
            paid.append(PaidClip(clip=clip, intent=intent, returned=1, run_started_at=NOON))
        self.ledger.recover(paid)

    def fill(self, clips: int, *, shared: bool = False) -> list[Intent]:
        """So many clips, of which every tenth (the ninth first) was filtered."""
        return [
            self.deliver(
                shop_clip(number),
                state=State.FILTERED,
                error_code="58061214",
                error_message="A child was seen in the picture.",
            )
            if number % 10 == 9
            else self.deliver(shop_clip(number), inspection=inspection_of(number), shared=shared)
            for number in range(clips)
        ]


@contextmanager
def review_shop(ledger_url: str, output: str, **settings: Any) -> Iterator[ReviewShop]:
    """A ledger with one run, which has ended, for an output."""
    with Ledger.open(ledger_url) as ledger:
        storage = open_storage(output, load_settings(**settings))
        ledger.start_run(Run(run_id=RUN, output=storage.root, planned_usd=Decimal(100)))
        ledger.finish_run(RUN, RunStatus.COMPLETED)
        yield ReviewShop(ledger, storage)
