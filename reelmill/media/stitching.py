"""Stitching: the videos of a film's scenes become one video, each decoded once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from reelmill.media.binding import bind, encode_sound
from reelmill.media.coded import Coded, read_coded
from reelmill.media.encoder import CEILING_KBPS, PictureEncoder, Rate
from reelmill.media.frames import Seen, look_at_frames
from reelmill.media.framing import Framing
from reelmill.media.joining import PictureJoiner, joined_sound, levelled_alike
from reelmill.media.loudness import RATE, Loudness, Samples
from reelmill.media.making import FAILURES
from reelmill.media.probe import opened, video_stream
from reelmill.media.sound_track import own_sound
from reelmill.platforms import Fit

__all__ = ["stitch"]

# The film is coded again for most platforms, so this coding must not show: more bits than any of them gets.
_RATE = Rate(crf=14, ceiling_kbps=2 * CEILING_KBPS)
_SOUND_KBPS = 256
_LONGEST_SCENE_S = 60.0


def stitch(scenes: Sequence[Path], target: Path, *, crossfade_s: float, sound: bool, record: str = "") -> float:
    """Write the film of these videos (MP4, at least one) to ``target``; its length in seconds.

    One video alone is taken as it is, without being coded again. Size and frame rate are those of the first.
    ``crossfade_s`` seconds of two neighbours overlap, 0 makes cuts. With ``sound`` scenes are brought to one loudness,
    and one without any is silent. ``record`` is where the film's record will lie; the file names it. Raises what PyAV
    raises, ValueError for scenes that do not go together, and OSError.
    """
    first = read_coded(scenes[0])
    if len(scenes) == 1:
        track = scenes[0] if sound and first.facts.audio_codec else None
        bind(scenes[0], track, target, tags=first.tags, record=record)
        return first.facts.duration_s
    fps = Fraction(first.facts.fps or 24).limit_denominator(1001)
    folder = target.parent
    pictures, track = folder / "film-pictures.mp4", folder / "film-sound.mp4"
    encoder = PictureEncoder(pictures, _RATE, fps=fps)
    framing = Framing(first.facts.width, first.facts.height, Fit.CROP)
    joiner = PictureJoiner(encoder, framing, fps, fade=round(crossfade_s * fps))
    try:
        heard = [_heard(path, joiner, first, sound=sound) for path in scenes]
        joiner.close()
    except FAILURES:
        encoder.abandon()
        raise
    if sound:
        alike = levelled_alike(heard)
        encode_sound(joined_sound(alike, round(joiner.fade / fps * RATE)), track, kbps=_SOUND_KBPS)
    bind(pictures, track if sound else None, target, tags=first.tags, record=record)
    for path in (pictures, track):
        path.unlink(missing_ok=True)
    return float((sum(joiner.frames) - joiner.fade * (len(scenes) - 1)) / fps)


def _heard(path: Path, joiner: PictureJoiner, first: Coded, *, sound: bool) -> tuple[Samples, Loudness | None]:
    """Give a scene's frames to the joiner; its sound, exactly as long as they are."""
    joiner.begin_scene()
    with opened(path) as container:
        video = video_stream(container, every_pixel=True)
        if video is None:
            raise ValueError(f"{path.name} holds no moving picture")
        if round(float(video.average_rate or 0)) != round(first.facts.fps):
            raise ValueError(f"{path.name} has another frame rate than the scene before")
        seen = look_at_frames(container, video, longest_s=_LONGEST_SCENE_S, sink=joiner)
    if seen.trouble:
        raise ValueError(f"{path.name}: {seen.trouble[0].message}")
    length = round(joiner.frames[-1] / joiner.fps * RATE)
    return _as_long(seen, length) if sound else np.zeros((2, 0), dtype=np.float32), seen.loudness


def _as_long(seen: Seen, length: int) -> Samples:
    if seen.sound is None:
        return np.zeros((2, length), dtype=np.float32)
    samples = own_sound(seen)[:, :length]
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1])))
