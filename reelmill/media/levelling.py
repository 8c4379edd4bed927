"""Bring sound to a platform's loudness without passing its peaks: by gain alone where it can, else with a limiter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelmill.media.loudness import RATE, Loudness, Samples, loudness_of

__all__ = ["CLOSE_LU", "Levelled", "levelled"]

CLOSE_LU = 0.5  # of the target is on it: EBU R 128 allows as much for programmes that cannot be tuned further
_CODING_DB = 1.0  # by which AAC may raise the peaks that it is given (measured: up to 0.8 at 128 kbit/s)
_MOST_GAIN_DB = 24.0  # more would raise the noise of a room to speech
_ROUNDS = 8
_HASTE = 4.0  # how much more gain than is missing a round may add
_WINDOW = RATE // 200  # 5 ms before and after a peak: slower than a wave, quicker than is heard as pumping
_OVERSAMPLING = 4  # what R 128 finds true peaks with


@dataclass(frozen=True, slots=True)
class Levelled:
    """Samples, how loud they are now (None: silence), and whether peaks had to be held down."""

    samples: Samples
    loudness: Loudness | None
    limited: bool = False


def levelled(samples: Samples, loudness: Loudness | None, *, lufs: float, true_peak_dbtp: float) -> Levelled:
    """The samples, of a known loudness, brought to ``lufs`` below ``true_peak_dbtp`` once they are coded."""
    if loudness is None:
        return Levelled(samples, None)
    ceiling_dbtp = true_peak_dbtp - _CODING_DB
    gain_db = min(lufs - loudness.lufs, _MOST_GAIN_DB)
    if loudness.true_peak_dbtp + gain_db <= ceiling_dbtp:
        louder = (samples * _factor(gain_db)).astype(np.float32)
        return Levelled(louder, Loudness(loudness.lufs + gain_db, loudness.true_peak_dbtp + gain_db))
    result = Levelled(samples, loudness, limited=True)
    peaks = _true_peaks(samples)
    step, before = 0.0, 0.0
    for _ in range(_ROUNDS):  # what is held down is missing from the loudness: a little more gain, and again
        held = _limited(samples, peaks, _factor(gain_db), _factor(ceiling_dbtp))
        result = Levelled(held, loudness_of(held), limited=True)
        missing = lufs - (result.loudness.lufs if result.loudness else lufs)
        if abs(missing) < CLOSE_LU / 2 or (missing > 0 and gain_db >= _MOST_GAIN_DB):
            break
        won = step / (before - missing) if step and before != missing else 1.0  # gain for each LU, last time
        step, before = missing * min(max(won, 1.0), _HASTE), missing
        gain_db = min(gain_db + step, _MOST_GAIN_DB)
    return result


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _limited(samples: Samples, peaks: NDArray[Any], factor: float, ceiling: float) -> Samples:
    """Made louder, and held below the ceiling by a gain that both channels share and that moves smoothly at peaks."""
    needed = factor * np.minimum(1.0, ceiling / np.maximum(peaks * factor, 1e-9))
    width = 2 * _WINDOW + 1
    lowest = _lowest_near(needed, width)
    shape = np.hanning(width + 2)[1:-1]
    # The mean, over a window, of gains that are each low enough for the whole window is low enough in its middle.
    gain = np.convolve(np.pad(lowest, _WINDOW, mode="edge"), shape / shape.sum(), mode="valid")
    return (samples * gain).astype(np.float32)


def _true_peaks(samples: NDArray[Any]) -> NDArray[Any]:
    """The highest level at and around each sample, between samples too, of all channels."""
    count = samples.shape[1]
    padded = np.pad(samples, ((0, 0), (0, (-count) % 4096 + 4096)))
    length = padded.shape[1]
    spectrum = np.fft.rfft(padded, axis=1)
    fine = np.fft.irfft(spectrum, _OVERSAMPLING * length, axis=1)[:, : _OVERSAMPLING * count] * _OVERSAMPLING
    between = np.abs(fine).max(axis=0).reshape(count, _OVERSAMPLING).max(axis=1)
    before = np.concatenate([between[:1], between[:-1]])
    peaks: NDArray[Any] = np.maximum(between, before)
    return peaks


def _lowest_near(values: NDArray[Any], width: int) -> NDArray[Any]:
    """The lowest of the ``width`` values around each (van Herk: as quick for wide windows as for narrow ones)."""
    half = width // 2
    count = values.size
    blocks = -(-(count + 2 * half) // width)
    padded = np.full(blocks * width, np.inf)
    padded[half : half + count] = values
    table = padded.reshape(blocks, width)
    forward = np.minimum.accumulate(table, axis=1).ravel()
    backward = np.minimum.accumulate(table[:, ::-1], axis=1)[:, ::-1].ravel()
    lowest: NDArray[Any] = np.minimum(backward[:count], forward[width - 1 : width - 1 + count])
    return lowest
