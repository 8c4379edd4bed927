"""A run that is killed goes on where it was: nothing is paid twice, nothing paid is lost."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from reelmill.errors import ExitCode
from tests.support.services import simulator

DEADLINE_S = 60.0
BROKEN = {signal.SIGKILL: "failed", signal.SIGTERM: "stopped"}


@pytest.fixture
def feed(tmp_path) -> Path:
    path = tmp_path / "feed.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "description", "link", "image_link", "availability", "price", "brand"])
        for number in range(12):
            rows.writerow(
                [
                    f"K-{number}",
                    f"Walnut bowl {number}",
                    "Turned by hand.",
                    "https://shop.example.com/x",
                    f"https://images.example.com/{number}.jpg",
                    "in_stock",
                    "49.00 EUR",
                    "Marrow & Pine",
                ]
            )
    return path


def environment(tmp_path, veo, gcs) -> dict[str, str]:
    return os.environ | {
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "REELMILL_VERTEX_BASE_URL": veo.url,
        "STORAGE_EMULATOR_HOST": gcs.url,
        "REELMILL_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
        "REELMILL_QUOTA_PER_MINUTE": "1200",
        "REELMILL_POLL_INTERVAL_S": "0.2",
        "REELMILL_UNCLEAR_WAIT_S": "20",  # longer than a busy simulator takes
        "REELMILL_INSPECT": "header",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reelmill", *arguments]


def run_json(arguments, env) -> tuple[int, dict]:
    done = subprocess.run(
        command(*arguments, "--json"), env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def wait_until(condition) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        os.sched_yield()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_same_command_again_finishes_a_killed_run(tmp_path, gcs, feed, number):
    with simulator(gcs.url, latency="1:3") as veo:
        env = environment(tmp_path, veo, gcs)
        output = f"gs://{gcs.bucket()}/reels"
        arguments = ["run", str(feed), "--output", output, "--platforms", "tiktok,youtube", "--yes"]
        process = subprocess.Popen(command(*arguments, "--json"), env=env, stdout=subprocess.DEVNULL)
        wait_until(lambda: veo.stats()["accepted"] >= 5)
        process.send_signal(number)
        process.wait(DEADLINE_S)

        code, report = run_json(arguments, env)
        journal = veo.journal()
        _, status = run_json(["status", "--output", output], env)

    paid = [entry["labels"]["clip"] for entry in journal]
    lost = [clip["clip_id"] for clip in status["attention"]]
    assert len(paid) == len(set(paid))
    # Killed between marking a clip and sending it: nobody can know, so it waits for a person, and was not paid.
    assert {clip["state"] for clip in status["attention"]} <= {"lost"}
    assert not set(paid) & set(lost)
    assert len(paid) + len(lost) == 24
    assert code == (ExitCode.ATTENTION if lost else ExitCode.OK), report
    charged = sum(Decimal(str(state["charged_usd"])) for state in status["states"].values())
    assert charged == sum(Decimal(str(entry["amount_usd"])) for entry in journal)
    assert status["audit"] == []
    assert sorted(run["status"] for run in status["runs"]) == sorted(["completed", BROKEN[number]])
