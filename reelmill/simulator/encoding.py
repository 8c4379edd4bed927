"""Frames to MP4 bytes (H.264, AAC) with PyAV, and a look into media that came with a request.

A loop of frames is encoded once and its packets repeated to the asked length: a fresh 8-second 720p video
costs a quarter of what encoding all of its frames would.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = ["FPS", "encode", "free_box", "read_square", "read_still", "video_seconds"]

FPS = 24
_RATE = 48_000
_SAMPLES = 1024  # in one AAC frame
_X264 = {"preset": "ultrafast", "x264-params": "scenecut=0:keyint=10000", "threads": "1"}
_SOUND_PACKETS = 47  # about a second
_CHORD = (220.0, 277.18, 329.63)  # a quiet A major, in hertz


def encode(loop: Iterable[NDArray[np.uint8]], *, width: int, height: int, frames: int, audio: bool, crf: int) -> bytes:
    """An MP4 of exactly ``frames`` frames that repeats ``loop`` (YUV 4:2:0 arrays, BT.709).

    ``crf`` is x264's measure of coarseness, 0 to 51.
    """
    with tempfile.TemporaryDirectory(prefix="reelmill-simulator-") as folder:
        path = Path(folder) / "video.mp4"
        # A real file, because the index is moved to the front, where a browser wants it.
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            picture = container.add_stream("libx264", rate=FPS, options={**_X264, "crf": str(crf)})
            assert isinstance(picture, VideoStream)
            picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
            picture.codec_context.time_base = Fraction(1, FPS)
            picture.codec_context.colorspace = Colorspace.ITU709
            picture.codec_context.color_range = ColorRange.MPEG
            sound = container.add_stream("aac", rate=_RATE, layout="stereo") if audio else None
            container.start_encoding()
            packets = _encode_loop(picture, loop)
            for number in range(frames):
                container.mux_one(_packet(packets[number % len(packets)], picture, number, 1, Fraction(1, FPS)))
            if isinstance(sound, AudioStream):
                _mux_sound(container, sound, frames)
        return path.read_bytes()


def free_box(text: str) -> bytes:
    """An MP4 box that players skip; appended, it makes a copied video's bytes unique."""
    payload = text.encode()
    return struct.pack(">I4s", 8 + len(payload), b"free") + payload


def read_still(data: bytes, width: int, height: int) -> NDArray[np.uint8] | None:
    """An image (or a video's first frame) as YUV 4:2:0, scaled into the frame and padded; None if there is none."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            frame = next(container.decode(video=0))
    except (av.FFmpegError, StopIteration, ValueError, IndexError):
        return None
    scale = min(width / frame.width, height / frame.height)
    inner_width, inner_height = (max(4, int(side * scale) // 4 * 4) for side in (frame.width, frame.height))
    scaled = frame.reformat(inner_width, inner_height, "yuv420p", dst_colorspace=Colorspace.ITU709)
    inner = cast("NDArray[np.uint8]", scaled.to_ndarray())
    page = np.full((height * 3 // 2, width), 128, np.uint8)
    page[:height] = 40
    for (outer, piece), divisor in zip(_plane_pairs(page, inner, height, inner_height), (1, 2, 2), strict=True):
        top, left = (height - inner_height) // 2 // divisor, (width - inner_width) // 2 // divisor
        outer[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
    return page


def read_square(data: bytes, side: int) -> NDArray[np.uint8] | None:
    """The middle square of an image as YUV 4:4:4, three planes of ``side`` pixels; None if it is no image."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            frame = next(container.decode(video=0))
    except (av.FFmpegError, StopIteration, ValueError, IndexError):
        return None
    share = side / min(frame.width, frame.height)
    width, height = (max(side, round(length * share)) for length in (frame.width, frame.height))
    scaled = frame.reformat(width, height, "yuv444p", dst_colorspace=Colorspace.ITU709)
    planes = cast("NDArray[np.uint8]", scaled.to_ndarray())
    top, left = (height - side) // 2, (width - side) // 2
    return planes[:, top : top + side, left : left + side]


def video_seconds(data: bytes) -> float | None:
    """The length of a video in seconds; None if it is no video."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.video or container.duration is None:
                return None
            return container.duration / 1_000_000
    except (av.FFmpegError, ValueError):
        return None


def _plane_pairs(
    page: NDArray[np.uint8], inner: NDArray[np.uint8], height: int, inner_height: int
) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    pairs = []
    for frame, rows in ((page, height), (inner, inner_height)):
        width, quarter = frame.shape[1], rows // 4
        chroma = [frame[at : at + quarter].reshape(rows // 2, width // 2) for at in (rows, rows + quarter)]
        pairs.append([frame[:rows], *chroma])
    return list(zip(*pairs, strict=True))


def _encode_loop(stream: VideoStream, loop: Iterable[NDArray[np.uint8]]) -> list[tuple[bytes, bool]]:
    packets: list[Packet[Any]] = []
    frame = VideoFrame(stream.width, stream.height, "yuv420p")  # one for all: x264 takes a copy of what it is given
    for number, pixels in enumerate(loop):
        _fill(frame, pixels)
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def _fill(frame: VideoFrame, pixels: NDArray[np.uint8]) -> None:
    at = 0
    flat = pixels.reshape(-1)
    for plane in frame.planes:
        size = plane.width * plane.height
        writable = cast("bytearray", plane)  # a plane gives its memory away, which its type stub does not say
        lines = np.frombuffer(writable, np.uint8).reshape(plane.height, plane.line_size)
        lines[:, : plane.width] = flat[at : at + size].reshape(plane.height, plane.width)
        at += size


def _packet(
    coded: tuple[bytes, bool], stream: VideoStream | AudioStream, at: int, length: int, base: Fraction
) -> Packet[Any]:
    packet: Packet[Any] = Packet(coded[0])
    packet.stream = stream
    packet.time_base = base
    packet.pts = packet.dts = at
    packet.duration = length
    packet.is_keyframe = coded[1]
    return packet


def _mux_sound(container: OutputContainer, stream: AudioStream, frames: int) -> None:
    loop = _sound_loop()
    number, start = 0, -_SAMPLES  # the first packet primes the decoder
    while start < frames * _RATE // FPS:
        container.mux_one(_packet((loop[number % len(loop)], True), stream, start, _SAMPLES, Fraction(1, _RATE)))
        number, start = number + 1, start + _SAMPLES


@lru_cache(maxsize=1)
def _sound_loop() -> tuple[bytes, ...]:
    """AAC packets of about a second of a soft chord that fits its own beginning, so that they can be repeated."""
    length = _SOUND_PACKETS * _SAMPLES
    turn = 2 * np.pi * np.arange(3 * length) / length  # whole turns in the loop are what makes it seamless
    wave = sum(np.sin(round(hertz * length / _RATE) * turn) for hertz in _CHORD) * (0.05 + 0.02 * np.sin(turn))
    stereo = np.stack([wave, wave]).astype(np.float32)
    context = av.CodecContext.create("aac", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = _RATE, av.AudioLayout("stereo"), av.AudioFormat("fltp")
    context.bit_rate = 96_000
    context.options = {"aac_coder": "fast"}
    coded: list[Packet[Any]] = []
    for start in range(0, stereo.shape[1], _SAMPLES):
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(stereo[:, start : start + _SAMPLES]), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = _RATE, start
        coded += context.encode(frame)
    # The middle of three rounds: its neighbours on both sides are the loop itself.
    return tuple(bytes(packet) for packet in coded[_SOUND_PACKETS : 2 * _SOUND_PACKETS])
