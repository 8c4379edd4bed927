"""A run to be reviewed: real small videos and posters in a folder, a real ledger, and every kind of clip."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.film import Film, FilmScene
from reelmill.ledger.films import Stitched
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import (
    Caps,
    Decision,
    Intent,
    RemovalKind,
    Review,
    ReviewedVia,
    Run,
    RunStatus,
    Settlement,
)
from reelmill.ledger.recovering import PaidClip
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.media.coded import read_coded
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.renditions import Rendition
from reelmill.platforms import NativeRatio
from reelmill.production.renditions import Made
from reelmill.settings import load_settings
from reelmill.storage.open import open_storage
from reelmill.storage.port import Storage
from tests.support.records import NOON, paid_intent
from tests.support.videos import make_video

RUN = "r20260715-120000-abcdef"
CATEGORIES = ("Apparel > Shirts", "Home & Garden > Bowls", "Toys")
SILENT = {"code": "silent", "message": "Its sound is silence.", "at_s": None}
BLACK = {"code": "black_stretch", "message": "It is black for 0.8 s.", "at_s": 1.2}
SIZES = {"tiktok": (90, 160), "instagram_reels": (90, 160), "instagram_feed": (80, 100), "youtube": (160, 90)}
"""Of what a platform gets in these tests, in pixels."""
PREVIEW = (54, 96)
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


@cache
def made_for(platform: str) -> tuple[bytes, dict[str, Any]]:
    """What a platform gets, as long as the clip, and what the record says of it."""
    width, height = SIZES[platform]
    with TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "video.mp4", width=width, height=height, seconds=2, key_frame_every=6)
        made = Rendition(
            platform=platform, path=path, coded=read_coded(path), encoded=True, loudness=None, limited=False
        )
        return path.read_bytes(), made.to_dict()


@cache
def preview() -> bytes:
    """What plays while a clip is pointed at."""
    with TemporaryDirectory() as folder:
        return make_video(Path(folder) / "preview.mp4", width=PREVIEW[0], height=PREVIEW[1], seconds=1).read_bytes()


@dataclass(frozen=True)
class ReviewShop:
    """The ledger and the output of one run."""

    ledger: Ledger
    storage: Storage

    def deliver(
        self,
        clip: Clip,
        *,
        state: State = State.SUCCEEDED,
        shared: bool = False,
        rendered: bool = False,
        **told: Any,
    ) -> Intent:
        """A clip that came to an end; ``shared`` has all of them name the same two objects.

        ``rendered``: there is a preview, and a file for each of its platforms.
        """
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
        if rendered:
            made = self.render(clip, intent.output_prefix)
            names["renditions"] = made.uris
            told["inspection"] = (told.get("inspection") or inspection_of(0)) | made.to_dict()
        self.ledger.settle(intent.intent_id, Settlement(state=state, returned=int(state.delivered), **(names | told)))
        found = self.ledger.intent(intent.intent_id)
        assert found is not None
        return found

    def decide(self, intent: Intent, decision: Decision, reviewer: str = "Ada", reason: str = "") -> Review:
        """Somebody decides, now, and the ledger keeps it."""
        asked = AskedReview(
            review_id=uuid.uuid4().hex,
            intent_id=intent.intent_id,
            decision=decision,
            reviewer=reviewer,
            via=ReviewedVia.PAGE,
            reason=reason,
        )
        (done,) = self.ledger.review([asked])
        assert done.review is not None
        return done.review

    def remove(self, intent: Intent) -> None:
        """It is rejected, and retention takes its videos."""
        self.decide(intent, Decision.REJECT)
        assert self.ledger.begin_removals([intent], keep={RemovalKind.REJECTED: 0}) == {intent.intent_id}

    def render(self, clip: Clip, prefix: str) -> Made:
        """A preview and a file for each platform, below ``prefix``."""
        self.storage.create(f"{prefix}/preview.mp4", preview(), "video/mp4")
        for platform in clip.platforms:
            self.storage.create(f"{prefix}/renditions/{platform}.mp4", made_for(platform)[0], "video/mp4")
        return Made(
            uris={name: self.storage.uri(f"{prefix}/renditions/{name}.mp4") for name in clip.platforms},
            preview_uri=self.storage.uri(f"{prefix}/preview.mp4"),
            details=tuple(made_for(platform)[1] for platform in clip.platforms),
        )

    def stitch(self, sku: str = "SKU-FILM") -> tuple[list[Intent], Stitched]:
        """Two delivered scenes, and the film of them with a file for each platform."""
        clips = []
        for name in ("opening", "close"):
            clip = shop_clip(0, sku=sku, scene=name)
            clips.append(replace(clip, clip_id=Clip.identify(clip.request, sku, clip.variant, scene=name)))
        ids = [clip.clip_id for clip in clips]
        scenes = tuple(FilmScene(clip.scene, clip.clip_id) for clip in clips)
        ratio = clips[0].request.aspect_ratio
        film = Film(
            film_id=Film.identify(ids),
            sku=sku,
            aspect_ratio=ratio,
            variant=1,
            scenes=scenes,
            crossfade_ms=0,
            duration_ms=16_000,
        )
        self.ledger.plan_films(RUN, self.storage.root, [film])
        attempts = [self.deliver(clip) for clip in clips]
        prefix = f"films/{sku}"
        self.storage.create(f"{prefix}/film.mp4", media(ratio)[0], "video/mp4")
        self.storage.create(f"{prefix}/poster.jpg", media(ratio)[1], "image/jpeg")
        made = self.render(clips[0], prefix)
        stitched = Stitched(
            edition=film.edition([intent.intent_id for intent in attempts]),
            attempts=tuple(intent.intent_id for intent in attempts),
            video_uri=self.storage.uri(f"{prefix}/film.mp4"),
            poster_uri=self.storage.uri(f"{prefix}/poster.jpg"),
            provenance_uri=self.storage.uri(f"{prefix}/provenance.json"),
            inspection=inspection_of(0) | made.to_dict(),
            renditions=made.uris,
        )
        assert self.ledger.keep_stitched(film.film_id, stitched)
        return attempts, stitched

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
