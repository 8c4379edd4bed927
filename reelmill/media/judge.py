"""Compare what a video is with what was asked for. Pure: numbers in, findings out."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.media.expectation import Expectation
from reelmill.media.findings import Finding, FindingCode, VideoFacts
from reelmill.media.frames import Seen
from reelmill.media.likeness import Likeness
from reelmill.media.loudness import Loudness
from reelmill.media.sound import Sound
from reelmill.media.thresholds import (
    AUDIO_SHORT_S,
    BLACK_STRETCH_S,
    CLIPPED_LEAST_S,
    DURATION_OFF_S,
    DURATION_WRONG_S,
    FPS_OFF,
    FROZEN_STRETCH_S,
    LIKENESS_LOST,
    LIKENESS_SEEN,
    LOST_LEAST_S,
    QUIET_LUFS,
    SILENT_PEAK,
    SILENT_STRETCH_S,
    WHOLE,
)

__all__ = ["judge_facts", "judge_seen"]


def judge_facts(facts: VideoFacts, expected: Expectation) -> Iterator[Finding]:
    """Size, length, frame rate, coding and sound, as far as headers or measurements tell."""
    if (facts.width, facts.height) != (expected.width, expected.height):
        yield _wrong_size(facts.width, facts.height, expected, 0.0)
    yield from _duration(facts.duration_s, expected)
    if abs(facts.fps - expected.fps) > FPS_OFF:
        yield Finding(FindingCode.FRAME_RATE, f"It has {facts.fps:g} frames a second instead of {expected.fps:g}.")
    yield from _codecs(facts)
    if expected.audio and facts.audio_codec is None:
        yield Finding(FindingCode.NO_AUDIO, "It has no sound, which was asked and paid for.")
    if not expected.audio and facts.audio_codec is not None:
        yield Finding(FindingCode.AUDIO_NOT_ASKED, "It has sound that was not asked for.")


def _codecs(facts: VideoFacts) -> Iterator[Finding]:
    found = (("pictures are", facts.video_codec, "h264", "H.264"), ("sound is", facts.audio_codec, "aac", "AAC"))
    for what, codec, wanted, name in found:
        if codec not in (None, wanted):
            words = (
                f"Its {what} coded as {codec[:20]}, not as {name}, and may not play everywhere: "
                "hand over the files made for platforms, which are, or have it made anew."
            )
            yield Finding(FindingCode.WRONG_CODEC, words)


def judge_seen(seen: Seen, expected: Expectation) -> Iterator[Finding]:
    """What only a full look finds: damage, blackness, stillness, silence, a size that changes."""
    yield from seen.trouble
    changed = [(size, at_s) for size, at_s in seen.sizes.items() if at_s > seen.first_s]
    for (width, height), at_s in changed[:1]:
        yield _wrong_size(width, height, expected, round(at_s, 3))
    yield from _pictures(seen)
    if seen.likeness is not None:
        yield from _likeness(seen.likeness, seen.duration_s)
    if seen.sound and expected.audio:
        yield from _sound(seen.sound, seen.duration_s, seen.loudness)


def _duration(seconds: float, expected: Expectation) -> Iterator[Finding]:
    off = seconds - expected.duration_s
    if abs(off) <= DURATION_OFF_S or (off > 0 and expected.longer_is_fine):
        return
    code = FindingCode.WRONG_DURATION if abs(off) > DURATION_WRONG_S else FindingCode.DURATION_OFF
    yield Finding(code, f"It lasts {seconds:.2f} s instead of {expected.duration_s:g} s.")


def _pictures(seen: Seen) -> Iterator[Finding]:
    if seen.frames == 0:
        return
    if seen.black.total_s() >= WHOLE * seen.duration_s:
        yield Finding(FindingCode.BLACK, "It is black from beginning to end.", round(seen.first_s, 3))
        return
    for stretch in seen.black.lasting(BLACK_STRETCH_S):
        words = f"It is black for {stretch.seconds:.1f} s."
        yield Finding(FindingCode.BLACK_STRETCH, words, round(stretch.start_s, 3))
    if seen.frozen.total_s(FROZEN_STRETCH_S) >= WHOLE * seen.duration_s:
        yield Finding(FindingCode.FROZEN, "Nothing moves from beginning to end.", round(seen.first_s, 3))
        return
    for stretch in seen.frozen.lasting(FROZEN_STRETCH_S):
        words = f"Nothing moves for {stretch.seconds:.1f} s."
        yield Finding(FindingCode.FROZEN_STRETCH, words, round(stretch.start_s, 3))
    if bars := seen.bars.found().words:
        yield Finding(FindingCode.LETTERBOX, f"It has black bars {bars}.", round(seen.first_s, 3))


def _likeness(likeness: Likeness, duration_s: float) -> Iterator[Finding]:
    if likeness.score < LIKENESS_LOST:
        words = f"The colours of its product are hardly to be seen: {likeness.score:.0%} of those of its picture."
        yield Finding(FindingCode.UNLIKE_PRODUCT, words, likeness.looks[0][0])
        return
    lost = likeness.lost_at(LIKENESS_LOST)
    there = max(share for _, share in likeness.looks) >= LIKENESS_SEEN
    if lost is not None and there and duration_s - lost >= LOST_LEAST_S:
        yield Finding(FindingCode.UNLIKE_PRODUCT, "The colours of its product are lost from here on.", lost)


def _sound(sound: Sound, video_s: float, loudness: Loudness | None) -> Iterator[Finding]:
    if sound.peak < SILENT_PEAK:
        yield Finding(FindingCode.SILENT, "Its sound is silence.")
        return
    for stretch in sound.silence.lasting(SILENT_STRETCH_S):
        words = f"Nothing is heard for {stretch.seconds:.1f} s."
        yield Finding(FindingCode.SILENT_STRETCH, words, round(stretch.start_s, 3))
    if sound.clipped_at_s is not None and sound.clipped_s >= CLIPPED_LEAST_S:
        words = f"Its sound is cut off at full scale for {1000 * sound.clipped_s:.0f} ms in all."
        yield Finding(FindingCode.CLIPPED, words, round(sound.clipped_at_s, 3))
    if loudness is not None and loudness.lufs < QUIET_LUFS:
        words = f"Its sound is very quiet ({loudness.lufs:.1f} LUFS): made as loud as platforms want, it would hiss."
        yield Finding(FindingCode.QUIET, words)
    if sound.seconds < video_s - AUDIO_SHORT_S:
        words = f"Its sound ends after {sound.seconds:.1f} s of {video_s:.1f} s."
        yield Finding(FindingCode.AUDIO_SHORT, words, round(sound.seconds, 3))


def _wrong_size(width: int, height: int, expected: Expectation, at_s: float) -> Finding:
    words = f"It is {width} x {height} pixels instead of {expected.width} x {expected.height}."
    return Finding(FindingCode.WRONG_SIZE, words, at_s)
