"""Flows in processes of their own: without a server, and stopped by SIGTERM as Prefect cancels them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import RunStatus
from reelmill.ledger.states import State
from tests.support.feeds import product_row, write_feed
from tests.support.services import simulator
from tests.support.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_S = 300.0  # a machine that does other things besides needs minutes to start Prefect

SCRIPT = """
import asyncio, json, sys
from flows.catalog_run import catalog_run
from flows.parameters import Catalog, Video

async def main():
    state = await catalog_run(
        Catalog(feed=sys.argv[1]), Video(platforms=["tiktok", "youtube"]), output=sys.argv[2], return_state=True
    )
    print(json.dumps([state.name, state.type.value, state.message]), flush=True)

asyncio.run(main())
"""


pytestmark = pytest.mark.timeout(2 * DEADLINE_S)


@pytest.fixture
def environment(tmp_path, gcs):
    def for_simulator(veo, **more) -> dict[str, str]:
        return os.environ | {
            "GOOGLE_CLOUD_PROJECT": "rehearsal",
            "REELMILL_VERTEX_BASE_URL": veo.url,
            "STORAGE_EMULATOR_HOST": gcs.url,
            "REELMILL_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "REELMILL_QUOTA_PER_MINUTE": "300",
            "REELMILL_POLL_INTERVAL_S": "0.2",
            "REELMILL_INSPECT": "off",
            "PYTHONPATH": str(PROJECT),
            **more,
        }

    return for_simulator


def start(feed, output, env, cwd) -> subprocess.Popen:
    command = [sys.executable, "-c", SCRIPT, str(feed), output]
    return subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process) -> list[str]:
    printed, errors = process.communicate(timeout=DEADLINE_S)
    assert printed, errors
    return json.loads(printed.strip().splitlines()[-1])


def test_a_flow_runs_with_no_server_configured(tmp_path, gcs, veo, environment):
    feed = write_feed(tmp_path / "feed.csv", [product_row("BOWL-1")])
    env = environment(
        veo, PREFECT_HOME=str(tmp_path / "prefect"), PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="150"
    )
    del env["PREFECT_API_URL"]

    name, kind, message = ended(start(feed, f"gs://{gcs.bucket()}/reels", env, tmp_path))

    assert (name, kind) == ("Completed", "COMPLETED"), message
    assert "2 succeeded" in message


@pytest.mark.usefixtures("prefect_server")
def test_sigterm_leaves_what_is_in_flight_and_the_next_run_brings_it_home(tmp_path, gcs, environment):
    feed = write_feed(tmp_path / "feed.csv", [product_row(f"BOWL-{number}") for number in range(12)])
    output = f"gs://{gcs.bucket()}/reels"
    with simulator(gcs.url, latency="4:6") as veo:
        env = environment(veo)
        first = start(feed, output, env, tmp_path)
        deadline = time.monotonic() + DEADLINE_S
        while veo.stats()["accepted"] < 5:
            assert first.poll() is None, first.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)  # between two looks
        first.send_signal(signal.SIGTERM)
        name, kind, message = ended(first)

        assert (name, kind) == ("Cancelled", "CANCELLED"), message
        assert "submitted" in message
        left = veo.stats()["accepted"]
        assert left < 24
        ledger = Ledger.open(env["REELMILL_LEDGER_URL"])
        try:
            (run,) = ledger.runs()
            assert run.status is RunStatus.STOPPED
            assert ledger.totals()[State.SUBMITTED].clips >= 1
        finally:
            ledger.close()
        name, _, message = ended(start(feed, output, env, tmp_path))

        assert name == "Completed", message
        assert veo.stats()["accepted"] == 24
        paths = [entry["storage_uri"] for entry in veo.journal()]
        assert len(paths) == len(set(paths))


@pytest.mark.usefixtures("prefect_server")
def test_sigterm_closes_the_books_before_prefect_kills_however_silent_vertex_is(tmp_path, gcs, environment):
    feed = write_feed(tmp_path / "feed.csv", [product_row("BOWL-1", "Bowl [[fault:slow]]")])
    with simulator(gcs.url, prompt_faults=True, slow_seconds=3600) as veo:
        env = environment(veo, REELMILL_SUBMIT_TIMEOUT_S="600")
        run = start(feed, f"gs://{gcs.bucket()}/reels", env, tmp_path)
        try:
            wait_for(lambda: veo.stats()["accepted"], "nothing was sent", process=run)
            run.send_signal(signal.SIGTERM)
            with Ledger.open(env["REELMILL_LEDGER_URL"]) as ledger:
                wait_for(lambda: ledger.runs()[0].status is RunStatus.STOPPED, "the books are open", process=run)
                assert run.poll() is None  # it stays for the answer, as long as it may
                assert ledger.totals()[State.SENDING].clips >= 1
        finally:
            run.kill()
            run.communicate()
