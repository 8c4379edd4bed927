"""A run whose process falls silent: Prefect is told that it crashed, and the next look brings home what it had sent."""

import os
import signal
from pathlib import Path

from tests.e2e.pressing import settle, until_state
from tests.support.feeds import product_row, write_feed
from tests.support.waiting import wait_for


def engines(serve: int) -> list[int]:
    """The flow-run processes below ``reelmill serve``."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended
    found = [pid for pid, command in commands.items() if b"prefect.engine" in command or b"flow_engine" in command]
    return [pid for pid in found if serve in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    line = []
    while pid := parents.get(pid, 0):
        line.append(pid)
    return line


def test_a_silent_run_is_called_crashed_and_nothing_of_it_is_lost(installation):
    write_feed(installation.folder / "bowls.csv", [product_row(f"BOWL-{number}") for number in range(40)])
    (deployment,) = installation.api("POST", "/deployments/filter", deployments={"name": {"any_": ["catalog"]}})
    pressed = {"catalog": {"feed": "bowls.csv"}, "video": {"platforms": ["tiktok"]}, "spending": {"cap_usd": 40}}
    button = f"/deployments/{deployment['id']}/create_flow_run"
    run = installation.api("POST", button, parameters=pressed)
    wait_for(lambda: len(bowls(installation)) >= 5, "clips in flight")
    (engine,) = engines(installation.process.pid)
    os.kill(engine, signal.SIGSTOP)
    try:
        state = until_state(installation, run["id"], "Crashed")
        assert "No sign of life" in state["message"]
    finally:
        os.kill(engine, signal.SIGKILL)
    sent = len(bowls(installation))

    settle(installation)
    assert len(bowls(installation)) == sent < 40, "looking pays nothing"
    again = installation.api("POST", button, parameters=pressed)
    until_state(installation, again["id"], "Completed")
    clips = [entry["labels"]["clip"] for entry in bowls(installation)]
    assert len(clips) == len(set(clips)) == 40, "each once, over both runs"


def bowls(installation):
    return [entry for entry in installation.bank() if entry["labels"]["sku"].startswith("bowl-")]
