"""Pictures and sound of several scenes as one: cuts, or cross-fades in which two scenes overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from statistics import median

import numpy as np
from av.video.frame import VideoFrame

from reelmill.media.encoder import PictureEncoder
from reelmill.media.framing import Framing
from reelmill.media.levelling import levelled
from reelmill.media.loudness import RATE, Loudness, Samples
from reelmill.media.making import FAILURES
from reelmill.media.planes import copied, planes_of
from reelmill.media.stretches import Luma

__all__ = ["PictureJoiner", "joined_sound", "levelled_alike"]

_MIDDLE = (0.5, 0.5)
_PEAK_DBTP = -1.0
_SOFT = RATE // 200  # 5 ms: too short to hear, long enough that a cut does not click


@dataclass(slots=True)
class PictureJoiner:
    """Takes the frames of one scene after the other. ``fade`` frames of two neighbours become one; 0 for cuts.

    ``frames`` counts those of each scene. ``failure`` is what went wrong, if something did: then nothing more is done.
    """

    encoder: PictureEncoder
    framing: Framing
    fps: Fraction
    fade: int
    frames: list[int] = field(default_factory=list)
    failure: Exception | None = None
    _held: deque[VideoFrame] = field(default_factory=deque)  # the last ones of this scene, which may yet be faded
    _leaving: deque[VideoFrame] = field(default_factory=deque)  # those of the scene before
    _written: int = 0

    def begin_scene(self) -> None:
        """The next frame is the first of a scene."""
        if self.frames and len(self._held) < self.fade:
            self.failure = self.failure or ValueError("a scene is shorter than its cross-fades")
        self._leaving, self._held = self._held, deque()
        if not self.fade:
            self._write_all(self._leaving)
        self.frames.append(0)

    def take(self, frame: VideoFrame, at_s: float, luma: Luma) -> None:
        """The next frame, which stays as it is; what time and brightness it has does not matter here."""
        del at_s, luma
        if self.failure is not None:
            return
        try:
            picture = self.framing.framed(frame, _MIDDLE)
            if picture is frame:
                picture = copied(frame)
            self._add(picture)
        except FAILURES as error:
            self.failure = error

    def close(self) -> None:
        """No more frames. Raises what went wrong."""
        if self.failure is None and self._leaving:
            self.failure = ValueError("a scene is shorter than its cross-fade")
        if self.failure is not None:
            self.encoder.abandon()
            raise self.failure
        self._write_all(self._held)
        self.encoder.close()

    def _add(self, picture: VideoFrame) -> None:
        number = self.frames[-1]
        self.frames[-1] += 1
        if self._leaving:
            _fade(picture, self._leaving.popleft(), (number + 1) / (self.fade + 1))
            self._write(picture)
            return
        self._held.append(picture)
        if len(self._held) > self.fade:
            self._write(self._held.popleft())

    def _write_all(self, pictures: deque[VideoFrame]) -> None:
        while pictures:
            self._write(pictures.popleft())

    def _write(self, picture: VideoFrame) -> None:
        self.encoder.encode(picture, float(self._written / self.fps))
        self._written += 1


def _fade(coming: VideoFrame, leaving: VideoFrame, share: float) -> None:
    """Mix the picture that leaves into the one that comes, which has ``share`` of the mixture."""
    weight = round(share * 256)
    for new, old in zip(planes_of(coming), planes_of(leaving), strict=True):
        new[:] = (new.astype(np.uint16) * weight + old.astype(np.uint16) * (256 - weight) + 128) >> 8


def levelled_alike(scenes: Sequence[tuple[Samples, Loudness | None]]) -> list[Samples]:
    """The sound of each scene brought to the loudness of the middle one; silence stays silence."""
    heard = [loudness.lufs for _, loudness in scenes if loudness is not None]
    if not heard:
        return [samples for samples, _ in scenes]
    lufs = median(heard)
    return [levelled(sound, loudness, lufs=lufs, true_peak_dbtp=_PEAK_DBTP).samples for sound, loudness in scenes]


def joined_sound(scenes: Sequence[Samples], overlap: int) -> Samples:
    """One after the other, ``overlap`` samples of two neighbours at once, at equal power; without it softened ends."""
    length = overlap or _SOFT
    rise = np.sin(np.linspace(0, np.pi / 2, length, dtype=np.float32))
    faded = [sound.copy() for sound in scenes]
    for before, after in pairwise(faded):
        before[:, -length:] *= rise[::-1]
        after[:, :length] *= rise
    film = np.zeros((2, sum(sound.shape[1] for sound in faded) - overlap * (len(faded) - 1)), dtype=np.float32)
    start = 0
    for sound in faded:
        film[:, start : start + sound.shape[1]] += sound
        start += sound.shape[1] - overlap
    return film
