"""The options that ``plan`` and ``run`` share, so that a plan is always the plan of the run that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cyclopts import Parameter

from reelmill.cli.options import (
    Campaign,
    Columns,
    DialectName,
    Drafts,
    Force,
    Limit,
    Media,
    ModelName,
    Only,
    Output,
    Platforms,
    Quality,
    Storyboards,
    Variants,
    columns_of,
    names_of,
    settings_with,
)
from reelmill.cli.skus import skus_of
from reelmill.jobs.catalog import CatalogRequest
from reelmill.settings import Settings

__all__ = ["CatalogOptions"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogOptions:
    """What to make of a feed, and where."""

    platforms: Platforms = ()
    output: Output = ""
    model: ModelName = None
    resolution: Quality = None
    media_use: Media = None
    variants: Variants = None
    storyboards: Storyboards = None
    campaign: Campaign = None
    only: Only = ()
    limit: Limit = None
    force: Force = False
    drafts: Drafts = False
    dialect: DialectName = None
    column: Columns = ()

    def settings(self, *, cap_run_usd: Decimal | None = None) -> Settings:
        """The effective settings with these options on top."""
        return settings_with(
            model=self.model,
            resolution=self.resolution,
            media_use=self.media_use,
            variants=self.variants,
            storyboards=self.storyboards,
            campaign=self.campaign,
            cap_run_usd=cap_run_usd,
        )

    def request(self, feed: str) -> CatalogRequest:
        """What is asked of this feed."""
        return CatalogRequest(
            feed=feed,
            platforms=names_of(self.platforms),
            only=skus_of(self.only),
            limit=self.limit,
            force=self.force,
            drafts=self.drafts,
            dialect=self.dialect,
            columns=columns_of(self.column),
        )
