"""``reelmill inspect``: what a person meets who has clips looked at after they were settled."""

import os
import signal

import pytest

from reelmill.errors import ExitCode
from reelmill.jobs import inspecting
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run


@pytest.fixture
def unseen(reelmill_json, rehearsal, write_feed, monkeypatch):
    """A run of two clips that nobody has looked at."""
    monkeypatch.setenv("REELMILL_INSPECT_LATER", "true")
    base = ["--platforms", "tiktok", "--output", rehearsal, "--yes"]
    return reelmill_json("run", write_feed("Lamp to see", "Bowl to see"), *base)[1]


def test_a_run_is_looked_at_in_its_own_output(reelmill_json, unseen):
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        ledger.start_run(Run(run_id="later", output="gs://shop/other"))
    code, looked = reelmill_json("inspect", unseen["run_id"])
    assert (code, looked["looked_at"], looked["left"]) == (ExitCode.OK, 2, 0)


def test_who_interrupts_is_told_what_is_left(reelmill, reelmill_json, unseen, monkeypatch):
    look = inspecting.inspect_settled

    async def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return await look(*arguments)

    monkeypatch.setenv("REELMILL_MEDIA_WORKERS", "1")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(inspecting, "inspect_settled", interrupted)
        code, printed, _ = reelmill("inspect", unseen["run_id"])
    assert code == ExitCode.ATTENTION
    assert "Looked at 1 clip: 1 pass." in printed
    assert "Interrupted: 1 clip not looked at. Run the same command to go on." in printed
