"""Pictures with transparency that are laid over frames, for all of the film or a part of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelmill.media.colours import to_yuv
from reelmill.media.planes import Plane

__all__ = ["Overlay"]

Weights = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class _Layer:
    """One plane of an overlay: what it adds, and how much of the ground it leaves (0 to 255), and where."""

    top: int
    left: int
    adds: NDArray[Any]
    covers: NDArray[Any]

    def blended(self, plane: Plane, strength: float) -> None:
        rows, columns = self.adds.shape
        ground = plane[self.top : self.top + rows, self.left : self.left + columns]
        ground[:] = (ground + (self.adds - self.covers * ground) * strength).round().astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """The same in whole numbers, for overlays that are always there: a third of the time."""

    top: int
    left: int
    adds: Weights
    leaves: Weights

    def blended(self, plane: Plane) -> None:
        rows, columns = self.adds.shape
        ground = plane[self.top : self.top + rows, self.left : self.left + columns]
        mixed = ground * self.leaves  # at most 255 x 255 with what is added, since both are shares of one whole
        mixed += self.adds
        mixed += 128
        ground[:] = (mixed + (mixed >> 8)) >> 8  # an exact division by 255


@dataclass(frozen=True, slots=True)
class Overlay:
    """Lies on every frame from ``start_s`` on, and comes up over ``fade_s`` seconds."""

    layers: tuple[_Layer, ...]
    fixed: tuple[_Fixed, ...]
    start_s: float
    fade_s: float

    @classmethod
    def of(cls, picture: Image.Image, left: int, top: int, *, start_s: float = 0.0, fade_s: float = 0.0) -> Overlay:
        """The picture with its corner there; at an even place, as colours are kept for pairs of pixels."""
        left, top = left // 2 * 2, top // 2 * 2
        page = Image.new("RGBA", (_even(picture.width), _even(picture.height)), (0, 0, 0, 0))
        page.paste(picture, (0, 0))
        pixels = np.asarray(page.convert("RGBA"), np.float32)
        alpha = pixels[..., 3] / 255
        planes = [value * alpha for value in to_yuv(pixels[..., :3])]
        layers = [_Layer(top, left, planes[0], alpha)]
        layers += [_Layer(top // 2, left // 2, _halved(plane), _halved(alpha)) for plane in planes[1:]]
        return cls(tuple(layers), tuple(map(_fixed, layers)), start_s, fade_s)

    def lay_on(self, planes: list[Plane], at_s: float) -> None:
        """Change the planes of the frame that is shown at ``at_s`` seconds."""
        if at_s < self.start_s:
            return
        strength = min(1.0, (at_s - self.start_s) / self.fade_s) if self.fade_s else 1.0
        if strength >= 1:
            for fixed, plane in zip(self.fixed, planes, strict=True):
                fixed.blended(plane)
        else:
            for layer, plane in zip(self.layers, planes, strict=True):
                layer.blended(plane, strength)


def _fixed(layer: _Layer) -> _Fixed:
    covers = (layer.covers * 255).round()
    adds = np.minimum((layer.adds * 255).round(), covers * 255)
    return _Fixed(layer.top, layer.left, adds.astype(np.uint16), (255 - covers).astype(np.uint16))


def _halved(values: NDArray[Any]) -> NDArray[Any]:
    halves: NDArray[Any] = (values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]) / 4
    return halves


def _even(length: int) -> int:
    return math.ceil(length / 2) * 2
