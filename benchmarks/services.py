"""A simulator and a Cloud Storage for one contender: what stands for Google, each time a fresh one."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelmill.local import create_bucket, start_fake_gcs, start_simulator

__all__ = ["BUCKET", "Services", "services"]

BUCKET = "gs://benchmark"


@dataclass(frozen=True, slots=True)
class Services:
    """Where both listen."""

    simulator: str
    storage: str

    @property
    def environment(self) -> dict[str, str]:
        """What a sender has to be told."""
        return {
            "GOOGLE_CLOUD_PROJECT": "benchmark",
            "REELMILL_VERTEX_BASE_URL": self.simulator,
            "STORAGE_EMULATOR_HOST": self.storage,
        }

    def ask(self, page: str) -> Any:
        """What the simulator has on record."""
        with urllib.request.urlopen(f"{self.simulator}/simulator/{page}") as answer:
            return json.load(answer)

    def throttled(self) -> int:
        """How many submits got a 429. Raises RuntimeError if any was refused for another reason."""
        refused = self.ask("stats")["refused"]
        if others := {status: count for status, count in refused.items() if status != "429"}:
            raise RuntimeError(f"Submits were refused for other reasons than their pace: {others}")
        return int(refused.get("429", 0))


@contextmanager
def services(*, per_minute: int, latency: str, footage: Path | None = None) -> Iterator[Services]:
    """Both, with an empty bucket. Videos are ready-made: to make them would take the sender's cores.

    They are copies of the MP4 files in ``footage``, or of one easy drawing.
    """
    videos = ("--videos", str(footage)) if footage else ("--fast-videos",)
    options = ("--quota-per-minute", str(per_minute), "--latency", latency, "--seed", "1", *videos)
    with start_fake_gcs() as storage, start_simulator(storage.url, *options) as simulator:
        create_bucket(storage.url, BUCKET.removeprefix("gs://"))
        yield Services(simulator.url, storage.url)
