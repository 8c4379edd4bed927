"""The engine: every room that a job needs, opened from the settings and closed together."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from reelmill.jobs.finishing import open_finishing
from reelmill.jobs.softening import open_softener
from reelmill.judging.gemini import GeminiJudge, Judge
from reelmill.judging.terms import JudgeTerms
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps
from reelmill.production.media_inputs import MediaInputs
from reelmill.production.owner import current_owner
from reelmill.production.pacer import Pacer
from reelmill.production.stop import StopSignal
from reelmill.production.studio import Studio
from reelmill.production.threads import Threads
from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from reelmill.storage.port import Storage
from reelmill.telemetry.exporting import exporting
from reelmill.telemetry.instruments import Instruments
from reelmill.veo.vertex import VertexBackend
from reelmill.waits import Waits

__all__ = ["Engine", "choose_output", "new_run_id"]

_DEFAULT_OUTPUT = "reelmill-output"


@dataclass(slots=True)
class Engine:
    """A context manager over ledger, storage, backend and threads. ``output`` is the root that it writes to."""

    settings: Settings
    output: str
    stop: StopSignal = field(default_factory=StopSignal)
    owner: str = field(default_factory=current_owner)
    ledger: Ledger = field(init=False)
    storage: Storage = field(init=False)
    threads: Threads = field(init=False)
    waits: Waits = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)
    _backends: ExitStack = field(default_factory=ExitStack)
    _media: MediaInputs | None = None
    _instruments: Instruments | None = None

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.ledger = Ledger.open(self.settings.ledger_url)
            opening.callback(self.ledger.close)
            self.output = choose_output(self.output, self.settings, self.ledger)
            self.waits = Waits(lambda: self.stop.leaving)
            self.storage = open_storage(self.output, self.settings, self.waits)
            self._backends = opening.enter_context(ExitStack())  # closed after the threads that may still submit
            self.threads = opening.enter_context(Threads(self.settings.media_workers))
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def catalog(self) -> str:
        """What products are remembered under."""
        return self.settings.catalog or self.storage.root

    def studio(self) -> Studio:
        """The rooms of production, with the caps in force and a connection to Vertex AI."""
        settings = self.settings
        backend = VertexBackend.from_settings(settings)
        self._backends.callback(backend.close)
        return Studio(
            settings=settings,
            ledger=self.ledger,
            storage=self.storage,
            backend=backend,
            media=self.media_inputs(),
            caps=self.caps,
            owner=self.owner,
            threads=self.threads,
            pacer=Pacer(self.ledger, self.threads, self.stop, settings.quota_per_minute),
            stop=self.stop,
            waits=self.waits,
            softener=open_softener(settings),
            instruments=self.instruments(),
            finishing=open_finishing(settings),
            judge=self._judge(),
        )

    def _judge(self) -> Judge | None:
        """Whoever compares clips with their products. Raises ChooseAnotherModel if it has no price today."""
        if JudgeTerms.of(self.settings, datetime.now(UTC).date()) is None:
            return None
        judge = GeminiJudge.from_settings(self.settings)
        self._backends.callback(judge.close)
        return judge

    def instruments(self) -> Instruments:
        """What production measures with, shown until the engine closes, after the last thread has ended."""
        if self._instruments is None:
            shown = exporting(self.settings.metrics_host, self.settings.metrics_port)
            self._instruments = self._backends.enter_context(shown)
        return self._instruments

    def media_inputs(self) -> MediaInputs:
        """The images and videos that requests refer to, fetched once and kept beside the outputs."""
        if self._media is None:
            self._media = MediaInputs(self.storage, self.settings)
        return self._media

    @property
    def caps(self) -> Caps:
        """The caps in force."""
        settings = self.settings
        return Caps(run_usd=settings.cap_run_usd, day_usd=settings.cap_day_usd, month_usd=settings.cap_month_usd)


def choose_output(output: str, settings: Settings, ledger: Ledger) -> str:
    """The output asked for, else the one of the settings, else that of the latest run."""
    if output or settings.output:
        return output or settings.output
    latest = ledger.runs(limit=1)
    return latest[0].output if latest else _DEFAULT_OUTPUT


def new_run_id() -> str:
    """Sortable by time, unique, and fit for a billing label: ``r20261122-133000-1a2b3c``."""
    return f"r{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
