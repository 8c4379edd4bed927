"""What the simulator can be told, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.simulator.faults import Fault, Stage

__all__ = ["SimulatorOptions"]

_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """The simulator's options. Raises FixConfiguration for values that make no sense.

    ``latency`` is the shortest and the longest time of a generation in seconds, drawn evenly.
    ``quota_per_minute`` 0 means no quota. ``faults`` maps a kind to its probability. ``models`` empty means
    every model in the simulator's price list; ``listed_only`` are published but answer 404 when called. ``videos`` is a
    folder of MP4 files that are handed out instead of pictures of our own.
    """

    port: int = 0
    host: str = "127.0.0.1"
    storage_url: str = "http://127.0.0.1:4443"
    quota_per_minute: int = 50
    latency: tuple[float, float] = (2.0, 5.0)
    seed: int = 0
    faults: Mapping[Fault, float] = field(default_factory=dict)
    prompt_faults: bool = False
    slow_seconds: float = 30.0
    late_seconds: float = 60.0
    journal: Path | None = None
    strict: bool = False
    models: tuple[str, ...] = ()
    listed_only: tuple[str, ...] = ()
    locations: tuple[str, ...] = ("us-central1",)
    pending_done: bool = False
    fast_videos: bool = False
    videos: Path | None = None
    video_scale: float = 1.0
    workers: int = 2

    def __post_init__(self) -> None:
        self._check(0 <= self.port <= _HIGHEST_PORT, "--port", f"must lie between 0 and {_HIGHEST_PORT}")
        self._check(self.quota_per_minute >= 0, "--quota-per-minute", "must not be negative; 0 means none")
        shortest, longest = self.latency
        self._check(0 <= shortest <= longest < math.inf, "--latency", "must be MIN:MAX in seconds, like 5:15")
        self._check(self.slow_seconds >= 0, "--slow-seconds", "must not be negative")
        self._check(self.late_seconds >= 0, "--late-seconds", "must not be negative")
        self._check(0 < self.video_scale <= 1, "--video-scale", "must lie above 0 and at most at 1")
        self._check(self.workers >= 1, "--workers", "must be at least 1")
        self._check(self.storage_url.startswith(("http://", "https://")), "--storage-url", "must be an http:// address")
        ready = self.videos is None or any(self.videos.glob("*.mp4"))
        self._check(ready, "--videos", "must be a folder that holds .mp4 files")
        for kind, probability in self.faults.items():
            self._check(0 <= probability <= 1, f"--fault {kind}", "needs a probability between 0 and 1")
        drawn = {Stage.POLL: "polls", Stage.VERDICT: "verdicts"}
        for what in ("submits", *drawn.values()):
            together = math.fsum(p for kind, p in self.faults.items() if drawn.get(kind.stage, "submits") == what)
            self._check(together <= 1 + 1e-9, "--fault", f"probabilities of the {what} add up to more than 1")

    @staticmethod
    def _check(fine: bool, option: str, rule: str) -> None:
        if not fine:
            raise FixConfiguration(f"Simulator option {option} {rule}.", "See docs/simulator.md.")
