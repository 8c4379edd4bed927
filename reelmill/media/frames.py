"""A full look at a video: every frame and every sound decoded once, in one pass."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Protocol

from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from reelmill.media.bars import BarsSeen
from reelmill.media.findings import Finding, FindingCode, VideoFacts
from reelmill.media.likeness import Likeness, LikenessWatch
from reelmill.media.loudness import Loudness
from reelmill.media.luma import is_full_range, sampled
from reelmill.media.poster import PosterChoice
from reelmill.media.probe import UNREADABLE, audio_stream
from reelmill.media.product_picture import ProductPicture
from reelmill.media.sound import Sound
from reelmill.media.stretches import Luma, Stretches, is_black, is_still

__all__ = ["FrameSink", "Seen", "look_at_frames"]

_MAX_FPS = 60
_SETTLES = 6  # frames in which an encoder refines a still picture after a key frame
_MAX_SECONDS = 120.0  # of this thread's processor time, whatever else the machine does
_MAX_MAKING_SECONDS = 1800.0  # with every frame encoded for several platforms


class FrameSink(Protocol):
    """Takes every frame of a video in order, once, as it is decoded. It must not change a frame, and never raises."""

    def take(self, frame: VideoFrame, at_s: float, luma: Luma) -> None:
        """The next frame, where it is shown (seconds), and its sampled brightness."""
        ...


@dataclass(slots=True)
class Seen:
    """What was seen, frame by frame."""

    poster: PosterChoice
    frame_s: float
    frames: int = 0
    first_s: float = 0.0
    end_s: float = 0.0
    sizes: dict[tuple[int, int], float] = field(default_factory=dict)  # size -> where it first appears
    black: Stretches = field(default_factory=Stretches)
    frozen: Stretches = field(default_factory=Stretches)
    bars: BarsSeen = field(default_factory=BarsSeen)
    sound: Sound | None = None
    loudness: Loudness | None = None
    watch: LikenessWatch | None = None
    sink: FrameSink | None = None
    trouble: list[Finding] = field(default_factory=list)
    _still_of: Luma | None = None
    _since_key: int = 0

    def see(self, frame: VideoFrame) -> None:
        """Add the next frame."""
        at_s = frame.time if frame.pts is not None else self.end_s
        if self.frames == 0:
            self.first_s = at_s
        start_s, self.end_s = self.end_s if self.frames else at_s, at_s + self.frame_s
        self.frames += 1
        self.sizes.setdefault((frame.width, frame.height), at_s)
        luma = sampled(frame)
        full_range = is_full_range(frame)
        black = is_black(luma, full_range=full_range)
        self.bars.see(luma, full_range=full_range)
        self.black.add(start_s=at_s, end_s=self.end_s, holds=black)
        self._since_key = 0 if frame.key_frame else self._since_key + 1
        settling = self._since_key < _SETTLES
        still = self._still_of is not None and is_still(luma, self._still_of, settling=settling)
        self.frozen.add(start_s=start_s - self.frame_s, end_s=self.end_s, holds=still)
        if not still or settling:
            self._still_of = luma  # compare with where a stretch began, so that a slow move counts as one
        self.poster.offer(frame, at_s - self.first_s, black=black)
        if self.watch is not None:
            self.watch.see(frame, at_s - self.first_s)
        if frame.is_corrupt:
            self.trip(FindingCode.CORRUPT, "A frame is damaged.")
        if self.sink is not None:
            self.sink.take(frame, at_s - self.first_s, luma)

    def trip(self, code: FindingCode, message: str) -> None:
        """Note what went wrong here; once per kind is enough."""
        if all(finding.code is not code for finding in self.trouble):
            self.trouble.append(Finding(code, message, round(self.end_s, 3)))

    @property
    def likeness(self) -> Likeness | None:
        """How like its product it looks; None if it was not compared."""
        return self.watch.likeness() if self.watch is not None else None

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return self.end_s - self.first_s

    def correct(self, facts: VideoFacts) -> VideoFacts:
        """The facts with what was measured instead of what the headers say."""
        if self.frames < 2:  # noqa: PLR2004 - a rate needs two frames
            return replace(facts, frames=self.frames)
        rate = (self.frames - 1) / max(self.duration_s - self.frame_s, 1e-9)
        return replace(facts, frames=self.frames, duration_s=round(self.duration_s, 3), fps=round(rate, 3))


def look_at_frames(
    container: InputContainer,
    video: VideoStream,
    *,
    longest_s: float,
    sink: FrameSink | None = None,
    product: ProductPicture | None = None,
) -> Seen:
    """Decode everything, up to ``longest_s`` seconds of video. Damage becomes trouble, never an error.

    ``sink`` gets every frame; with one, the samples of the sound are kept too. ``product`` is looked for in some.
    """
    duration_s = float(video.duration * video.time_base) if video.duration and video.time_base else longest_s
    seen = Seen(poster=PosterChoice(duration_s), frame_s=float(1 / (video.average_rate or 24)), sink=sink)
    if product is not None:
        seen.watch = LikenessWatch(product, duration_s)
    audio = audio_stream(container)
    if audio:
        seen.sound = Sound(keep_s=longest_s if sink is not None else 0.0)
    most_s = _MAX_SECONDS if sink is None else _MAX_MAKING_SECONDS
    give_up = time.thread_time() + most_s
    wanted: list[Stream] = [video, *([audio] if audio else [])]
    try:
        for packet in container.demux(wanted):
            _take(packet, seen)
            if seen.frames > longest_s * _MAX_FPS or seen.duration_s > longest_s:
                seen.trip(FindingCode.WRONG_DURATION, f"It goes on beyond {longest_s:g} s.")
                break
            if time.thread_time() > give_up:
                seen.trip(FindingCode.UNFINISHED, f"Looking at it took more than {most_s:g} s.")
                break
    except UNREADABLE as error:
        seen.trip(FindingCode.CORRUPT, f"It cannot be read on from here ({type(error).__name__}).")
    if seen.sound is not None:
        seen.loudness = seen.sound.loudness()
    return seen


def _take(packet: Packet[Stream], seen: Seen) -> None:
    """Decode one packet; a damaged one costs its own frames only."""
    if packet.is_corrupt:
        seen.trip(FindingCode.CORRUPT, "A packet is damaged or cut off.")
    try:
        frames = packet.decode()
    except EOFError:  # the flush after the last packet of a stream that ended early
        return
    except UNREADABLE as error:
        seen.trip(FindingCode.CORRUPT, f"It does not decode here ({type(error).__name__}).")
        return
    for frame in frames:
        if isinstance(frame, VideoFrame):
            seen.see(frame)
        elif isinstance(frame, AudioFrame) and seen.sound:
            seen.sound.hear(frame)
