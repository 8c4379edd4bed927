"""Bind coded pictures and coded sound into one MP4, without coding them again, with the mark of AI."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from reelmill.media.ai_mark import append_xmp, marked
from reelmill.media.loudness import LAYOUT, RATE, Samples, as_frames
from reelmill.media.probe import audio_stream, opened, video_stream

__all__ = ["bind", "encode_sound"]

_AAC_SAMPLES = 1024


def encode_sound(samples: Samples, path: Path, *, kbps: int) -> None:
    """Write the samples as AAC into a file of sound alone."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout=LAYOUT)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = kbps * 1000
        for frame in as_frames(samples, _AAC_SAMPLES):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def bind(
    pictures: Path,
    sound: Path | None,
    target: Path,
    *,
    tags: Mapping[str, str] | None = None,
    record: str = "",
    edit_lists: bool = True,
) -> None:
    """Write ``target`` with the first pictures of one file and the first sound of another (or the same).

    ``tags`` are those of the paid clip, to be kept; ``record`` is where the record of the file lies. Its index comes
    first, so that it plays while it loads. Without ``edit_lists`` the piece of sound that its coder warms up with is
    left out, which blurs the first 21 ms.
    Raises what PyAV raises.
    """
    flags = "+faststart+use_metadata_tags" + ("" if edit_lists else "+negative_cts_offsets")
    options = {"movflags": flags, **({} if edit_lists else {"use_editlist": "0"})}
    with ExitStack() as files:
        container = files.enter_context(av.open(str(target), "w", format="mp4", options=options))
        container.metadata.update(marked(tags or {}, record))
        sources = [_Source(files, container, pictures, "video", keep_negative=edit_lists)]
        if sound is not None:
            sources.append(_Source(files, container, sound, "audio", keep_negative=edit_lists))
        for _, _, packet in heapq.merge(*(source.packets(number) for number, source in enumerate(sources))):
            container.mux(packet)
    append_xmp(target)


class _Source:
    """One stream of one file on its way into another file."""

    def __init__(
        self, files: ExitStack, container: OutputContainer, path: Path, kind: str, *, keep_negative: bool
    ) -> None:
        self._input = files.enter_context(opened(path))
        stream = video_stream(self._input) if kind == "video" else audio_stream(self._input)
        if stream is None:
            raise ValueError(f"{path.name} has no {kind}")
        self._stream: Stream = stream
        self._target = container.add_stream_from_template(stream)
        self._keep_negative = keep_negative or kind == "video"

    def packets(self, number: int) -> Iterator[tuple[float, int, Packet[Any]]]:
        """Its packets with their time of decoding in seconds, and ``number``, which tells equal times apart."""
        base = self._stream.time_base or Fraction(1, RATE)
        for packet in self._input.demux(self._stream):
            if packet.dts is None:
                continue
            if not self._keep_negative and packet.pts is not None and packet.pts < 0:
                continue
            dts_s = float(packet.dts * base)
            packet.stream = self._target
            yield dts_s, number, packet
