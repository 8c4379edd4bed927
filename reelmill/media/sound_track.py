"""The sound of each rendition: levelled once for every loudness and rate that platforms ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reelmill.media.binding import encode_sound
from reelmill.media.coded import Coded
from reelmill.media.frames import Seen
from reelmill.media.levelling import CLOSE_LU, levelled
from reelmill.media.loudness import RATE, Loudness, LoudnessMeter, Samples, loudness_of
from reelmill.media.music import mixed, read_music
from reelmill.media.order import Order
from reelmill.media.probe import audio_stream, opened
from reelmill.media.rules import begins_at_once, sound_fits
from reelmill.platforms import Platform

__all__ = ["SoundTracks", "Track", "loudness_in", "own_sound"]

_KBPS = 128
_CORRECTIONS = 2
_OVERHANG_S = 0.1  # sound ends with a whole packet of its coder's


@dataclass(frozen=True, slots=True)
class Track:
    """A file whose first sound is the track's (None: silent), how loud that is, and whether peaks were held down."""

    path: Path | None = None
    loudness: Loudness | None = None
    limited: bool = False


@dataclass(slots=True)
class SoundTracks:
    """Makes the tracks of one video's renditions."""

    order: Order
    coded: Coded
    seen: Seen
    _made: dict[tuple[object, ...], Track] = field(default_factory=dict)
    _mixed: dict[bool, tuple[Samples, Loudness | None]] = field(default_factory=dict)

    def of(self, platform: Platform) -> Track:
        """The track for a platform: the clip's own sound if it was paid for and is wanted, and the music.

        Raises ValueError if the sound cannot be read, and what PyAV raises.
        """
        sound, music = self.seen.sound, self.order.dress.music
        own = self.order.sound and platform.audio and sound is not None
        if not own and music is None:
            return Track()
        if own and music is None and self._in_step() and sound_fits(platform, self.coded, self.seen.loudness):
            return Track(self.order.source, self.seen.loudness)
        rules = platform.delivery
        rate, lufs, peak_dbtp = rules.audio_kbps or _KBPS, rules.loudness_lufs, rules.true_peak_dbtp
        key = (own, rate, lufs, peak_dbtp)
        if key not in self._made:
            path = self.order.folder / f"sound-{len(self._made)}.mp4"
            self._made[key] = self._track(path, own=own, kbps=rate, lufs=lufs, peak_dbtp=peak_dbtp)
        return self._made[key]

    def _in_step(self) -> bool:
        """Whether the clip's own sound begins and ends with its pictures as it is."""
        sound, seen = self.seen.sound, self.seen
        if sound is None or not begins_at_once(seen.first_s, sound.first_s):
            return False
        return sound.seconds <= seen.duration_s + _OVERHANG_S

    def _track(self, path: Path, *, own: bool, kbps: int, lufs: float | None, peak_dbtp: float) -> Track:
        """Levelled, coded, and measured as it is heard: AAC changes both, by an amount that depends on the sound.

        Where no loudness is asked for it keeps its own, and only the peaks are held down.
        """
        samples, loudness = self._sound(own=own)
        aim_lufs = lufs if lufs is not None else loudness.lufs if loudness else 0.0
        aim_dbtp = peak_dbtp
        for _ in range(1 + _CORRECTIONS):
            level = levelled(samples, loudness, lufs=aim_lufs, true_peak_dbtp=aim_dbtp)
            encode_sound(level.samples, path, kbps=kbps)
            heard = loudness_in(path)
            if heard is None:
                break
            off_lu = lufs - heard.lufs if lufs is not None else 0.0
            over_db = max(0.0, heard.true_peak_dbtp - peak_dbtp)
            if abs(off_lu) <= CLOSE_LU and not over_db:
                break
            aim_lufs, aim_dbtp = aim_lufs + off_lu, aim_dbtp - over_db
        return Track(path, heard, level.limited)

    def _sound(self, *, own: bool) -> tuple[Samples, Loudness | None]:
        """The clip's own sound, beginning and ending with its pictures, with the music."""
        if own not in self._mixed:
            samples = own_sound(self.seen) if own else None
            loudness = self.seen.loudness if own else None
            music = self.order.dress.music
            if music is not None:
                bed = self.order.dress.finish.music_below_lu
                seconds = self.seen.duration_s
                samples = mixed(samples, loudness, read_music(music), seconds=seconds, below_lu=bed)
                loudness = loudness_of(samples)
            assert samples is not None
            self._mixed[own] = samples, loudness
        return self._mixed[own]


def loudness_in(path: Path) -> Loudness | None:
    """How loud a file is that we made, once it is decoded; None if it is silent. Raises what PyAV raises."""
    meter = LoudnessMeter()
    with opened(path) as container:
        audio = audio_stream(container)
        for frame in container.decode(audio) if audio is not None else ():
            meter.hear(frame)
    return meter.result()


def own_sound(seen: Seen) -> Samples:
    """The video's own sound, beginning and ending with its pictures. Raises ValueError if it cannot be read."""
    sound = seen.sound
    samples = sound.samples() if sound is not None else None
    if sound is None or samples is None:
        raise ValueError("its sound cannot be read")
    shift = round((sound.first_s - seen.first_s) * RATE)
    if shift > 0:
        samples = np.pad(samples, ((0, 0), (shift, 0)))
    return samples[:, max(0, -shift) :][:, : round(seen.duration_s * RATE)]
