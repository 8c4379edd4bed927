"""``reelmill serve``: one command, one address; what is pressed there runs on its worker; one signal stops all."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reelmill.cli.prefect_server import PrefectServer
from reelmill.local import free_port
from tests.support.feeds import product_row, write_feed
from tests.support.listening import listening
from tests.support.waiting import DEADLINE_S, wait_for

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path) -> Path:
    for name in ("flows", "tasks", "catalogs", "deployments"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "prefect.yaml", tmp_path)
    write_feed(tmp_path / "feed.csv", [product_row(f"BOWL-{number}") for number in range(30)])
    return tmp_path


def test_serve_deploys_runs_and_stops_in_order(project):
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "REELMILL_"))}
    command = [sys.executable, "-m", "reelmill", "serve", "--port", str(port), "--quota-per-minute", "60"]
    printed = (project / "serve.log").read_text
    with (project / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=project, env=env, stdout=log, stderr=subprocess.STDOUT, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", trust_env=False, timeout=30) as api:
            wait_for(lambda: online(api), "a worker", process=process, explain=printed)
            (deployment,) = api.post(
                "/deployments/filter", json={"deployments": {"name": {"any_": ["catalog"]}}}
            ).json()
            pressed = {"catalog": {"feed": "feed.csv"}, "video": {"platforms": ["tiktok"]}, "spending": {}}
            button = f"/deployments/{deployment['id']}/create_flow_run"
            press = lambda: api.post(button, json={"parameters": pressed}).raise_for_status()  # noqa: E731
            created = wait_for(press, "a flow run", process=process, explain=printed)
            run_id = created.json()["id"]
            ours = {"task_runs": {"state": {"name": {"any_": ["Completed"]}}, "name": {"like_": "BOWL-"}}}
            moving = lambda: api.post("/task_runs/filter", json=ours).raise_for_status().json()  # noqa: E731
            why = lambda: (printed(), story(api, run_id) if process.poll() is None else "serve has ended")  # noqa: E731
            wait_for(moving, "the first clips", process=process, explain=why)
            assert api.get(f"/flow_runs/{run_id}").json()["state_type"] == "RUNNING"
            doors = listening(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=DEADLINE_S)
    finally:
        process.kill()

    assert process.returncode == 0, printed()
    assert {address for address, _ in doors} == {"127.0.0.1"}, "for this machine alone: server, simulator, storage"
    assert len(doors) >= 3
    assert f"http://127.0.0.1:{port}" in printed()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False)
    folder = project / ".reelmill" / "simulator"
    assert list((folder / "storage" / "reelmill" / "reels" / "tables" / "results").rglob("*.parquet"))
    status = subprocess.run(
        [sys.executable, "-m", "reelmill", "status", "--output", "gs://reelmill/reels"],
        env=env
        | {"REELMILL_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}", "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"},
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "stopped" in status.stdout, status.stdout + status.stderr
    assert "running" not in status.stdout


def test_ctrl_c_of_the_terminal_reaches_no_command_that_deploys(tmp_path):
    """It goes to the whole foreground group; a deploy that it breaks off would be told as a wrong configuration."""
    printed = PrefectServer.on(tmp_path)._run([sys.executable, "-c", "import os; print(os.getpgrp())"], cwd=tmp_path)

    assert int(printed) != os.getpgrp()


@pytest.mark.parametrize(
    "name",
    [
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",
        "PREFECT_API_DATABASE_CONNECTION_URL",
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_API_KEY",
        "PREFECT_PROFILE",
    ],
)
def test_it_stays_out_of_a_persons_own_prefect(monkeypatch, tmp_path, name):
    """Deployed there, the rehearsal's deployments would take the place of theirs, and its worker their runs."""
    monkeypatch.setenv(name, "theirs")
    server = PrefectServer.on(tmp_path, extra={"PREFECT_SERVER_DATABASE_TIMEOUT": "9"})

    assert "theirs" not in server.env.values()
    assert server.env["PREFECT_API_URL"] == f"{server.url}/api"
    assert server.env["PREFECT_SERVER_DATABASE_TIMEOUT"] == "9", "what is asked for stays"


def story(api, run_id):
    """How a flow run got where it is."""
    logs = api.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": [run_id]}}}).json()
    state = api.get(f"/flow_runs/{run_id}").json()["state"]
    return [state, [line["message"] for line in logs]]


def online(api):
    workers = api.post("/work_pools/reelmill/workers/filter", json={})
    return workers.is_success and [worker for worker in workers.json() if worker["status"] == "ONLINE"]
