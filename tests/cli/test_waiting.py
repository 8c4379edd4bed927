"""A service that dies during a run: it is said, Ctrl-C is acted on soon, and the same command goes on later."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Self

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.local import start_fake_gcs
from tests.support.feeds import product_row, write_feed
from tests.support.services import FakeGcs, fake_gcs, simulator

DEADLINE_S = 60.0
SOON_S = 8.0  # a pause between two tries, and what a busy machine adds


class Run:
    """``reelmill run`` as a process; what it says on standard error can be awaited."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        self._told = folder / "stderr"
        with self._told.open("w") as problems, (folder / "stdout").open("w") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "reelmill", *arguments], env=environment, stdout=printed, stderr=problems
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()

    def interrupt(self, says: str = "") -> float:
        """Ctrl-C; returns the seconds until it says so, or until it has ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        if says:
            return self.until_told(says, SOON_S)
        self.process.wait(DEADLINE_S)
        return time.monotonic() - began

    def told(self) -> str:
        return self._told.read_text()

    def until_told(self, words: str, within_s: float = DEADLINE_S) -> float:
        """Wait until it says so; returns after how many seconds."""
        began = time.monotonic()
        while words not in self.told():
            assert time.monotonic() - began < within_s, self.told()
            time.sleep(0.02)
        return time.monotonic() - began


def wait_until(condition) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def environment(folder: Path, veo_url: str, storage_url: str, **more: str) -> dict[str, str]:
    return os.environ | {
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "REELMILL_VERTEX_BASE_URL": veo_url,
        "STORAGE_EMULATOR_HOST": storage_url,
        "REELMILL_LEDGER_URL": f"sqlite:///{folder / 'waiting.db'}",
        "REELMILL_QUOTA_PER_MINUTE": "6000",
        "REELMILL_POLL_INTERVAL_S": "0.2",
        "REELMILL_INSPECT": "header",
        **more,
    }


@pytest.fixture
def feed(tmp_path) -> str:
    return str(write_feed(tmp_path / "feed.csv", [product_row(f"W-{number}") for number in range(6)]))


def arguments(feed: str, output: str) -> list[str]:
    return ["run", feed, "--output", output, "--platforms", "tiktok", "--yes"]


@contextmanager
def storage_of_two_doors(folder: Path) -> Iterator[tuple[FakeGcs, FakeGcs]]:
    """Two processes that serve the same objects: one for Veo, one for us that may die."""
    with fake_gcs(folder) as theirs, fake_gcs(folder) as ours:
        yield theirs, ours


def test_dead_storage_is_told_and_two_ctrl_cs_end_the_run_within_seconds(tmp_path, feed):
    with storage_of_two_doors(tmp_path / "objects") as (theirs, ours), simulator(theirs.url, latency="2:3") as veo:
        output = f"gs://{theirs.bucket()}/reels"
        env = environment(tmp_path, veo.url, ours.url)
        with Run(arguments(feed, output), env, tmp_path) as run:
            wait_until(lambda: veo.stats()["accepted"] >= 6)
            ours.service.kill()
            run.until_told("Cloud Storage does not answer for bucket")
            stopping_s = run.interrupt("Stopping: no new clip is sent")
            leaving_s = run.interrupt()
            code, told, printed = run.process.returncode, run.told(), (tmp_path / "stdout").read_text()

    assert leaving_s < SOON_S, told
    assert stopping_s < SOON_S
    assert told.count("waiting since") == 1
    assert "Traceback" not in told
    assert "reelmill report --rebuild" in " ".join(printed.split())
    assert code == ExitCode.ERROR


def test_a_run_goes_on_by_itself_when_storage_is_back(tmp_path, feed):
    with storage_of_two_doors(tmp_path / "objects") as (theirs, ours), simulator(theirs.url, latency="2:3") as veo:
        output = f"gs://{theirs.bucket()}/reels"
        with Run(arguments(feed, output), environment(tmp_path, veo.url, ours.url), tmp_path) as run:
            wait_until(lambda: veo.stats()["accepted"] >= 6)
            ours.service.kill()
            run.until_told("Cloud Storage does not answer for bucket")
            with start_fake_gcs(tmp_path / "objects", ours.service.port):
                run.until_told("it does again, after")
                code = run.process.wait(DEADLINE_S)
        billed = sum(Decimal(entry["amount_usd"]) for entry in veo.journal())
    with Ledger.open(f"sqlite:///{tmp_path / 'waiting.db'}") as ledger:
        delivered = ledger.totals()[State.SUCCEEDED]
    assert "Traceback" not in run.told()
    assert (code, delivered.clips, delivered.charged_usd) == (ExitCode.OK, 6, billed)


def test_a_vertex_that_is_gone_is_told_and_told_again_when_it_is_back(tmp_path, feed, gcs):
    with simulator(gcs.url, latency="600:600") as veo:
        output = f"gs://{gcs.bucket()}/reels"
        with Run(arguments(feed, output), environment(tmp_path, veo.url, gcs.url), tmp_path) as run:
            wait_until(lambda: veo.stats()["accepted"] >= 6)
            veo.kill()
            run.until_told("Vertex AI does not answer")
            with simulator(gcs.url, port=veo.service.port):
                run.until_told("it does again, after")
            run.interrupt("Stopping: no new clip is sent")
            leaving_s = run.interrupt()
    assert leaving_s < SOON_S
    assert "Traceback" not in run.told()
