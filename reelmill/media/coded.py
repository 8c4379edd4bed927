"""How a file is coded, as far as it decides whether a platform takes it; read from its headers and index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from av.stream import Stream

from reelmill.media.findings import VideoFacts
from reelmill.media.probe import audio_stream, opened, read_facts, video_stream

__all__ = ["Coded", "read_coded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Bytes of the file, kilobits a second of each stream (0 without it), and the tags of the container.

    ``first_s`` is where its pictures begin.
    """

    facts: VideoFacts
    size: int
    pixel_format: str
    profile: str
    video_kbps: float
    audio_kbps: float
    audio_hz: int
    audio_channels: int
    first_s: float
    tags: Mapping[str, str]


def read_coded(path: Path) -> Coded:
    """Look at the headers of an MP4. Raises one of ``UNREADABLE``."""
    with opened(path) as container:
        video, audio = video_stream(container), audio_stream(container)
        if video is None:
            raise ValueError(f"{path.name} holds no moving picture")
        facts = read_facts(container, video)
        return Coded(
            facts=facts,
            size=path.stat().st_size,
            pixel_format=video.pix_fmt or "",
            profile=video.profile or "",
            video_kbps=_kbps(video, facts.duration_s),
            audio_kbps=_kbps(audio, facts.duration_s) if audio else 0.0,
            audio_hz=audio.rate if audio else 0,
            audio_channels=audio.layout.nb_channels if audio else 0,
            first_s=float((video.start_time or 0) * (video.time_base or 0)),
            tags={str(name): str(text) for name, text in container.metadata.items()},
        )


def _kbps(stream: Stream, seconds: float) -> float:
    return sum(entry.size for entry in stream.index_entries) * 8 / 1000 / seconds if seconds > 0 else 0.0
