"""Inspect a returned video: whether it is what was asked for, and can be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from reelmill.media.ai_mark import marked_jpeg
from reelmill.media.expectation import Expectation
from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus, VideoFacts
from reelmill.media.frames import FrameSink, Seen, look_at_frames
from reelmill.media.judge import judge_facts, judge_seen
from reelmill.media.policy import Policy
from reelmill.media.poster import to_jpeg
from reelmill.media.probe import UNREADABLE, opened, read_facts, stored_bytes, video_stream
from reelmill.media.product_picture import ProductPicture
from reelmill.settings import InspectDepth

__all__ = ["Outputs", "inspect_video"]

_MAX_BYTES = 1 << 30  # 8 s of 4k are a tenth of it
_MAX_BYTES_S = 4_000_000  # of full HD, in proportion: a long film of ours has up to three quarters of it
_FULL_HD = 1080 * 1920
_LONGEST_EXTENDED_S = 180.0
_POSTER_AT = 1 / 3


class Outputs(FrameSink, Protocol):
    """What is made of a video while it is looked at."""

    def begin(self, facts: VideoFacts) -> None:
        """Its headers promise this. Not called for a video that is rejected by them alone."""
        ...

    def end(self, seen: Seen) -> None:
        """All of it was seen and heard."""
        ...


def inspect_video(
    path: Path,
    expected: Expectation,
    depth: InspectDepth = InspectDepth.FULL,
    *,
    policy: Policy | None = None,
    outputs: Outputs | None = None,
    product: ProductPicture | None = None,
) -> Inspection:
    """Look at the video file as closely as ``depth`` says; a full look makes ``outputs`` from the same decode.

    A full look also says how like ``product`` it looks.

    A bad video never raises, it gets findings; a missing file raises FileNotFoundError. The work is bounded in
    bytes, pixels, frames and seconds. 8 s of 720p cost about the time of decoding them on one core.
    """
    policy = policy or Policy()
    if depth is InspectDepth.OFF:
        return Inspection(status=InspectionStatus.SKIPPED)
    size = path.stat().st_size
    most = max(_MAX_BYTES, round(expected.duration_s * _MAX_BYTES_S * expected.width * expected.height / _FULL_HD))
    if size > most:
        words = f"It has {size:,} bytes; {most:,} is the bound."
        return policy.judged([Finding(FindingCode.TOO_LARGE, words)])
    try:
        with opened(path) as container:
            video = video_stream(container, every_pixel=outputs is not None)
            if video is None:
                return _no_video("it holds no moving picture", policy)
            return _Look(path, container, video, expected, policy, size, outputs, product).inspection(depth)
    except UNREADABLE as error:
        return _no_video("it is empty" if size == 0 else type(error).__name__, policy)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at an opened video."""

    path: Path
    container: InputContainer
    video: VideoStream
    expected: Expectation
    policy: Policy
    size: int
    outputs: Outputs | None
    product: ProductPicture | None

    def inspection(self, depth: InspectDepth) -> Inspection:
        facts = read_facts(self.container, self.video)
        cut_off = stored_bytes(self.container) > self.size
        words = f"It ends after {self.size:,} bytes, before all of its frames."
        findings = [Finding(FindingCode.TRUNCATED, words)] if cut_off else []
        if depth is InspectDepth.FULL:
            return self._full(facts, findings)
        findings += judge_facts(facts, self.expected)
        poster = _jpeg(_frame_near(self.container, self.video, _POSTER_AT * facts.duration_s))
        return self.policy.judged(findings, facts, poster)

    def _full(self, facts: VideoFacts, findings: list[Finding]) -> Inspection:
        promised = [*findings, *judge_facts(facts, self.expected)]
        if self.outputs is None or self.policy.status(promised) is not InspectionStatus.FAIL:
            return self.whole(facts, findings, self.outputs)
        inspection = self.whole(facts, findings, None)
        if inspection.facts is None or inspection.status is InspectionStatus.FAIL:
            return inspection
        # The headers lied, and it is fit: a second look is better than no files and no word.
        with opened(self.path) as container:  # seeking in what is damaged is not safe
            video = video_stream(container, every_pixel=True)
            if video is None:
                return inspection
            again = replace(self, container=container, video=video)
            return again.whole(inspection.facts, findings, self.outputs)

    def whole(self, facts: VideoFacts, known: list[Finding], outputs: Outputs | None) -> Inspection:
        expected, findings = self.expected, list(known)
        if outputs is not None:
            outputs.begin(facts)
        longest_s = _LONGEST_EXTENDED_S if expected.longer_is_fine else 2 * expected.duration_s + 5
        seen = look_at_frames(self.container, self.video, longest_s=longest_s, sink=outputs, product=self.product)
        if seen.frames == 0:
            findings.append(Finding(FindingCode.CORRUPT, "Not one of its frames can be decoded."))
        facts = seen.correct(facts)
        findings += [*judge_facts(facts, expected), *judge_seen(seen, expected)]
        if outputs is not None:
            outputs.end(seen)
        return self.policy.judged(findings, facts, _jpeg(seen.poster.frame), seen.loudness, seen.likeness)


def _frame_near(container: InputContainer, video: VideoStream, at_s: float) -> VideoFrame | None:
    """The key frame at or before ``at_s``, which costs no more than itself."""
    try:
        container.seek(int(at_s * 1_000_000))
        return next(iter(container.decode(video)), None)
    except UNREADABLE:
        return None


def _jpeg(frame: VideoFrame | None) -> bytes | None:
    try:
        return marked_jpeg(to_jpeg(frame)) if frame else None
    except UNREADABLE:
        return None


def _no_video(why: str, policy: Policy) -> Inspection:
    return policy.judged([Finding(FindingCode.NOT_A_VIDEO, f"It cannot be opened as MP4 video: {why}.")])
