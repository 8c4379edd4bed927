"""The terms on which an output is handed over, as settings, brand and platforms say."""

from __future__ import annotations

from reelmill.choices import InspectDepth
from reelmill.delivery.terms import Terms
from reelmill.jobs.content import content_folder
from reelmill.jobs.review_gate import review_gate
from reelmill.ledger.ledger import Ledger
from reelmill.platforms import load_platforms
from reelmill.prompts.brand import load_brand
from reelmill.settings import Settings

__all__ = ["open_terms"]


def open_terms(ledger: Ledger, settings: Settings) -> Terms:
    """Platforms, finish and gate that are in force now. Raises FixConfiguration naming what cannot be used."""
    folder = content_folder(settings)
    return Terms(
        platforms=load_platforms(folder / "platforms.toml"),
        gate=review_gate(ledger, settings.review, settings.inspect),
        finish=load_brand(folder / "brand.toml").finish,
        looks=settings.inspect is not InspectDepth.OFF,
        renders=settings.inspect is InspectDepth.FULL and settings.renditions,
        rehearsal=settings.rehearsal,
        split=settings.split_variants,
    )
