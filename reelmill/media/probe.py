"""The headers of a video file: what it says it is, before any frame is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from reelmill.media.findings import VideoFacts

__all__ = ["UNREADABLE", "audio_stream", "opened", "read_facts", "stored_bytes", "video_stream"]

# What PyAV raises for damaged bytes; anything else is our own mistake and must be seen.
UNREADABLE = (av.error.FFmpegError, ValueError, ArithmeticError, MemoryError, EOFError)

_MAX_PIXELS = 4096 * 4096  # beyond Veo's 4k; a forged header must not make us allocate gigabytes


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The MP4 at ``path``. Raises one of ``UNREADABLE`` for anything else.

    Only the MP4 reader is offered, and only local files: a text that calls itself a video cannot send
    FFmpeg to other addresses.
    """
    with av.open(
        str(path.resolve()),
        format="mp4",
        metadata_errors="replace",
        options={"protocol_whitelist": "file"},
    ) as container:
        yield container


def video_stream(container: InputContainer, *, every_pixel: bool = False) -> VideoStream | None:
    """The first moving picture in the file, ready to decode on this thread; None if there is none.

    ``every_pixel`` decodes pictures as they are meant to be shown; else some keep their blocks.
    """
    for stream in container.streams.video:
        if codec_name(stream) and stream.width and stream.height:
            stream.thread_count = 1  # clips are inspected side by side; one core each
            # Pictures that no other picture is built on go without deblocking: a sixth less time, and only
            # the poster would show it, which is never taken from those.
            deblocked = {} if every_pixel else {"skip_loop_filter": "noref"}
            stream.codec_context.options = {"max_pixels": str(_MAX_PIXELS), **deblocked}
            return stream
    return None


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The first sound in the file that we can decode; None if there is none."""
    return next((stream for stream in container.streams.audio if codec_name(stream)), None)


def codec_name(stream: Stream) -> str:
    """The name of the stream's codec, empty if FFmpeg does not know it."""
    context: CodecContext | None = stream.codec_context  # PyAV's types promise more than damaged files keep
    return context.name if context else ""


def read_facts(container: InputContainer, video: VideoStream) -> VideoFacts:
    """What the headers say. Length and rate are replaced by measured ones after a full look."""
    audio = audio_stream(container)
    return VideoFacts(
        width=video.width,
        height=video.height,
        fps=round(float(video.average_rate or 0), 3),
        duration_s=round(_seconds(container, video), 3),
        frames=video.frames,
        video_codec=codec_name(video),
        audio_codec=codec_name(audio) if audio else None,
    )


def stored_bytes(container: InputContainer) -> int:
    """How many bytes the file must have to hold every frame that its index promises; 0 without an index."""
    streams: list[Stream] = [*container.streams.video, *container.streams.audio]
    return max((entry.pos + entry.size for stream in streams for entry in stream.index_entries), default=0)


def _seconds(container: InputContainer, video: VideoStream) -> float:
    if video.duration is not None and video.time_base is not None:
        return float(video.duration * video.time_base)
    return (container.duration or 0) / 1_000_000
