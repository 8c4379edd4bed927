"""How a brand finishes its films: what is laid over the renditions, and what follows from a finding.

It is read from ``[finish]`` of ``brand.toml``. Nothing here reaches Veo, so changing it pays for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CAPTION_WORDS", "PRICE_WORDS", "Consequence", "Finish"]

PRICE_WORDS = ("price", "sale_price", "current_price")
"""What a caption may name of the product's price; a line that names one which is missing is left out."""

CAPTION_WORDS = ("title", "brand", "sku", "campaign", *PRICE_WORDS)
"""What a caption may name in braces."""

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
File = Annotated[str, Field(max_length=400)]


class Consequence(StrEnum):
    """What follows from a finding."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    REVIEW = "review"
    REJECT = "reject"
    REMAKE = "remake"


class Finish(BaseModel):
    """The finish of every rendition. Files are named relative to the folder that ``brand.toml`` is in."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    disclosure: str = Field(
        "", max_length=60, description="Words that tell viewers the film is AI-generated, in a corner; empty: none."
    )
    caption: str = Field(
        "",
        max_length=300,
        description="Words at the bottom, in up to three lines; filled in are {title}, {brand}, {sku}, {campaign}, "
        "{price}, {sale_price} and {current_price}.",
    )
    font: File = Field("", description="TrueType or OpenType font of all words; needed as soon as there are any.")
    text_colour: Colour = Field("#ffffff", description="Colour of words, like #ffffff.")
    box_colour: Colour = Field("#14181c", description="Colour behind words, and of padding and the end card's ground.")
    logo: File = Field("", description="Picture (PNG with transparency) in the top right corner.")
    logo_share: float = Field(0.14, gt=0, le=0.5, description="Width of the logo, as a share of the frame's.")
    end_card: File = Field("", description="Picture that the film ends on, laid over its last seconds.")
    end_card_s: float = Field(1.5, ge=0.5, le=4, description="How long the end card shows, in seconds.")
    music: File = Field("", description="Sound file that lies under the film's own sound, repeated to its length.")
    music_below_lu: float = Field(
        12, ge=0, le=40, description="How far the music lies below the film's own sound, in loudness units."
    )
    findings: Mapping[str, Consequence] = Field(
        default_factory=dict,
        description="What follows from a finding, by its code: pass, review, reject or remake (see media.md).",
    )

    def remakes(self, attempts: int, seed: int | None) -> int:
        """How often a run may make an unfit clip anew by itself.

        Never unless a finding asks for it, nor with a seed: that asks for the same film again, at the same price.
        """
        return attempts if seed is None and Consequence.REMAKE in self.findings.values() else 0

    @property
    def shows_price(self) -> bool:
        """Whether the caption can show a price."""
        return any(f"{{{word}}}" in self.caption for word in PRICE_WORDS)

    @property
    def needs_price(self) -> bool:
        """Whether the caption has a line that a product without a price cannot fill."""
        return "{price}" in self.caption or "{current_price}" in self.caption

    @property
    def draws(self) -> bool:
        """Whether anything is laid over the picture, so that it must be encoded."""
        return bool(self.disclosure or self.caption or self.logo or self.end_card)

    @property
    def adds(self) -> bool:
        """Whether anything is laid over the picture or under the sound, so that the clip itself is not finished."""
        return self.draws or bool(self.music)
