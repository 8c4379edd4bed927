"""Products, planners and settled clips for tests, made through the real rooms."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reelmill.jobs.catalog import drafting
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run, Settlement
from reelmill.ledger.states import State
from reelmill.planning.building import ClipBuilder
from reelmill.planning.planner import Planner, PlanOptions
from reelmill.planning.shapes import shapes_for
from reelmill.planning.spool import Spool
from reelmill.platforms import load_platforms, select_platforms
from reelmill.product import Product, RowRef
from reelmill.prompts.library import PromptLibrary
from reelmill.settings import Settings, load_settings
from reelmill.veo.registry import Registry

CONTENT = Path(__file__).resolve().parents[2] / "catalogs"
TWO_RATIOS = ("instagram_reels", "youtube")


def copy_content(folder: Path) -> Path:
    """A copy of the shipped content, with a brand that adds nothing to its films."""
    shutil.copytree(CONTENT, folder)
    brand = folder / "brand.toml"
    shipped = brand.read_text("utf-8")
    plain = shipped.replace('disclosure = "AI-generated"', 'disclosure = ""')
    assert plain != shipped
    brand.write_text(plain, "utf-8")
    return folder


def product(number: int = 1, **changes: Any) -> Product:
    """A believable product; ``number`` makes it distinct."""
    facts: dict[str, Any] = {
        "sku": f"SKU-{number}",
        "title": f"Linen shirt no. {number}",
        "category": ("Apparel & Accessories", "Clothing"),
        "ref": RowRef("feed.csv", number),
        "description": "A breathable shirt for warm evenings.",
        "brand": "Marrow & Pine",
        "color": "sand",
        "price": Decimal("59.00"),
        "currency": "EUR",
        "images": (f"https://images.example.com/{number}.jpg",),
    }
    return Product(**facts | changes)


def planner_for(
    ledger: Ledger,
    *,
    settings: Settings | None = None,
    platforms: Iterable[str] = TWO_RATIOS,
    only: Iterable[str] = (),
    limit: int | None = None,
    force: bool = False,
    drafts: bool = False,
) -> Planner:
    """A planner over the shipped content."""
    settings = settings or load_settings()
    known = load_platforms(CONTENT / "platforms.toml")
    builder = ClipBuilder(
        settings=settings,
        library=PromptLibrary.load(CONTENT),
        model=Registry.load(CONTENT / "models.toml").model(settings.model),
        shapes=shapes_for(select_platforms(known, list(platforms)), settings),
        campaign=settings.campaign,
    )
    return Planner(
        builder,
        ledger,
        "catalog",
        PlanOptions(frozenset(only), limit, force),
        drafting=drafting(settings) if drafts else None,
    )


def settle_all(ledger: Ledger, spool: Spool, state: State = State.SUCCEEDED, *, run_id: str = "run-1") -> list[str]:
    """Take every planned clip through the ledger to ``state`` and remember its products; returns the SKUs made."""
    if ledger.run(run_id) is None:
        ledger.start_run(Run(run_id=run_id, output="out"))
    made = []
    for planned in spool.planned_clips():
        intent = ledger.authorise(
            planned.clip,
            run_id=run_id,
            output="out",
            output_prefix_for=lambda intent_id, attempt: f"clips/{intent_id}-{attempt}",
            owner="test",
            lease_s=60,
            caps=Caps(),
            again=planned.again,
            draft=planned.draft,
        )
        ledger.mark_sending(intent.intent_id, owner="test", lease_s=60)
        ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
        ledger.settle(intent.intent_id, Settlement(state=state, returned=int(state.delivered)))
        made.append(planned.clip.sku)
    known = [
        replace(known, fingerprint=known.fingerprint if _whole(ledger, clip_ids) else None)
        for known, clip_ids in spool.products()
    ]
    ledger.remember_products("catalog", known, run_id)
    ledger.retire_products("catalog", list(spool.retired()), run_id)
    return made


def _whole(ledger: Ledger, clip_ids: tuple[str, ...]) -> bool:
    standings = ledger.standings(clip_ids)
    return all(
        clip_id in standings and standings[clip_id].state.delivered and not standings[clip_id].draft
        for clip_id in clip_ids
    )
