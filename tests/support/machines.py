"""Many machines on this one: a Prefect server on PostgreSQL, and workers that share nothing but services.

Each worker is a process group of its own with a working folder of its own; what it runs are processes below it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from reelmill.cli.prefect_server import PrefectServer
from reelmill.local import LocalService
from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_for

__all__ = ["DEADLINE_S", "Headquarters", "Machine", "headquarters"]

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_S = 900.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Machine:
    """A worker, and what it runs."""

    service: LocalService

    def runs(self) -> dict[str, int]:
        """The flow runs that it runs, each with the id of its process."""
        found = {}
        for pid in self._processes():
            if (run_id := _environment(pid).get("PREFECT__FLOW_RUN_ID")) is not None:
                found[run_id] = max(pid, found.get(run_id, 0))  # the innermost one, started last
        return found

    def lose_power(self) -> None:
        """End the worker and everything below it at once, as nothing can notice."""
        pids = self._processes()
        for pid in pids:  # stopped first, so that none sees another's end
            os.kill(pid, signal.SIGSTOP)
        for pid in {*pids, *self._processes()}:
            os.kill(pid, signal.SIGKILL)
        self.service.stop()

    def _processes(self) -> list[int]:
        parents = {int(path.name): _parent(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
        found, rest = [self.service.pid], [self.service.pid]
        while rest:
            above = rest.pop()
            below = [pid for pid, parent in parents.items() if parent == above]
            found += below
            rest += below
        return found


@dataclass
class Headquarters:
    """The server, and how to ask it."""

    server: PrefectServer
    postgres: PostgresServer
    folder: Path
    api: httpx.Client
    machines: list[Machine] = field(default_factory=list)

    @contextmanager
    def workers(self, count: int, environment: dict[str, str], at_once: int = 2) -> Iterator[list[Machine]]:
        """Workers whose flow runs have this environment."""
        server = replace(self.server, extra={**self.server.extra, **environment})
        started: list[Machine] = []
        try:
            for number in range(count):
                folder = self.folder / f"machine-{len(self.machines) + number}"
                folder.mkdir()
                started.append(Machine(server.start_worker(folder, at_once)))
            self.machines += started
            yield started
        finally:
            for machine in started:
                machine.service.stop()

    def press(self, deployment: str, parameters: dict[str, Any]) -> str:
        """Start a flow run as the form does; returns its id."""
        wanted = {"deployments": {"name": {"any_": [deployment]}}}
        (found,) = self.api.post("/deployments/filter", json=wanted).raise_for_status().json()
        button = f"/deployments/{found['id']}/create_flow_run"
        return str(self.api.post(button, json={"parameters": parameters}).raise_for_status().json()["id"])

    def state(self, run_id: str) -> dict[str, Any]:
        """The present state of a flow run."""
        found: dict[str, Any] = self.api.get(f"/flow_runs/{run_id}").raise_for_status().json()["state"]
        return found

    def children(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The flow runs that a flow run has started, by name."""
        asked = {"flow_runs": {"parent_flow_run_id": {"any_": [run_id]}}}
        found = self.api.post("/flow_runs/filter", json=asked).raise_for_status().json()
        return {run["name"]: run for run in found}

    def cancel(self, run_id: str) -> None:
        """As the button does."""
        asked = {"state": {"type": "CANCELLING"}}
        self.api.post(f"/flow_runs/{run_id}/set_state", json=asked).raise_for_status()

    def story(self, run_id: str) -> list[object]:
        """How a flow run and its children got where they are, for a test that fails."""
        ids = [run_id, *(child["id"] for child in self.children(run_id).values())]
        logs = self.api.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": ids}}}).json()
        told = [(line["timestamp"][11:23], line["flow_run_id"][:8], line["message"]) for line in logs]
        return [self.state(run_id), *((name, run["state"]) for name, run in self.children(run_id).items()), *told]

    def ended(self, run_id: str, deadline_s: float = DEADLINE_S) -> dict[str, Any]:
        """The state in which a flow run ends."""

        def final() -> dict[str, Any] | None:
            state = self.state(run_id)
            return state if state["type"] in ENDED else None

        found = wait_for(final, "an end", deadline_s=deadline_s, explain=lambda: self.story(run_id))
        assert found is not None
        return found


@contextmanager
def headquarters(folder: Path, postgres: PostgresServer) -> Iterator[Headquarters]:
    """A Prefect server whose database is PostgreSQL, with our deployments."""
    database = postgres.url(postgres.create()).replace("postgresql://", "postgresql+asyncpg://")
    server = PrefectServer.on(folder / "prefect", extra={"PREFECT_SERVER_DATABASE_CONNECTION_URL": database})
    with server.start():
        server.deploy(PROJECT)
        with httpx.Client(base_url=f"{server.url}/api", trust_env=False, timeout=30) as api:
            yield Headquarters(server, postgres, folder, api)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _environment(pid: int) -> dict[str, str]:
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    return dict(part.split("=", 1) for part in raw.decode(errors="replace").split("\0") if "=" in part)
