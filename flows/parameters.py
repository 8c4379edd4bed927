"""The forms: what a person, a schedule or a trigger fills in. A field left alone means the setting of that name."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from flows.choices import AS_CONFIGURED, MediaChoice, ModelName, PlatformName, ResolutionChoice
from reelmill.catalog.dialect import Dialect
from reelmill.jobs.catalog import CatalogRequest
from reelmill.settings import Settings, load_settings

__all__ = [
    "Catalog",
    "Feed",
    "OneProduct",
    "Products",
    "SocialVideo",
    "Spending",
    "Video",
    "chosen_settings",
    "settings_for",
]

# As a plain number: pydantic's own schema offers number or text, which a form shows as a riddle.
Usd = Annotated[
    Decimal,
    Field(ge=0, decimal_places=2, max_digits=12),
    WithJsonSchema({"type": "number", "minimum": 0}),
    PlainSerializer(float, return_type=float, when_used="json"),
]


class _Form(BaseModel):
    """A part of a form. An unknown field is refused, so that a typo never costs money."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Feed(_Form):
    """Where the products come from."""

    feed: str = Field(
        min_length=1,
        description="Product feed: CSV, TSV (also .gz), Parquet file or folder; a path on the worker or gs://.",
    )
    dialect: Literal["detect", "google", "shopify", "plain"] = Field(
        "detect", description="Who wrote the feed; detected from its header if not chosen."
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description='Product field to feed column where names differ: {"title": "product_name"}.'
    )
    force: bool = Field(
        False,
        description="Make delivered clips again. They are paid again, and once more in each retry of the flow run: "
        "to go on after a forced run that stopped, name the SKUs that are left.",
    )

    def request(self, video: Video, **part: Any) -> CatalogRequest:
        """What the engine plans."""
        return CatalogRequest(
            feed=self.feed,
            platforms=tuple(video.platforms),
            dialect=None if self.dialect == "detect" else Dialect(self.dialect),
            columns=self.columns,
            force=self.force,
            **part,
        )


class Catalog(Feed):
    """A whole catalog, or its first part."""

    drafts: bool = Field(
        False, description="Make drafts with the setting draft_model, to pick from; `reelmill finals` makes the finals."
    )

    limit: int | None = Field(
        None, ge=1, description="Stop after this many products that have something to make, as a canary."
    )


class Products(Feed):
    """Chosen products of a feed."""

    skus: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        min_length=1, max_length=10_000, description="The SKUs to make, as the feed spells them."
    )


class OneProduct(Feed):
    """One product of a feed."""

    sku: str = Field(min_length=1, max_length=500, description="The SKU to make, as the feed spells it.")


class Video(_Form):
    """What the videos are made for, and how."""

    platforms: list[PlatformName] = Field(
        default_factory=list, description="Where the videos are shown; none chosen: the platforms of the settings."
    )
    model: ModelName = Field(AS_CONFIGURED, description="Veo model to pay for.")
    resolution: ResolutionChoice = Field(AS_CONFIGURED, description="Resolution asked of Veo; 4k costs more.")
    media_use: MediaChoice = Field(
        AS_CONFIGURED, description="How the product's pictures (or its video, for extend_video) enter the request."
    )
    variants: int | None = Field(None, ge=1, le=10, description="Different clips per product and ratio; each is paid.")
    storyboards: bool | None = Field(
        None, description="Films of several scenes where a category has a storyboard; each scene is paid."
    )
    campaign: str = Field("", max_length=63, description="Campaign name carried into billing labels and tables.")


class SocialVideo(Video):
    """What the videos are made for: many platforms share a clip, which is paid once per ratio."""

    platforms: list[PlatformName] = Field(
        default=["facebook_feed", "instagram_reels", "pinterest", "tiktok", "youtube_shorts"],
        min_length=1,
        description="Where the videos are shown. Platforms of one ratio share a clip, paid once.",
    )


class Spending(_Form):
    """What it may cost. The caps per day and month are settings."""

    cap_usd: Usd | None = Field(
        None,
        title="Cap (USD)",
        description="Most that this run may spend, in USD; it stops there and keeps what is made.",
    )
    approve_up_to_usd: Usd | None = Field(
        None,
        title="Approve up to (USD)",
        description="Do not start at all if the plan could cost more than this, in USD.",
    )
    ask_above_usd: Usd | None = Field(
        None,
        title="Ask above (USD)",
        description="Pause and ask a person if the plan could cost more than this, in USD; empty: the setting.",
    )
    deadline: AwareDatetime | None = Field(
        None, description="Do not start if what is planned cannot be made by then; with its time zone."
    )
    dry_run: bool = Field(False, description="Only plan and price: nothing is sent, nothing is spent.")


def chosen_settings(video: Video, spending: Spending) -> dict[str, object]:
    """The settings that the form gives a value, by name; they win over every other layer."""
    chosen = {
        "model": video.model,
        "resolution": video.resolution,
        "media_use": video.media_use,
        "variants": video.variants,
        "storyboards": video.storyboards,
        "campaign": video.campaign or None,
        "cap_run_usd": spending.cap_usd,
        "ask_above_usd": spending.ask_above_usd,
    }
    return {name: value for name, value in chosen.items() if value is not None and value != AS_CONFIGURED}


def settings_for(video: Video, spending: Spending) -> Settings:
    """The effective settings: the form on top of environment, profile, reelmill.toml and defaults.

    Raises FixConfiguration for a setting that is wrong.
    """
    return load_settings(**chosen_settings(video, spending))
