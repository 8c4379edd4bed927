from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reelmill.errors import FixConfiguration
from reelmill.simulator.arguments import parse_arguments
from reelmill.simulator.faults import MEANINGS, Fault
from reelmill.simulator.options import SimulatorOptions

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


def test_the_documented_command_line_is_understood(tmp_path):
    line = (
        "--port 4500 --storage-url http://127.0.0.1:4443 --quota-per-minute 600 --latency 5:15 --seed 7 "
        f"--fault 429=0.1 drop_after_accept=0.05 --fault error_13=0.2,partial=0.1 --journal {tmp_path}/j.jsonl"
    )
    options = parse_arguments(line.split())
    assert options == SimulatorOptions(
        port=4500,
        storage_url="http://127.0.0.1:4443",
        quota_per_minute=600,
        latency=(5, 15),
        seed=7,
        faults={Fault.HTTP_429: 0.1, Fault.DROP_AFTER_ACCEPT: 0.05, Fault.ERROR_13: 0.2, Fault.PARTIAL: 0.1},
        journal=tmp_path / "j.jsonl",
    )


def test_nothing_given_means_the_defaults():
    assert parse_arguments([]) == SimulatorOptions()
    assert SimulatorOptions().host == "127.0.0.1"


def test_a_fault_without_a_probability_is_certain():
    assert parse_arguments(["--fault", "slow"]).faults == {Fault.SLOW: 1.0}


@pytest.mark.parametrize(
    "line",
    [
        "--fault nonsense=0.1",
        "--fault 429=often",
        "--fault 429=1.5",
        "--fault 429=0.6 503_before=0.6",
        "--latency 5:2",
        "--latency soon",
        "--port 70000",
        "--quota-per-minute -1",
        "--storage-url ftp://x",
        "--video-scale 0",
        "--workers 0",
        "--videos nowhere",
        "--slow-seconds -1",
    ],
)
def test_values_that_make_no_sense_are_refused(line):
    with pytest.raises(FixConfiguration):
        parse_arguments(line.split())


@pytest.mark.parametrize("line", ["--fault nonsense=1", "--models veo-9", "--unknown", "--port x"])
def test_a_wrong_command_line_ends_with_code_2(line):
    done = subprocess.run(
        [sys.executable, "-m", "reelmill.simulator", *line.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr


def test_the_page_documents_every_option_and_fault():
    text = PAGE.read_text("utf-8")
    usage = subprocess.run(
        [sys.executable, "-m", "reelmill.simulator", "--help"], capture_output=True, text=True, check=True
    ).stdout
    options = {word.strip("[],") for word in usage.split() if word.strip("[],").startswith("--")}
    assert "--quota-per-minute" in options
    assert [option for option in sorted(options) if f"`{option}" not in text and option != "--help"] == []
    for fault, (_, meaning) in MEANINGS.items():
        assert f"| `{fault}` | {meaning}" in text, fault
