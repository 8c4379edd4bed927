"""Everything that producing clips needs, opened once and handed from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field

from reelmill.judging.gemini import Judge
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps
from reelmill.production.finishing import Finishing
from reelmill.production.media_inputs import MediaInputs
from reelmill.production.pacer import Pacer
from reelmill.production.stop import StopSignal
from reelmill.production.threads import Threads
from reelmill.prompts.soften import Softener
from reelmill.settings import Settings
from reelmill.storage.port import Storage
from reelmill.telemetry.instruments import Instruments
from reelmill.veo.backend import VideoBackend
from reelmill.waits import Waits

__all__ = ["VERTEX_SILENT", "Studio"]

VERTEX_SILENT = "Vertex AI does not answer"
"""What is waited for while no poll and no submit gets through."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The rooms that one clip's way leads through. ``owner`` names this process in the ledger."""

    settings: Settings
    ledger: Ledger
    storage: Storage
    backend: VideoBackend
    media: MediaInputs
    caps: Caps
    owner: str
    threads: Threads
    pacer: Pacer
    stop: StopSignal
    waits: Waits
    softener: Softener | None = None  # None: filtered clips are not retried
    judge: Judge | None = None  # None: clips are not compared with their products
    finishing: Finishing = field(default_factory=Finishing)
    instruments: Instruments = field(default_factory=Instruments.of_host)

    def quota_key(self, model: str) -> str:
        """What Google counts submits by: project, region and base model."""
        return f"{self.settings.project}/{self.settings.location}/{model}"
