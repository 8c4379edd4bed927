"""What is heard in a video: its length, peaks, silence, clipping and loudness, and the samples if they are wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from reelmill.media.loudness import LAYOUT, RATE, Loudness, LoudnessMeter, Samples
from reelmill.media.probe import UNREADABLE
from reelmill.media.stretches import Stretches
from reelmill.media.thresholds import (
    CLIPPED_LEVEL,
    CLIPPED_RUN,
    FLAT_LEVEL,
    FLAT_SHARE,
    FLAT_SWINGS,
    FLAT_TOP,
    SILENT_LEVEL,
)

__all__ = ["Sound"]

_MOST_CHANNELS = 7  # of eight and more PyAV 18.1 reads planes past the end of their list, which ends the process


@dataclass(slots=True)
class Sound:
    """Seconds heard, and the loudest sample (1.0 is full scale).

    ``first_s`` is where it begins, ``clipped_s`` how long it is cut off at full scale, first at ``clipped_at_s``.
    ``keep_s`` is how many seconds of samples are kept for renditions; a second takes 0.4 MB.
    """

    keep_s: float = 0.0
    seconds: float = 0.0
    first_s: float = 0.0
    peak: float = 0.0
    clipped_s: float = 0.0
    clipped_at_s: float | None = None
    silence: Stretches = field(default_factory=Stretches)
    _meter: LoudnessMeter | None = field(default_factory=LoudnessMeter)
    _resampler: AudioResampler = field(
        default_factory=lambda: AudioResampler(format="fltp", layout=LAYOUT, rate=RATE, frame_size=RATE // 10)
    )
    _kept: list[Samples] = field(default_factory=list)
    _kept_count: int = 0

    def hear(self, frame: AudioFrame) -> None:
        """Add the next piece of sound. Raises ValueError for one of so many channels that no clip has them."""
        if frame.layout.nb_channels > _MOST_CHANNELS:
            raise ValueError("it has too many channels")
        start_s = self.seconds
        if not start_s and frame.time is not None:
            self.first_s = frame.time
        self.seconds += frame.samples / frame.sample_rate
        samples = frame.to_ndarray()
        scale = 1 if samples.dtype.kind == "f" else 2 ** (8 * samples.dtype.itemsize - 1)
        if not samples.size:
            return
        samples = samples.astype(np.float32) / scale
        self.peak = max(self.peak, float(np.abs(samples).max()))
        loud = float(np.sqrt(np.mean(np.square(samples))))
        self.silence.add(start_s=start_s, end_s=self.seconds, holds=loud < SILENT_LEVEL)
        self._note_clipping(samples, start_s, frame)
        self._measure(frame)

    def loudness(self) -> Loudness | None:
        """How loud it is in all; None for silence, and for sound that changes its kind in the middle."""
        self._measure(None)
        meter = self._meter
        if meter is None:
            return None
        try:
            return meter.result()
        except UNREADABLE:
            return None

    def samples(self) -> Samples | None:
        """What was kept, after :meth:`loudness`; None if nothing was, or if it is damaged."""
        return np.concatenate(self._kept, axis=1) if self._kept and self._meter is not None else None

    def _note_clipping(self, samples: NDArray[Any], start_s: float, frame: AudioFrame) -> None:
        if float(np.abs(samples).max()) < FLAT_LEVEL:
            return
        rows = samples if frame.format.is_planar else samples.reshape(-1, len(frame.layout.channels)).T
        cut_off = _at_full_scale(rows) | _flat_tops(rows)
        if cut_off.any():
            self.clipped_s += np.count_nonzero(cut_off) / frame.sample_rate
            if self.clipped_at_s is None:
                self.clipped_at_s = start_s + float(np.argmax(cut_off)) / frame.sample_rate

    def _measure(self, frame: AudioFrame | None) -> None:
        """Loudness and kept samples, in one kind of frames; what cannot be measured is left unmeasured."""
        if self._meter is None:
            return
        try:
            if frame is not None:
                frame.pts = None  # gaps between the times of damaged packets are not silence that was heard
            for piece in self._resampler.resample(frame):
                self._meter.hear(piece)
                if self._kept_count < self.keep_s * RATE:
                    self._kept.append(piece.to_ndarray().astype(np.float32))
                    self._kept_count += piece.samples
        except UNREADABLE:
            self._meter = None


def _at_full_scale(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Where any channel stays at full scale."""
    full = np.abs(rows) >= CLIPPED_LEVEL
    run = np.zeros_like(full)
    for shift in range(CLIPPED_RUN):
        run[:, CLIPPED_RUN - 1 :] |= shift == 0
        run[:, CLIPPED_RUN - 1 :] &= full[:, CLIPPED_RUN - 1 - shift : full.shape[1] - shift]
    found: NDArray[np.bool_] = np.any(run, axis=0)
    return found


def _flat_tops(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Where any channel's waves end in plateaus near full scale, as cut waves do once they were coded."""
    level = np.abs(rows)
    peak = level.max(axis=1, keepdims=True)
    top = level >= FLAT_TOP * peak
    swings = np.count_nonzero(np.diff(np.signbit(rows), axis=1), axis=1, keepdims=True) >= FLAT_SWINGS
    flat = (peak >= FLAT_LEVEL) & swings & (top.mean(axis=1, keepdims=True) >= FLAT_SHARE)
    found: NDArray[np.bool_] = np.any(top & flat, axis=0)
    return found
