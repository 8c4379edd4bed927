"""A studio over real services, and clips to send through it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import Run
from reelmill.platforms import NativeRatio
from reelmill.production.producer import Producer
from reelmill.settings import load_settings
from tests.support.services import FakeGcs, SimulatorProcess

RUN = "run-1"


def clip(sku: str = "SKU-1", prompt: str = "A linen shirt turns slowly.", **request: Any) -> Clip:
    """A four-second clip of the cheapest model."""
    asked = VideoRequest(
        prompt=prompt,
        aspect_ratio=NativeRatio.PORTRAIT,
        **{"model": "veo-3.1-lite-generate-001", "duration_s": 4, **request},
    )
    return Clip(
        clip_id=Clip.identify(asked, sku, 1),
        request=asked,
        variant=1,
        sku=sku,
        title="Linen shirt",
        category="Apparel & Accessories > Clothing",
        unit_price_usd=Decimal("0.05"),
        price_date="2026-10-08",
        template="apparel/9x16",
        template_version="0" * 12,
        input_hash="0" * 32,
        platforms=("tiktok",),
    )


def rehearsed(bought: Clip) -> Clip:
    """The same clip as a rehearsal asks for it."""
    hashes, scene = bought.content_hashes, bought.scene
    clip_id = Clip.identify(bought.request, bought.sku, bought.variant, hashes, scene=scene, rehearsal=True)
    return replace(bought, clip_id=clip_id)


def rehearsal(folder: Path, simulator: SimulatorProcess, gcs: FakeGcs | None, **changes: Any) -> dict[str, Any]:
    """Settings that rehearse against local services, quick enough for a test."""
    return {
        "project": "rehearsal",
        "vertex_base_url": simulator.url,
        "storage_emulator_host": gcs.url if gcs else "",
        "ledger_url": f"sqlite:///{folder / 'ledger.db'}",
        "quota_per_minute": 6000,
        "poll_interval_s": 0.05,
        "throttled_wait_s": 0.2,
        "throttled_wait_max_s": 1,
        "submit_timeout_s": 5,
        "unclear_wait_s": 1,
        "lease_s": 30,
        "inspect": "header",
        **changes,
    }


@contextmanager
def open_engine(
    folder: Path, simulator: SimulatorProcess, gcs: FakeGcs | None = None, *, output: str = "", **changes: Any
) -> Iterator[Engine]:
    """An engine with a started run, writing to a bucket of its own (or to a folder without ``gcs``)."""
    where = output or (f"gs://{gcs.bucket()}/reels" if gcs else str(folder / "reels"))
    with Engine(load_settings(**rehearsal(folder, simulator, gcs, **changes)), where) as engine:
        if engine.ledger.run(RUN) is None:
            engine.ledger.start_run(Run(run_id=RUN, output=engine.storage.root))
        yield engine


def producer(engine: Engine) -> Producer:
    """A producer for the run that ``open_engine`` started; call it inside an event loop."""
    return Producer(engine.studio(), RUN)


def named(original: Clip, prompt: str) -> Clip:
    """The same clip with another prompt, and so another identity."""
    request = replace(original.request, prompt=prompt)
    return replace(original, request=request, clip_id=uuid.uuid4().hex)
