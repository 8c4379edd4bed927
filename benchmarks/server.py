"""A Prefect server of a benchmark's own, and what it uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.usage import cpu_seconds, peak_mib
from reelmill.cli.prefect_server import PrefectServer

__all__ = ["MeasuredServer"]

_IDLE = 0.15  # of one core: what it looks after by itself takes 0.03, in bursts
_QUIET_S = 5.0
_PATIENCE_S = 1800.0


@dataclass(frozen=True, slots=True)
class MeasuredServer:
    """A running server of one process family. ``environment`` is what a flow needs to report to it."""

    pid: int
    environment: dict[str, str]

    @classmethod
    @contextmanager
    def started(cls, home: Path) -> Iterator[MeasuredServer]:
        """Start one below ``home``, and wait until it has warmed up."""
        server = PrefectServer.on(home)
        with server.start() as service:
            # What prefect.yaml sets for flow runs of ours; it changes little for others.
            deployed = {
                "PREFECT_LOGGING_EXTRA_LOGGERS": "reelmill",
                "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            }
            own = {name: value for name, value in server.env.items() if name.startswith("PREFECT_")}
            running = cls(service.pid, own | deployed)
            running.settle()
            yield running

    def cpu_s(self) -> float:
        """Processor seconds until now."""
        return cpu_seconds(self.pid)

    def peak_mib(self) -> float:
        """The most memory it ever held, in MiB."""
        return peak_mib(self.pid)

    def settle(self) -> None:
        """Wait until it has worked off what it was told: it goes on recording long after a flow has ended.

        Raises RuntimeError if it does not come to rest.
        """
        deadline = time.monotonic() + _PATIENCE_S
        seen: tuple[float, int] | None = None
        while time.monotonic() < deadline:
            now = (self.cpu_s(), self.task_runs())
            if seen is not None and now[1] == seen[1] and now[0] - seen[0] < _IDLE * _QUIET_S:
                return
            seen = now
            time.sleep(_QUIET_S)
        raise RuntimeError(f"the Prefect server was still busy after {_PATIENCE_S:g} s")

    def task_runs(self) -> int:
        """How many task runs it has recorded as completed."""
        completed = {"task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
        url = f"{self.environment['PREFECT_API_URL']}/task_runs/count"
        answer: Any = httpx.post(url, json=completed, trust_env=False, timeout=60).raise_for_status().json()
        return int(answer)
