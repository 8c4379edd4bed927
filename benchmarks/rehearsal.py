"""The settings that the planning steps share: the shipped content, a catalog of their own, no paid service."""

from __future__ import annotations

from benchmarks.child import ROOT
from reelmill.settings import Settings, load_settings

__all__ = ["CATALOG", "planning_settings"]

CATALOG = "benchmark"


def planning_settings(ledger_url: str) -> Settings:
    """Reelmill's defaults over the ledger at ``ledger_url``."""
    return load_settings(ledger_url=ledger_url, catalog=CATALOG, output="reels", catalogs_dir=ROOT / "catalogs")
