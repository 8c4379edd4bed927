"""What a simulated video shows: a coloured backdrop, soft lights that drift, and what was asked for in words."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reelmill.simulator.lettering import draw_line, line_width, wrap

__all__ = ["LOOP_FRAMES", "Scene", "draw_frames"]

LOOP_FRAMES = 48  # two seconds at 24 frames a second, then the picture repeats

Plane = NDArray[np.uint8]
Cover = NDArray[np.int16]
Yuv = tuple[float, float, float]

_WHITE: Yuv = (235, 128, 128)
_BLACK = 16
_SMALLEST_CAP = 4
_COVER_BITS = 7  # coverage in 128ths: the largest product then fits 16 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture. ``seed`` chooses its colours; ``backdrop`` is a YUV 4:2:0 image of the same size to stand on."""

    width: int
    height: int
    heading: str
    words: str
    facts: str
    footer: str
    seed: int
    backdrop: Plane | None = None
    black: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class _Light:
    """A soft disc that swings around its place."""

    x: float
    y: float
    radius: float
    swing_x: float
    swing_y: float
    phase: float
    colour: Yuv
    strength: float


def draw_frames(scene: Scene, count: int = LOOP_FRAMES) -> Iterator[Plane]:
    """``count`` frames, by default one loop.

    Each is planar YUV 4:2:0 in one array of ``height * 3 / 2`` rows, BT.709 in video range. It is the same array
    every time (fresh ones cost more than the drawing): use a frame before asking for the next.
    """
    if scene.black:
        black = np.full((scene.height * 3 // 2, scene.width), 128, np.uint8)
        black[: scene.height] = _BLACK
        yield from (black for _ in range(count))
        return
    ground = _ground(scene)
    lights = _lights(scene)
    lettering = _Lettering(scene)
    frame = np.empty_like(ground)
    planes = _planes(frame, scene.width, scene.height)
    for number in range(count):
        np.copyto(frame, ground)
        angle = 0.0 if scene.frozen else 2 * math.pi * number / LOOP_FRAMES
        for light in lights:
            _shine(planes, light, angle)
        lettering.put_on(planes)
        yield frame


def _planes(frame: Plane, width: int, height: int) -> tuple[Plane, Plane, Plane]:
    quarter = height // 4
    blue = frame[height : height + quarter].reshape(height // 2, width // 2)
    red = frame[height + quarter :].reshape(height // 2, width // 2)
    return frame[:height], blue, red


def _yuv(hue: float, saturation: float, value: float) -> Yuv:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def _hue(seed: int) -> float:
    return (seed * 0.61803398875) % 1  # steps of the golden ratio keep neighbours apart


def _ground(scene: Scene) -> Plane:
    frame = np.empty((scene.height * 3 // 2, scene.width), np.uint8)
    planes = _planes(frame, scene.width, scene.height)
    if scene.backdrop is not None:
        frame[:] = scene.backdrop
        planes[0][:] = (planes[0].astype(np.float32) - _BLACK) * 0.6 + _BLACK + 14
        return frame
    hue = _hue(scene.seed)
    above, below = _yuv(hue, 0.55, 0.62), _yuv(hue + 0.11, 0.75, 0.30)
    for plane, start, end in zip(planes, above, below, strict=True):
        ramp = np.linspace(start, end, plane.shape[0], dtype=np.float32)[:, None]
        slant = np.linspace(0, (end - start) * 0.35, plane.shape[1], dtype=np.float32)[None, :]
        plane[:] = np.clip(ramp + slant, 16, 235)
    return frame


def _lights(scene: Scene) -> list[_Light]:
    hue, size = _hue(scene.seed), min(scene.width, scene.height)
    turn = (scene.seed % 97) / 97 * 2 * math.pi
    wide, high = scene.width, scene.height
    strength = 0.45 if scene.backdrop is None else 0.28
    return [
        _Light(
            0.74 * wide, 0.30 * high, 0.34 * size, 0.09 * wide, 0.05 * high, turn, _yuv(hue + 0.06, 0.5, 0.95), strength
        ),
        _Light(
            0.22 * wide,
            0.74 * high,
            0.24 * size,
            0.06 * wide,
            0.08 * high,
            turn + 2,
            _yuv(hue - 0.12, 0.6, 0.85),
            strength,
        ),
        _Light(
            0.88 * wide,
            0.86 * high,
            0.09 * size,
            0.04 * wide,
            0.06 * high,
            turn + 4,
            _yuv(hue + 0.3, 0.4, 1.0),
            strength,
        ),
    ]


@lru_cache(maxsize=64)
def _disc(radius: int, strength: float) -> Cover:
    """Coverage of a disc whose rim is a little soft and whose middle is a little deeper."""
    reach = np.arange(-radius, radius + 1, dtype=np.float32)
    distance = np.hypot(reach[:, None], reach[None, :]) / max(radius, 1)
    rim = np.clip((1 - distance) * 14, 0, 1)
    return _cover((rim * (0.55 + 0.45 * distance**2) * strength).astype(np.float32))


def _cover(share: NDArray[np.float32]) -> Cover:
    return (share * (1 << _COVER_BITS) - 0.5).astype(np.int16)


def _mix(under: Plane, goal: float, cover: Cover) -> Cover:
    """``under`` moved towards ``goal`` by ``cover``; whole numbers, as this is most of what drawing costs."""
    change = round(goal) - under.astype(np.int16)
    change *= cover
    change >>= _COVER_BITS
    change += under
    return change


def _shine(planes: tuple[Plane, Plane, Plane], light: _Light, angle: float) -> None:
    x = light.x + light.swing_x * math.cos(angle + light.phase)
    y = light.y + light.swing_y * math.sin(angle + light.phase)
    for plane, goal, scale in zip(planes, light.colour, (1, 2, 2), strict=True):
        disc = _disc(round(light.radius / scale), light.strength)
        top, left = round(y / scale) - disc.shape[0] // 2, round(x / scale) - disc.shape[1] // 2
        rows = slice(max(top, 0), min(top + disc.shape[0], plane.shape[0]))
        columns = slice(max(left, 0), min(left + disc.shape[1], plane.shape[1]))
        part = disc[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        under = plane[rows, columns]
        plane[rows, columns] = _mix(under, goal, part)


class _Lettering:
    """The words of a scene, prepared once and laid over every frame."""

    def __init__(self, scene: Scene) -> None:
        cover = _typeset(scene)
        half = cover[::2, ::2]
        self._spots = [np.flatnonzero(cover > 0), np.flatnonzero(half > 0)]
        self._cover = [_cover(cover.ravel()[self._spots[0]]), _cover(half.ravel()[self._spots[1]])]

    def put_on(self, planes: tuple[Plane, Plane, Plane]) -> None:
        for plane, goal, which in zip(planes, _WHITE, (0, 1, 1), strict=True):
            flat = plane.reshape(-1)
            under = flat[self._spots[which]]
            flat[self._spots[which]] = _mix(under, goal, self._cover[which])


def _typeset(scene: Scene) -> NDArray[np.float32]:
    """Coverage of all text over the whole frame, left-aligned, centred in height, footer at the bottom."""
    page = np.zeros((scene.height, scene.width), np.float32)
    size = min(scene.width, scene.height)
    margin = round(0.085 * size)
    column = scene.width - 2 * margin
    longest = max(scene.heading.split(), key=len, default="")
    blocks = [
        (scene.heading, _shrunk(longest, 0.072 * size, column), 2, 1.0, 0.05),
        (scene.words, max(_SMALLEST_CAP, round(0.043 * size)), 4, 0.9, 0.05),
        (scene.facts, _shrunk(scene.facts, 0.050 * size, column), 1, 1.0, 0.0),
    ]
    lines: list[tuple[NDArray[np.float32], float]] = []
    for text, cap, most, strength, after in blocks:
        lines += [(draw_line(line, cap) * strength, 0.0) for line in wrap(text, cap, column, most)]
        if lines:
            lines[-1] = (lines[-1][0], after * size)
    top = (scene.height - sum(mask.shape[0] + after for mask, after in lines)) / 2
    for mask, after in lines:
        _place(page, mask, round(top), margin)
        top += mask.shape[0] + after
    small = max(_SMALLEST_CAP, round(0.021 * size))
    bottom = scene.height - margin // 2
    for line in reversed(wrap(scene.footer, small, column, 2)):
        mask = draw_line(line, small) * 0.75
        bottom -= mask.shape[0]
        _place(page, mask, bottom, margin)
    return page


def _shrunk(text: str, cap_height: float, column: int) -> int:
    """The cap height at which ``text`` fits the column; at least half of what was wished for."""
    share = column / max(line_width(text, round(cap_height)), 1)
    return max(_SMALLEST_CAP, math.floor(cap_height * min(1.0, max(0.5, share * 0.99))))


def _place(page: NDArray[np.float32], mask: NDArray[np.float32], top: int, left: int) -> None:
    top = max(0, top)
    part = mask[: page.shape[0] - top, : page.shape[1] - left]
    spot = page[top : top + part.shape[0], left : left + part.shape[1]]
    np.maximum(spot, part, out=spot)
