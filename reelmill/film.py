"""The film: scenes of one product, ratio and variant, each a paid clip of its own, stitched into one video."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from reelmill.platforms import NativeRatio

__all__ = ["Film", "FilmScene"]


@dataclass(frozen=True, slots=True)
class FilmScene:
    """A scene by its name in the storyboard, and the clip that it is."""

    name: str
    clip_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is to be stitched, in order. ``crossfade_ms`` is how long two scenes overlap; 0 for cuts.

    ``duration_ms`` is the length that was asked for, overlaps taken off. ``film_id`` depends on the clips alone, so
    that other transitions make a new edition of the same film, and pay for nothing.
    """

    film_id: str
    sku: str
    aspect_ratio: NativeRatio
    variant: int
    scenes: tuple[FilmScene, ...]
    crossfade_ms: int
    duration_ms: int
    draft: bool = False

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """The clips, in the order of the film."""
        return tuple(scene.clip_id for scene in self.scenes)

    @staticmethod
    def identify(clip_ids: Sequence[str]) -> str:
        """32 hex digits, equal only for the same clips in the same order."""
        return hashlib.sha256(orjson.dumps(["film", *clip_ids])).hexdigest()[:32]

    def edition(self, intent_ids: Sequence[str]) -> str:
        """32 hex digits for what comes of these attempts at its clips, joined so: a remade scene makes another."""
        return hashlib.sha256(orjson.dumps([self.film_id, self.crossfade_ms, *intent_ids])).hexdigest()[:32]
