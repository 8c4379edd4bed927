"""The colours of a product, as its picture tells them, and how well another picture holds them together."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from reelmill.media.thresholds import COLOUR_TOLERANCE, COLOURLESS, PRODUCT_FILLS

__all__ = ["ProductPicture", "Rgb"]

Rgb = NDArray[np.uint8]
"""A picture as rows of pixels of red, green and blue."""

_Numbers = NDArray[np.float32]

_LONG_SIDE = 256  # pixels; colours need no more
_MOST_PIXELS = 100_000_000  # of a picture that is decoded: a feed's picture has 20 MB, a bomb has more
_FORMATS = ("JPEG", "PNG")  # what is fetched; no other decoder is offered the bytes
_PALETTE = 6
_SPECK = 0.02  # colours with a smaller share of the product are left out
_LIKE_GROUND = 0.04  # nearer to the border's colour than this is the ground that the product was taken on
_EVEN_BORDER = 0.8  # of the border has one colour, or there is no ground to leave out
_FULL_CHROMA = 0.12  # of OKLab, from which on a colour counts in full: that of a ripe tomato is 0.2
_GREY_COUNTS = 0.1  # black, white and grey are in every film
_LIGHT_COUNTS = 0.3  # light and shade change a colour's lightness more than its hue
_STRIDE = 2
_WINDOWS = (0.25, 0.4, 0.6, 0.85)  # of the shorter side: how large the product may be in a film

# Björn Ottosson, "A perceptual color space for image processing", 2020.
_TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]], np.float32
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]], np.float32
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProductPicture:
    """``colours`` in OKLab, ``shares`` of the product that have them, and how much each of them ``counts``."""

    colours: _Numbers
    shares: _Numbers
    counts: _Numbers

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """The colours of a JPEG or PNG. None if it cannot be decoded, or if it is black, white and grey only."""
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    return None
                image.draft("RGB", (_LONG_SIDE, _LONG_SIDE))
                image.thumbnail((_LONG_SIDE, _LONG_SIDE))
                picture = _flattened(image)
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
            return None
        return cls._of(picture)

    @classmethod
    def _of(cls, picture: Rgb) -> Self | None:
        product = picture[_foreground(_oklab(picture))]
        palette = Image.fromarray(product[None]).quantize(_PALETTE, method=Image.Quantize.MEDIANCUT)
        colours, weights = _told_apart(np.asarray(palette).ravel(), _oklab(product))
        colourful = np.clip(np.hypot(colours[:, 1], colours[:, 2]) / _FULL_CHROMA, 0, 1)
        if float(weights @ colourful) < COLOURLESS:
            return None
        return cls(colours, weights, (_GREY_COUNTS + (1 - _GREY_COUNTS) * colourful).astype(np.float32))

    def found_in(self, picture: Rgb) -> float:
        """How much of its colours lies together in one place of ``picture``, in their proportions; from 0 to 1.

        The place may be a quarter of the picture's shorter side or nearly all of it. A histogram intersection over
        sliding windows (M. Swain and D. Ballard, "Color indexing", 1991) that counts colourful parts more.
        """
        values = _oklab(picture)
        distance = _distance(values[:, :, None, :], self.colours)
        nearest = distance.argmin(axis=2)
        belongs = np.clip(1.5 - distance.min(axis=2) / COLOUR_TOLERANCE, 0, 1)
        maps = [_summed(np.where(nearest == colour, belongs, 0)) for colour in range(len(self.shares))]
        best = max(self._best(maps, round(window * min(picture.shape[:2]))) for window in _WINDOWS)
        return min(1.0, best / float(self.shares @ self.counts))

    def _best(self, maps: list[_Numbers], side: int) -> float:
        side = max(1, side)
        found = sum(
            count * np.minimum(_windows(summed, side) / PRODUCT_FILLS, share)
            for summed, share, count in zip(maps, self.shares, self.counts, strict=True)
        )
        return float(np.max(found))


def _flattened(image: Image.Image) -> Rgb:
    """As it looks on white, where shops show it."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        image = Image.alpha_composite(ground, over)
    return np.asarray(image.convert("RGB"))


def _foreground(values: _Numbers) -> NDArray[np.bool_]:
    """The pixels that are not of the even ground around; all of them if there is none, or nothing else."""
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    ground = np.median(border, axis=0)
    if np.mean(np.linalg.norm(border - ground, axis=1) < _LIKE_GROUND) < _EVEN_BORDER:
        return np.ones(values.shape[:2], np.bool_)
    product = np.linalg.norm(values - ground, axis=2) >= _LIKE_GROUND
    return product if product.mean() > _SPECK else np.ones_like(product)


def _told_apart(names: NDArray[np.uint8], values: _Numbers) -> tuple[_Numbers, _Numbers]:
    """The colours that can be told apart in another light, and their shares: those that cannot are one."""
    counts = np.bincount(names)
    colours: list[_Numbers] = []
    shares: list[float] = []
    for name in np.argsort(-counts, kind="stable"):
        share = float(counts[name]) / names.size
        if share <= _SPECK:
            continue
        colour = np.median(values[names == name], axis=0)
        distance = _distance(np.array(colours), colour) if colours else np.array([np.inf])
        if distance.min() < COLOUR_TOLERANCE:
            shares[int(distance.argmin())] += share
        else:
            colours.append(colour)
            shares.append(share)
    weights = np.array(shares, np.float32)
    return np.array(colours, np.float32), weights / weights.sum()


def _distance(some: _Numbers, others: _Numbers) -> _Numbers:
    apart = (some - others) * np.array([_LIGHT_COUNTS, 1, 1], np.float32)
    distance: _Numbers = np.sqrt((apart**2).sum(axis=-1))
    return distance


def _oklab(picture: Rgb) -> _Numbers:
    """The same in OKLab: lightness, green to red, blue to yellow."""
    shares = picture.astype(np.float32) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB
    lab: _Numbers = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def _summed(values: _Numbers) -> _Numbers:
    """The sums of everything above and left of each place, so that a window's sum takes four of them."""
    return np.pad(values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1), ((1, 0), (1, 0))).astype(np.float32)


def _windows(summed: _Numbers, side: int) -> _Numbers:
    """The mean of squares of ``side`` pixels, at every second place."""
    ends, starts = slice(side, None, _STRIDE), slice(None, -side, _STRIDE)
    total = summed[ends, ends] - summed[starts, ends] - summed[ends, starts] + summed[starts, starts]
    return total / np.float32(side * side)
