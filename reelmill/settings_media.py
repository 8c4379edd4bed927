"""The settings of what comes back: how closely it is looked at, what is made of it, and who has to approve it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from reelmill.choices import InspectDepth, ReviewPolicy

__all__ = ["MediaSettings"]


class MediaSettings(BaseSettings):
    """A part of :class:`~reelmill.settings.Settings`, which is read as a whole."""

    # What comes back
    inspect: InspectDepth = Field(
        InspectDepth.FULL, description="Look at every frame (full), at the headers, or not at all (off)."
    )
    renditions: bool = Field(
        True, description="With inspect = full, make a file for each platform of a clip, and a preview (see media.md)."
    )
    compare_pictures: bool = Field(
        False,
        description="With inspect = full, compare clips that were made of words with their product's picture, too (see "
        "media.md). Each picture is fetched from the address in the feed, once.",
    )
    inspect_later: bool = Field(
        False,
        description="Settle a clip as soon as its videos lie in storage; `reelmill inspect`, on this or another "
        "machine, looks at them and makes the renditions.",
    )
    media_workers: int = Field(
        0, ge=0, le=64, description="Videos looked at and rendered at once, per process; 0 is one for each processor."
    )
    image_max_bytes: int = Field(
        20_971_520, ge=1024, le=104_857_600, description="Largest product image fetched, in bytes (Veo takes 20 MB)."
    )
    image_timeout_s: float = Field(30, ge=0.1, le=300, description="Deadline of one image download, in seconds.")

    gallery: bool = Field(
        True,
        description="Write a gallery of each run beside its tables: a page to look at clips and decide about them.",
    )
    review: ReviewPolicy = Field(
        ReviewPolicy.REQUIRED,
        description="Which clips may be published: only those that a person approved (required), or also those that "
        "nobody decided about and inspection found fine (optional).",
    )
