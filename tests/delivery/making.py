"""A stall: a ledger and a folder with delivered videos in it, made in no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.listing import Tally, deliverables
from reelmill.delivery.terms import Terms
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Intent, KnownProduct, Run, Settlement
from reelmill.ledger.states import State
from reelmill.platforms import NativeRatio, load_platforms
from reelmill.storage.local import LocalStorage
from tests.ledger import making

PLATFORMS = load_platforms(Path(__file__).resolve().parents[2] / "catalogs" / "platforms.toml")
PORTRAIT = ("tiktok", "instagram_reels", "youtube_shorts")
LANDSCAPE = ("youtube", "amazon")


def make_clip(sku: str = "SKU-1", *, ratio: NativeRatio = NativeRatio.PORTRAIT, prompt: str = "", **facts: Any) -> Clip:
    """A clip for the platforms of its ratio."""
    request = VideoRequest(
        model="veo-3.1-fast-generate-001",
        prompt=prompt or f"{sku} turns slowly.",
        aspect_ratio=ratio,
        samples=facts.pop("samples", 1),
    )
    variant = facts.pop("variant", 1)
    values: dict[str, Any] = {
        "clip_id": Clip.identify(request, sku, variant),
        "request": request,
        "variant": variant,
        "platforms": PORTRAIT if ratio is NativeRatio.PORTRAIT else LANDSCAPE,
        "brand": "Orrin",
        "category": "Home & Garden > Lamps",
        "title": f"The {sku}",
    }
    return replace(making.make_clip(sku), **values | facts)


def fit(delivered: Sequence[tuple[Clip, Intent]]) -> set[str]:
    """A gate that trusts inspection and asks nobody."""
    return {intent.intent_id for _, intent in delivered if not intent.unfit}


@dataclass
class Stall:
    """What a few runs left behind."""

    ledger: Ledger
    root: str

    def run(self, run_id: str = making.RUN) -> None:
        self.ledger.start_run(Run(run_id=run_id, output=self.root))

    def bring(self, state: State, clip: Clip, **options: Any) -> Intent:
        """An attempt, led to ``state``."""
        options.setdefault("output", self.root)
        prefix = options.pop("output_prefix_for", lambda intent_id, _: f"clips/{intent_id}")
        return making.bring_to(self.ledger, state, clip, output_prefix_for=prefix, **options)

    def deliver(self, clip: Clip, content: bytes = b"video", **facts: Any) -> Intent:
        """A delivered attempt, with its video in the folder; ``bare`` without files for the platforms of its ratio."""
        bare, made = facts.pop("bare", False), facts.pop("renditions", {})
        options = {name: facts.pop(name) for name in ("run_id", "again", "after", "draft") if name in facts}
        intent = self.bring(State.SUBMITTED, clip, **options)
        storage = LocalStorage(Path(self.root))
        names = [f"{intent.output_prefix}/1/sample_{number}.mp4" for number in range(clip.request.samples)]
        for name in names:
            storage.create(name, content, "video/mp4")
        native = [] if bare else [name for name in clip.platforms if name in PLATFORMS and not PLATFORMS[name].derived]
        settled = {
            "video_uris": tuple(storage.uri(name) for name in names),
            "poster_uri": storage.uri(f"{intent.output_prefix}/poster.jpg"),
            "inspection": {"status": "pass", "findings": [], "videos": []},
            "renditions": {name: storage.uri(names[0]) for name in native} | made,
        }
        end = Settlement(state=State.SUCCEEDED, returned=len(names), **settled | facts)
        assert self.ledger.settle(intent.intent_id, end)
        return making.known(self.ledger, intent)

    def retire(self, *skus: str) -> None:
        """These vanished from the feed."""
        self.ledger.remember_products(self.root, [KnownProduct(sku, "f", 1, retired=True) for sku in skus], making.RUN)

    def listed(self, **options: Any) -> tuple[list[Deliverable], Tally]:
        """With ``terms`` of its own (``gate``, ``finish``, ``renders``, ``rehearsal``) among the options."""
        tally = Tally()
        own = ("gate", "finish", "looks", "renders", "rehearsal")
        named = {name: options.pop(name) for name in own if name in options}
        terms = Terms(platforms=PLATFORMS, **{"gate": fit} | named)
        return list(deliverables(self.ledger, self.root, terms=terms, tally=tally, **options)), tally


def make_deliverable(**facts: Any) -> Deliverable:
    """A deliverable of nowhere."""
    values: dict[str, Any] = {
        "sku": "SKU-1",
        "item_group_id": "",
        "title": "A lamp",
        "brand": "Orrin",
        "category": "Home & Garden > Lamps",
        "campaign": "",
        "platform": "youtube",
        "variant": 1,
        "uri": "gs://shop/reels/clips/1/a.mp4",
        "poster_uri": "gs://shop/reels/clips/1/poster.jpg",
        "aspect_ratio": "16:9",
        "width": 1280,
        "height": 720,
        "duration_s": 8.0,
        "clip_id": "c" * 32,
        "intent_id": "i" * 32,
        "run_id": "run-1",
    }
    return Deliverable(**values | facts)
