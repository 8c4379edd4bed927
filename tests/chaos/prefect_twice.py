"""One Prefect flow run executed by several processes at once, as Prefect may deliver it, one of them perhaps killed.

Prefect is spoken to over HTTP and in processes of their own, so that nothing here imports it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from reelmill.cli.prefect_server import PrefectServer
from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict, judge
from tests.chaos.tally import Tally
from tests.chaos.workers import until
from tests.chaos.world import World

__all__ = ["Delivered", "deliver", "run"]

PROJECT = Path(__file__).resolve().parents[2]
_TITLES = (
    "Bowl",
    "Bowl [[fault:drop_after_accept]]",
    "Bowl [[fault:429:1]]",
    *(f"Cup {number}" for number in range(5)),
)
_PATIENCE_S = 400  # Prefect takes its time on a busy machine


@dataclass(frozen=True, slots=True)
class Delivered:
    """How it went: the verdict, how many processes took part in making clips, and how the flow run ended."""

    verdict: Verdict
    took_part: int
    state: str


def deliver(server: PrefectServer, bank: Bank, folder: Path, *, times: int = 2, kill_after: int = 0) -> Delivered:
    """Execute one flow run ``times`` times at once; kill one process once ``kill_after`` submits were accepted."""
    settings = {"REELMILL_QUOTA_PER_MINUTE": "120", "REELMILL_IN_FLIGHT": "2"}  # slow enough for all to take part
    world = World(folder, bank, titles=[f"{folder.name} {title}" for title in _TITLES], settings=settings)
    parameters = {"catalog": {"feed": str(world.feed)}, "video": {"platforms": ["tiktok"]}, "output": world.output}
    with _flow_run(server, parameters) as run_id:
        processes = [_execute(run_id, server, world, folder / f"engine-{number}.log") for number in range(times)]
        try:
            _line_up(processes, folder / "ledger.db")
            if kill_after:
                until(lambda: len(bank.accepted(world.output)) >= kill_after or _all_ended(processes), _PATIENCE_S)
                processes[0].kill()
            for process in processes:
                process.wait(_PATIENCE_S)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        state = str(_ask(server, "GET", f"flow_runs/{run_id}")["state"]["name"])
    world.look()
    with world.ledger() as ledger:  # who adopts what another left is its owner from then on
        took_part = len({intent.owner for _, intent in ledger.intents()})
    world.until_quiet()
    delivered = Delivered(judge(world), took_part, state)
    world.close()
    return delivered


def run(bank: Bank, folder: Path, tally: Tally, *, count: int = 1, say: Callable[[str], None] = lambda _: None) -> None:
    """One server; ``count`` times: a flow run delivered twice, and three times with one process killed at a submit."""
    server = PrefectServer.on(folder / "prefect")
    say("prefect: starting a server")
    with server.start():
        for number in range(count):
            for name, options in (("twice", {}), ("killed", {"times": 3, "kill_after": 1 + number})):
                what = f"a flow run delivered {name} {number}"
                tally.add(what, deliver(server, bank, folder / f"{name}-{number}", **options).verdict)
                tally.faults["delivered again"] += options.get("times", 2) - 1
                tally.faults["kill"] += "kill_after" in options
                say(f"prefect: {what}")


def _execute(run_id: str, server: PrefectServer, world: World, log: Path) -> subprocess.Popen[bytes]:
    """What Prefect's worker starts for a flow run."""
    environment = {
        **os.environ,
        **world.environment,
        **{name: value for name, value in server.env.items() if name.startswith("PREFECT_")},
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PYTHONPATH": str(PROJECT),
    }
    with log.open("wb") as output:
        command = [sys.executable, "-m", "prefect.engine", run_id]
        return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)


def _line_up(processes: Sequence[subprocess.Popen[bytes]], ledger: Path) -> None:
    """Let each stand still once it has opened the ledger, until all have: starting takes one longer than another."""
    waiting = list(processes)
    deadline = time.monotonic() + _PATIENCE_S
    while waiting and time.monotonic() < deadline:
        for process in list(waiting):
            if process.poll() is not None:
                waiting.remove(process)
            elif _has_opened(process.pid, ledger):
                process.send_signal(signal.SIGSTOP)
                waiting.remove(process)
        time.sleep(0.005)  # between two looks
    for process in processes:
        process.send_signal(signal.SIGCONT)


def _all_ended(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return all(process.poll() is not None for process in processes)


def _has_opened(pid: int, path: Path) -> bool:
    try:
        return any(os.path.realpath(entry) == str(path) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # a descriptor was closed, or the process ended, while we looked
        return False


@contextmanager
def _flow_run(server: PrefectServer, parameters: Mapping[str, Any]) -> Iterator[str]:
    """A flow run of a deployment of its own, which is gone afterwards; gives its id."""
    flow = _ask(server, "POST", "flows/", {"name": "catalog-run"})
    deployment = _ask(
        server,
        "POST",
        "deployments/",
        {
            "name": f"chaos-{uuid4().hex[:8]}",
            "flow_id": flow["id"],
            "entrypoint": "flows/catalog_run.py:catalog_run",
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}],
        },
    )
    try:
        path = f"deployments/{deployment['id']}/create_flow_run"
        yield str(_ask(server, "POST", path, {"parameters": parameters, "state": {"type": "PENDING"}})["id"])
    finally:
        _ask(server, "DELETE", f"deployments/{deployment['id']}")


def _ask(server: PrefectServer, method: str, path: str, body: Any = None) -> Any:
    """Asked again while the server's database is busy (503), as by Prefect's own client."""
    answers: list[httpx.Response] = []

    def taken() -> bool:
        url = f"{server.url}/api/{path}"
        answers.append(httpx.request(method, url, json=body, trust_env=False, timeout=60))
        return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

    until(taken, _PATIENCE_S)
    answer = answers[-1].raise_for_status()
    return answer.json() if answer.content else None
