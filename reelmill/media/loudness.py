"""How loud sound is, after EBU R 128: measured by FFmpeg's own meter, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

__all__ = ["LAYOUT", "RATE", "Loudness", "LoudnessMeter", "Samples", "as_frames", "loudness_of"]

Samples = NDArray[np.float32]
"""Sound as channels x samples at ``RATE``; 1.0 is full scale."""

RATE = 48_000
LAYOUT = "stereo"
_PIECE = 4_800
_NOTHING_LUFS = -69.0  # R 128 gates at -70: what is as low was not heard


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness in LUFS, and true peak in dBTP (decibels of full scale between samples)."""

    lufs: float
    true_peak_dbtp: float


@dataclass(slots=True)
class LoudnessMeter:
    """Hears one piece after the other, all of the same kind."""

    _graph: Graph | None = None
    _told: dict[str, str] = field(default_factory=dict)

    def hear(self, frame: AudioFrame) -> None:
        """Add the next piece. Raises what PyAV raises if it is of another kind than those before."""
        if self._graph is None:
            self._graph = _meter(frame)
        self._graph.push(frame)
        self._drain(self._graph)

    def result(self) -> Loudness | None:
        """What was measured; None if it was silence or shorter than the 0.4 s that R 128 measures by."""
        if self._graph is None:
            return None
        self._graph.push(None)
        self._drain(self._graph)
        lufs = float(self._told.get("lavfi.r128.I", "-70"))
        peak = float(self._told.get("lavfi.r128.true_peak", "0"))
        if not math.isfinite(lufs) or lufs <= _NOTHING_LUFS or peak <= 0:
            return None
        return Loudness(round(lufs, 2), round(20 * math.log10(peak), 2))

    def _drain(self, graph: Graph) -> None:
        while True:
            try:
                told = dict(graph.pull().metadata)
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if "lavfi.r128.I" in told:  # it tells every 0.1 s
                self._told = told


def loudness_of(samples: Samples) -> Loudness | None:
    """How loud these samples are together."""
    meter = LoudnessMeter()
    for frame in as_frames(samples, _PIECE):
        meter.hear(frame)
    return meter.result()


def as_frames(samples: Samples, size: int) -> Iterator[AudioFrame]:
    """The samples in frames of ``size``, the last one shorter."""
    for start in range(0, samples.shape[1], size):
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, start : start + size]), format="fltp", layout=LAYOUT
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield frame


def _meter(frame: AudioFrame) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        format=frame.format.name,
        sample_rate=frame.sample_rate,
        layout=frame.layout.name,
        time_base=frame.time_base or Fraction(1, frame.sample_rate),
    )
    meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    return graph
