"""A Prefect server of our own, through the ``prefect`` executable: the engine itself imports none of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from reelmill.cli.prefect_api import prefect_command
from reelmill.errors import FixConfiguration
from reelmill.local import LocalService, answers, free_port, start_child

__all__ = ["PrefectServer"]

WORK_POOL = "reelmill"
_READY_S = 180.0  # 5 to 15 s on a free machine; the first start compiles and makes a database
_WORKER_STOP_S = 15.0
_CANCEL_S = 75.0  # a submit on the wire is answered or given up within a minute
_MOST_SAID = 2000  # characters of an error that Prefect prints with whole requests
# A person's own Prefect: where it is, in which database, and who may use it. Deployments of the same names are there.
_ELSEWHERE = (
    "PREFECT_API_",
    "PREFECT_CLIENT_CUSTOM_HEADERS",
    "PREFECT_PROFILE",
    "PREFECT_SERVER_API_",
    "PREFECT_SERVER_DATABASE_",
)


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """How to start one in ``home`` on ``port``, and how to talk to it. ``extra`` is what flow runs need besides."""

    home: Path
    port: int
    extra: Mapping[str, str]

    @classmethod
    def on(cls, home: Path, port: int = 0, extra: Mapping[str, str] | None = None) -> PrefectServer:
        """A server that keeps everything below ``home``; port 0 chooses a free one."""
        home.mkdir(parents=True, exist_ok=True)
        return cls(home.resolve(), port or free_port(), dict(extra or {}))

    @property
    def url(self) -> str:
        """The address of the UI."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of server, worker and commands. The UI, too, learns its server from PREFECT_API_URL."""
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(_ELSEWHERE)}
        return {
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            **inherited,
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_UI_API_URL": f"{self.url}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "DO_NOT_TRACK": "1",
            # In memory, the slots of a killed run would be taken until the next restart, and for ever after one.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            **self.extra,
        }

    def start(self) -> LocalService:
        """Start the server; a context manager that stops it. Raises TryLater if it does not come up."""
        options = ("--host", "127.0.0.1", "--port", str(self.port))
        command = [sys.executable, "-m", "reelmill.gc_apart", "prefect", "server", "start", *options]
        health = f"{self.url}/api/health"
        return start_child(
            "Prefect server",
            command,
            self.url,
            ready=lambda _: answers(health),
            env=self.env,
            ready_s=_READY_S,
            stop_s=15,
        )

    def deploy(self, project: Path) -> None:
        """Make the work pool, and send every deployment of ``project/prefect.yaml`` and the automations beside it."""
        self.command("work-pool", "create", WORK_POOL, "--type", "process", "--overwrite", cwd=project)
        self.command("--no-prompt", "deploy", "--all", cwd=project)
        self._run([sys.executable, "-m", "deployments.automate"], cwd=project)

    def start_worker(self, project: Path, at_once: int) -> LocalService:
        """Start a worker that runs at most ``at_once`` flow runs at a time, each a process of its own."""
        limits = ("--limit", str(at_once))
        command = prefect_command("worker", "start", "--pool", WORK_POOL, "--type", "process", *limits)
        return start_child(
            "Prefect worker",
            command,
            self.url,
            ready=lambda worker: "started!" in worker.log,
            env=self.env,
            ready_s=_READY_S,
            stop_s=_WORKER_STOP_S,
            orphaned=signal.SIGKILL,  # on SIGTERM it would go on asking a server that has gone, too
            cwd=project,
        )

    def cancel_runs(self) -> None:
        """Cancel what runs, as a person would in the UI, and wait until each run has left its clips in order.

        A worker that is stopped kills its runs: nothing is lost by that, but Prefect would show them as running.
        """
        deadline = time.monotonic() + _CANCEL_S
        asked: set[str] = set()
        with httpx.Client(base_url=f"{self.url}/api", trust_env=False, timeout=10) as api:
            while time.monotonic() < deadline:
                try:
                    if not _cancel_once(api, asked):
                        return
                except httpx.HTTPError:
                    pass  # a busy server answers 503; it is asked again
                time.sleep(0.5)

    def command(self, *arguments: str, cwd: Path) -> str:
        """Run a ``prefect`` command against this server; returns what it printed. Raises FixConfiguration."""
        return self._run(prefect_command(*arguments), cwd=cwd)

    def _run(self, command: list[str], *, cwd: Path) -> str:
        done = subprocess.run(  # noqa: S603  # our own command, no shell
            command,
            env=self.env,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # the terminal's Ctrl-C is for us: what it breaks off would look like a failure
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip()[-_MOST_SAID:]
            raise FixConfiguration(f"{' '.join(command[2:])} failed: {said}", "Correct what it says.")
        return done.stdout


def _cancel_once(api: httpx.Client, asked: set[str]) -> bool:
    """Ask every run that has begun and was not ``asked`` yet to end; whether any has still to.

    One that waits for a person has begun, too: without its process, an approval would find nobody.
    """
    begun = {"flow_runs": {"state": {"type": {"any_": ["PENDING", "RUNNING", "PAUSED", "CANCELLING"]}}}}
    runs = api.post("/flow_runs/filter", json=begun).raise_for_status().json()
    for run in runs:
        if run["id"] not in asked:
            state = "CANCELLED" if run["state_type"] == "PENDING" else "CANCELLING"
            api.post(f"/flow_runs/{run['id']}/set_state", json={"state": {"type": state}}).raise_for_status()
            asked.add(run["id"])
    return bool(runs)
