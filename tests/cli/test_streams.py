"""Standard output that is closed, full or read no further, and terminals that lack our characters."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from reelmill.cli.streams import on_streams
from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger

COMMAND = f"{shlex.quote(sys.executable)} -m reelmill"


def shell(command, **env):
    """Its exit code and standard error."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} {command}"], env=os.environ | env, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode("ascii" if env else "utf-8"), done.stderr.decode()


@pytest.mark.parametrize("verb", ["settings", "settings --json"])
def test_output_that_finds_no_room_is_told_in_a_sentence(verb):
    code, _, problems = shell(f"{verb} >/dev/full")
    assert (code, problems) == (
        ExitCode.ERROR,
        "reelmill: Standard output cannot be written: No space left on device. Let it go to a place with room.\n",
    )


@pytest.mark.parametrize("verb", ["settings", "settings --json", "plan nowhere.csv --json"])
def test_output_that_is_closed_is_left_out(verb):
    code, printed, problems = shell(f"{verb} >&- <&-")
    assert (code, printed) == (ExitCode.ERROR if "plan" in verb else ExitCode.OK, "")
    assert "Traceback" not in problems


@pytest.mark.parametrize(
    ("verb", "codes"),
    [
        ("webhooks list --json", {ExitCode.OK}),  # it has done its work when it meets the closed pipe
        ("plan nowhere.csv --json", {ExitCode.ERROR}),
        ("settings --json", {ExitCode.OK, ExitCode.ERROR}),
        ("settings", {ExitCode.OK, ExitCode.ERROR}),
    ],
)
def test_a_reader_that_has_had_enough_ends_it_quietly(verb, codes):
    Ledger.open(os.environ["REELMILL_LEDGER_URL"]).close()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reelmill", *verb.split()],
            env=os.environ | {"PYTHONUNBUFFERED": ""},
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode in codes
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_terminal_that_lacks_a_character_shows_its_code_and_json_stays_json():
    lacking = {"PYTHONIOENCODING": "ascii", "REELMILL_CAMPAIGN": "Frühling"}
    code, printed, problems = shell("settings --changed", **lacking)
    assert (code, "Fr\\xfchling" in printed, problems) == (ExitCode.OK, True, "")
    code, printed, _ = shell("settings --changed --json", **lacking)
    assert "Frühling" in json.dumps(json.loads(printed), ensure_ascii=False)
    assert code == ExitCode.OK


def test_a_broken_pipe_to_somebody_else_is_no_quiet_end():
    def loses_its_peer():
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        on_streams(loses_its_peer)
