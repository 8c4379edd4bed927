"""Inspect a returned video: whether it is what was asked for, and can be shown."""

from __future__ import annotations

from pathlib import Path

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from reelmill.media.expectation import Expectation
from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus
from reelmill.media.frames import look_at_frames
from reelmill.media.judge import judge_facts, judge_seen
from reelmill.media.poster import to_jpeg
from reelmill.media.probe import UNREADABLE, opened, read_facts, stored_bytes, video_stream
from reelmill.settings import InspectDepth

__all__ = ["inspect_video"]

_MAX_BYTES = 1 << 30  # 8 s of 4k are a tenth of it
_LONGEST_EXTENDED_S = 180.0
_POSTER_AT = 1 / 3


def inspect_video(path: Path, expected: Expectation, depth: InspectDepth = InspectDepth.FULL) -> Inspection:
    """Look at the video file as closely as ``depth`` says.

    A bad video never raises, it gets findings; a missing file raises FileNotFoundError. The work is bounded in
    bytes, pixels, frames and seconds. 8 s of 720p cost about the time of decoding them on one core.
    """
    if depth is InspectDepth.OFF:
        return Inspection(status=InspectionStatus.SKIPPED)
    size = path.stat().st_size
    if size > _MAX_BYTES:
        return Inspection.of([Finding(FindingCode.TOO_LARGE, f"It has {size:,} bytes; {_MAX_BYTES:,} is the bound.")])
    try:
        with opened(path) as container:
            video = video_stream(container)
            if video is None:
                return _no_video("it holds no moving picture")
            return _inspect(container, video, expected, depth, size)
    except UNREADABLE as error:
        return _no_video("it is empty" if size == 0 else type(error).__name__)


def _inspect(
    container: InputContainer, video: VideoStream, expected: Expectation, depth: InspectDepth, size: int
) -> Inspection:
    facts = read_facts(container, video)
    findings = []
    if stored_bytes(container) > size:
        findings.append(Finding(FindingCode.TRUNCATED, f"It ends after {size:,} bytes, before all of its frames."))
    if depth is InspectDepth.HEADER:
        findings += judge_facts(facts, expected)
        return Inspection.of(findings, facts, _jpeg(_frame_near(container, video, _POSTER_AT * facts.duration_s)))
    longest_s = _LONGEST_EXTENDED_S if expected.longer_is_fine else 2 * expected.duration_s + 5
    seen = look_at_frames(container, video, longest_s=longest_s)
    if seen.frames == 0:
        findings.append(Finding(FindingCode.CORRUPT, "Not one of its frames can be decoded."))
    facts = seen.correct(facts)
    findings += [*judge_facts(facts, expected), *judge_seen(seen, expected)]
    return Inspection.of(findings, facts, _jpeg(seen.poster.frame))


def _frame_near(container: InputContainer, video: VideoStream, at_s: float) -> VideoFrame | None:
    """The key frame at or before ``at_s``, which costs no more than itself."""
    try:
        container.seek(int(at_s * 1_000_000))
        return next(iter(container.decode(video)), None)
    except UNREADABLE:
        return None


def _jpeg(frame: VideoFrame | None) -> bytes | None:
    try:
        return to_jpeg(frame) if frame else None
    except UNREADABLE:
        return None


def _no_video(why: str) -> Inspection:
    return Inspection.of([Finding(FindingCode.NOT_A_VIDEO, f"It cannot be opened as MP4 video: {why}.")])
