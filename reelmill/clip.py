"""The clip: one paid Veo request for one product, native ratio and variant. And its identity."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

import orjson

from reelmill.platforms import NativeRatio

__all__ = ["Clip", "Mode", "Resolution", "VideoRequest"]


class Resolution(StrEnum):
    """Output resolutions of Veo 3.1, spelled as the API wants them."""

    P720 = "720p"
    P1080 = "1080p"
    K4 = "4k"


class Mode(StrEnum):
    """What a request gives Veo besides the prompt."""

    TEXT = "text_to_video"
    FIRST_FRAME = "image_to_video"
    FIRST_LAST_FRAME = "first_last_frame"
    REFERENCES = "reference_to_video"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """Everything that decides what Veo makes and what it costs.

    Media are named by reference (``https://`` or ``gs://``, without signatures); they are fetched when the clip
    is made, never when it is planned. ``duration_s`` is the paid length in seconds (7 for an extension).
    ``continues`` is the id of a clip whose video this one extends: which video that is, is known once it is delivered,
    and stands in ``video`` of what is sent.
    """

    model: str
    prompt: str
    aspect_ratio: NativeRatio
    duration_s: int = 8
    resolution: Resolution = Resolution.P720
    audio: bool = True
    samples: int = 1
    negative_prompt: str = ""
    seed: int | None = None
    person_generation: str = "allow_adult"
    image: str | None = None
    last_frame: str | None = None
    reference_images: tuple[str, ...] = ()
    video: str | None = None
    continues: str | None = None

    @property
    def mode(self) -> Mode:
        """The generation mode that the media imply."""
        if self.video is not None or self.continues is not None:
            return Mode.EXTENSION
        if self.reference_images:
            return Mode.REFERENCES
        if self.last_frame is not None:
            return Mode.FIRST_LAST_FRAME
        return Mode.TEXT if self.image is None else Mode.FIRST_FRAME

    @property
    def media(self) -> tuple[str, ...]:
        """Every image or video that the request refers to, without repeats, in a stable order."""
        named = (self.image, self.last_frame, *self.reference_images, self.video)
        return tuple(dict.fromkeys(uri for uri in named if uri is not None))

    def to_dict(self) -> dict[str, Any]:
        """The request as plain JSON values; the inverse of :meth:`from_dict`."""
        # Every value is immutable, so the deep copies that dataclasses.asdict makes would be in vain.
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if self.continues is None:
            del values["continues"]  # or every clip from before continued scenes would be another one, and paid again
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild a request that was stored with :meth:`to_dict`."""
        return cls(
            **{
                **values,
                "aspect_ratio": NativeRatio(values["aspect_ratio"]),
                "resolution": Resolution(values["resolution"]),
                "reference_images": tuple(values["reference_images"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A request with the product facts, lineage and dated price that the tables report.

    ``estimated_usd`` = ``unit_price_usd`` (USD per second of returned video) x seconds x samples: the most
    that the request can cost. ``content_hashes`` is empty unless images are identified by content. ``picture`` is the
    address of the product's main picture without a signature, for people to compare with; empty without one.
    ``price`` and ``sale_price`` are what the shop asked for the product when the clip was planned, as captions show
    them (``19.99 EUR``); empty without one. Neither says what is bought. ``scene`` names the scene of a storyboard that
    this clip is; empty for a clip that stands by itself.
    """

    clip_id: str
    request: VideoRequest
    variant: int
    sku: str
    title: str
    category: str
    unit_price_usd: Decimal
    price_date: str
    template: str
    template_version: str
    input_hash: str
    platforms: tuple[str, ...]
    item_group_id: str = ""
    brand: str = ""
    campaign: str = ""
    content_hashes: tuple[str, ...] = ()
    picture: str = ""
    price: str = ""
    sale_price: str = ""
    scene: str = ""

    @property
    def estimated_usd(self) -> Decimal:
        """The most that this clip can cost, in USD."""
        return self.unit_price_usd * self.request.duration_s * self.request.samples

    @property
    def rehearsed(self) -> bool:
        """Whether it was planned for a rehearsal: then nobody bought it, and no shop may show it."""
        mine = Clip.identify(
            self.request, self.sku, self.variant, self.content_hashes, scene=self.scene, rehearsal=True
        )
        return self.clip_id == mine

    @staticmethod
    def identify(
        request: VideoRequest,
        sku: str,
        variant: int,
        content_hashes: tuple[str, ...] = (),
        *,
        scene: str = "",
        rehearsal: bool = False,
    ) -> str:
        """The identity of a paid request: 32 hex digits, equal only if the same thing would be bought.

        The SKU belongs to it because the request carries it as a billing label; campaign, platforms, title and the
        product's price do not, so that the same clip serves them all. A scene does, as a variant does. A rehearsal
        buys nothing, so it never counts as bought.
        """
        bought: dict[str, Any] = {
            "request": request.to_dict(),
            "sku": sku,
            "variant": variant,
            "content": content_hashes,
        }
        if scene:
            bought["scene"] = scene
        if rehearsal:
            bought["rehearsal"] = True
        return hashlib.sha256(orjson.dumps(bought, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
