"""Small real videos, good and bad, made with the same library that reads them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["Picture", "black", "make_video", "moving", "still"]

Picture = Callable[[int, int, int], NDArray[np.uint8]]
"""One frame: (frame number, width, height) to its brightness, height x width, or its colours, height x width x 3."""

_RATE = 24_000


def moving(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """A bright square that travels over a soft slope."""
    picture = (60 + np.linspace(0, 60, width) + np.linspace(0, 40, height)[:, None]).astype(np.uint8)
    side, at = height // 3, (number * 3) % width
    picture[side : 2 * side, at : at + side] = 230
    return picture


def still(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """The same picture every time."""
    return moving(7, width, height)


def black(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Nothing to see."""
    return np.full((height, width), 16, np.uint8)


def make_video(
    path: Path,
    picture: Picture = moving,
    *,
    width: int = 160,
    height: int = 90,
    seconds: float = 4,
    fps: int = 24,
    sound: float | None = 0.3,
    sound_seconds: float | None = None,
    faststart: bool = True,
    crf: int = 23,
    key_frame_every: int = 250,
    codec: str = "libx264",
    sound_codec: str = "aac",
    hertz: float = 440,
    layout: str = "mono",
) -> Path:
    """Write an MP4, H.264 and AAC if nothing else is asked for.

    ``sound`` is the loudness of a tone of ``hertz``, 0 for silence, None for no track; ``layout`` its channels.
    """
    with av.open(str(path), "w", options={"movflags": "faststart"} if faststart else {}) as container:
        options = {"preset": "veryfast", "crf": str(crf)} if codec == "libx264" else {}
        video = container.add_stream(codec, rate=fps, options=options)
        video.gop_size = key_frame_every
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = None if sound is None else container.add_stream(sound_codec, rate=_RATE, layout=layout)
        for number in range(round(seconds * fps)):
            container.mux(video.encode(_frame(picture(number, width, height), number, fps)))
        container.mux(video.encode())
        if audio is not None:
            for frame in _tone(sound or 0, sound_seconds or seconds, hertz, layout):
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def _frame(picture: NDArray[np.uint8], number: int, fps: int) -> av.VideoFrame:
    frame = (
        _grey(picture) if picture.ndim == 2 else av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
    )
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame


def _grey(luma: NDArray[np.uint8]) -> av.VideoFrame:
    height, width = luma.shape
    colour = np.full((height // 2, width), 128, np.uint8)
    colour[:, : width // 2] = 110
    return av.VideoFrame.from_ndarray(np.vstack([luma, colour]), format="yuv420p")


def _tone(loudness: float, seconds: float, hertz: float, layout: str) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, round(seconds * _RATE), 1024):
        wave = loudness * np.sin(np.arange(start, start + 1024) * 2 * np.pi * hertz / _RATE)
        channels = np.tile(wave.astype(np.float32), (av.AudioLayout(layout).nb_channels, 1))
        frame = av.AudioFrame.from_ndarray(channels, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = _RATE, start, Fraction(1, _RATE)
        frames.append(frame)
    return frames
