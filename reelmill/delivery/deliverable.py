"""A deliverable: one video file for one platform, with what a catalog or a channel has to know of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reelmill.clip import Clip
from reelmill.ledger.records import Intent

__all__ = ["Deliverable", "Gate"]

Gate = Callable[[Sequence[tuple[Clip, Intent]]], Collection[str]]
"""Of delivered clips, the ids of the intents that may be shown to the public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """A video of a product for a platform. ``uri`` and ``poster_uri`` are in storage: ``gs://`` or a path.

    ``width`` and ``height`` are pixels, ``duration_s`` seconds of video, ``size_bytes`` those of the file, None where
    its record does not say. ``retired``: the product is known to be gone
    from the catalog, and its video must not be shown any more. ``film`` is the edition of a film; then ``clip_id`` and
    ``intent_id`` are those of its first scene. ``split``: items of a group are products of their own.
    """

    sku: str
    item_group_id: str
    title: str
    brand: str
    category: str
    campaign: str
    platform: str
    variant: int
    uri: str
    poster_uri: str | None
    aspect_ratio: str
    width: int
    height: int
    duration_s: float
    clip_id: str
    intent_id: str
    run_id: str
    size_bytes: int | None = None
    film: str = ""
    ai_generated: bool = True
    retired: bool = False
    split: bool = False

    @property
    def is_group(self) -> bool:
        """Whether the product stands for a group of items, which have ids of their own in the feed."""
        return not self.split and bool(self.item_group_id) and self.sku == self.item_group_id

    @property
    def key(self) -> str:
        """Names this very file for good: a clip or film that is made again gets another one."""
        return f"{self.film or self.intent_id}-{self.platform}"

    @property
    def place(self) -> str:
        """Names what it is for, whichever file serves it: ``sku/platform/variant``."""
        return f"{self.sku}/{self.platform}/{self.variant}"

    def to_json(self) -> bytes:
        """The deliverable as JSON; the inverse of :meth:`from_json`."""
        return orjson.dumps({name: getattr(self, name) for name in self.__dataclass_fields__})

    @classmethod
    def from_json(cls, data: bytes) -> Deliverable:
        """Rebuild a deliverable that was kept with :meth:`to_json`."""
        values: Mapping[str, Any] = orjson.loads(data)
        return cls(**values)
