"""Made-up clips that cost a coder about what footage does: a lit thing that turns over a soft, grainy ground."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = ["write_clip"]

_FPS = 24
_RATE = 48_000
_GRAIN = 3.0  # levels: what is left of a camera's noise after a clean grade


def write_clip(path: Path, seed: int, *, size: tuple[int, int], seconds: int) -> Path:
    """An H.264 and AAC clip of about 8 Mbit/s; the same for the same ``seed``."""
    width, height = size
    chance = np.random.default_rng(seed)
    ground = _soft_noise(chance, width + 64, height + 64)
    thing = _soft_noise(chance, width // 2, height // 2, detail=6)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=_FPS, options={"preset": "fast", "crf": "17", "threads": "1"})
        sound = container.add_stream("aac", rate=_RATE, layout="stereo")
        assert isinstance(video, VideoStream)
        assert isinstance(sound, AudioStream)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * _FPS):
            picture = _picture(chance, ground, thing, number, size)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(video.encode(frame.reformat(format="yuv420p")))
        container.mux(video.encode())
        at = np.arange(seconds * _RATE) / _RATE
        wave = 0.1 * np.sin(2 * np.pi * 220 * at) + 0.05 * chance.normal(size=at.size) * (1 + np.sin(3 * at))
        for start in range(0, at.size, 1024):
            piece = np.tile(wave[start : start + 1024].astype(np.float32), (2, 1))
            heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout="stereo")
            heard.sample_rate, heard.pts, heard.time_base = _RATE, start, Fraction(1, _RATE)
            container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return path


def _picture(
    chance: np.random.Generator,
    ground: NDArray[np.float32],
    thing: NDArray[np.float32],
    number: int,
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    width, height = size
    drift = number % 64
    page = ground[drift : drift + height, 64 - drift : 64 - drift + width].copy()
    turned = np.roll(thing, 3 * number, axis=1)
    rows, columns = thing.shape[:2]
    top, left = height // 4, width // 4 + round(width / 12 * np.sin(number / 20))
    page[top : top + rows, left : left + columns] = turned
    page += chance.normal(0, _GRAIN, page.shape[:2]).astype(np.float32)[..., None]
    return np.clip(page, 0, 255).astype(np.uint8)


def _soft_noise(chance: np.random.Generator, width: int, height: int, detail: int = 60) -> NDArray[np.float32]:
    small = chance.uniform(40, 220, (height // detail + 2, width // detail + 2, 3)).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(small, format="rgb24").reformat(width, height, interpolation="BICUBIC")
    picture: NDArray[np.float32] = frame.to_ndarray(format="rgb24").astype(np.float32)
    return picture
