"""The policy for filtered clips as a person meets it: priced, bounded, resumed, explained."""

import csv
import os
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State

CONTENT = Path(__file__).parents[2] / "catalogs"
RULES = '[[default.step]]\ndrop = ["shop notes"]\nsay = ["A calm film."]\n[[default.step]]\nsay = ["All is at rest."]\n'
FAULT = "[[fault:output_filter]]"
ONCE = ("Lamp", f"Ready for battle {FAULT}.")  # softening leaves the shop notes out
ALWAYS = (f"Lamp {FAULT}", "Made well.")  # and never the name


@pytest.fixture
def write_product(tmp_path):
    def write(title: str, description: str) -> str:
        path = tmp_path / "feed.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "title", "description", "link", "availability", "price", "product_type"])
            rows.writerow(["F-1", title, description, "https://shop.example.com/p", "in_stock", "9.00 EUR", "Home"])
        return str(path)

    return write


@pytest.fixture
def policy(tmp_path, monkeypatch):
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "prompts" / "soften.toml").write_text(RULES)
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(folder))

    def set_retries(number: int) -> Path:
        monkeypatch.setenv("REELMILL_FILTERED_RETRIES", str(number))
        return folder

    return set_retries


@pytest.fixture
def submits(veo, rehearsal):
    return lambda: [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(rehearsal)]


def arguments(command, feed, output):
    return [command, feed, "--platforms", "tiktok", "--output", output, *(["--yes"] if command == "run" else [])]


def test_a_plan_says_what_retries_may_cost(reelmill, reelmill_json, rehearsal, write_product, policy):
    feed = write_product(*ONCE)
    _, without = reelmill_json(*arguments("plan", feed, rehearsal))
    policy(2)
    _, planned = reelmill_json(*arguments("plan", feed, rehearsal))
    _, printed, _ = reelmill(*arguments("plan", feed, rehearsal))

    assert (without["filtered_retries"], without["retries_usd"]) == (0, 0)
    assert (planned["filtered_retries"], planned["retries_usd"], planned["estimated_usd"]) == (2, 0.8, 0.4)
    said = " ".join(printed.split())
    assert "up to 2 retries of each filtered clip in softer words, at most $0.80 more if Google billed" in said


def test_a_filtered_clip_is_delivered_in_softer_words(reelmill, rehearsal, write_product, policy, submits):
    policy(1)
    code, printed, _ = reelmill(*arguments("run", write_product(*ONCE), rehearsal))
    assert code == ExitCode.OK, printed
    assert "1 succeeded" in printed
    assert "1 clip delivered in softer words" in printed
    assert [FAULT in entry["prompt"] for entry in submits()] == [True, False]


def test_so_is_one_whose_prompt_was_blocked_before_it_was_taken(reelmill, rehearsal, write_product, policy, submits):
    policy(1)
    feed = write_product("Lamp", "Ready for battle [[fault:400_filter]].")
    code, printed, _ = reelmill(*arguments("run", feed, rehearsal))
    assert code == ExitCode.OK, printed
    assert "1 clip delivered in softer words" in printed
    assert len(submits()) == 1, "the blocked one was never accepted"


def test_the_same_command_takes_the_policy_up_where_it_was_left_and_never_starts_again(
    reelmill, reelmill_json, rehearsal, write_product, policy, submits
):
    feed = write_product(*ALWAYS)
    _, first = reelmill_json(*arguments("run", feed, rehearsal))
    assert (first["counts"], len(submits())) == ({"filtered": 1}, 1)
    policy(2)
    _, planned = reelmill_json(*arguments("plan", feed, rehearsal))
    assert (planned["make"], planned["softened"], planned["retries_usd"]) == (1, 1, 0.4)

    for made in (3, 3, 3):
        code, report = reelmill_json(*arguments("run", feed, rehearsal))
        assert (code, len(submits())) == (ExitCode.ATTENTION, made)
    assert (report["blocked"], report["plan"]["make"]) == (1, 0)
    assert "as often as filtered_retries allows" in report["plan"]["blocked_clips"][0]["reason"]
    assert [entry["prompt"].count("A calm film.") for entry in submits()] == [0, 1, 1]

    policy(0)
    _, off = reelmill_json(*arguments("run", feed, rehearsal))
    assert (off["blocked"], len(submits())) == (1, 3)


def test_closing_lines_and_status_say_why_and_what_to_change(reelmill, reelmill_json, rehearsal, write_product, policy):
    policy(1)
    _, printed, _ = reelmill(*arguments("run", write_product(*ALWAYS), rehearsal))
    said = " ".join(printed.split())
    assert "filtered 1 clip: All videos were filtered. Support code" in said
    assert "In the prompt: " in said
    assert "Not retried: it was retried 1 times with softened prompts" in said
    _, status = reelmill_json("status", "--output", rehearsal)
    (clip,) = status["attention"]
    assert (clip["state"], clip["softening"]) == ("filtered", 1)
    assert "Not retried" in clip["error_message"]


def test_a_run_killed_before_its_retry_was_sent_goes_on_with_the_recorded_words(
    reelmill_json, rehearsal, write_product, policy, submits, monkeypatch
):
    content = policy(1)
    feed = write_product(*ONCE)
    with slow_run(feed, rehearsal) as process:
        waiting = wait_for_retry(os.environ["REELMILL_LEDGER_URL"])
        process.kill()
    assert len(submits()) == 1
    (content / "prompts" / "soften.toml").write_text('[[default.step]]\nsay = ["Something else."]\n')

    code, report = reelmill_json(*arguments("run", feed, rehearsal))

    assert (code, report["counts"]) == (ExitCode.OK, {"succeeded": 1})
    assert [entry["prompt"] for entry in submits()][1] == waiting.sent_prompt
    assert len(submits()) == 2
    _, status = reelmill_json("status", "--output", rehearsal)
    assert (status["audit"], status["waiting"]) == ([], 0)
    assert sum(Decimal(entry["amount_usd"]) for entry in submits()) == Decimal("0.40")


def slow_run(feed, output):
    """A run whose retry waits a minute for its turn; the quota is that of another project, so nobody else waits."""
    env = os.environ | {"REELMILL_QUOTA_PER_MINUTE": "1", "GOOGLE_CLOUD_PROJECT": "slow-rehearsal"}
    command = [sys.executable, "-m", "reelmill", *arguments("run", feed, output)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


def wait_for_retry(url):
    deadline = time.monotonic() + 60
    with Ledger.open(url) as ledger:
        while time.monotonic() < deadline:
            for _, intent in ledger.intents(states=[State.AUTHORISED]):
                if intent.softening:
                    return intent
            time.sleep(0.05)  # another process's doing can only be polled
    raise AssertionError("no retry was authorised")


def test_an_unsent_retry_is_a_filtered_clip_once_the_policy_is_off(
    reelmill_json, rehearsal, write_product, policy, submits
):
    policy(1)
    feed = write_product(*ONCE)
    with slow_run(feed, rehearsal) as process:
        wait_for_retry(os.environ["REELMILL_LEDGER_URL"])
        process.terminate()
    assert process.returncode == ExitCode.ATTENTION
    policy(0)

    _, planned = reelmill_json(*arguments("plan", feed, rehearsal))
    code, status = reelmill_json("status", "--output", rehearsal)
    assert (planned["make"], planned["blocked"]) == (0, 1)
    assert (code, [clip["error_code"] for clip in status["attention"]]) == (ExitCode.ATTENTION, ["retry_not_sent"])
    _, redriven = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert redriven["counts"] == {"filtered": 1}  # a person's decision: the clip's own words again
    assert [FAULT in entry["prompt"] for entry in submits()] == [True, True]


def test_a_policy_without_rules_says_so_before_any_money(reelmill, rehearsal, write_product, policy, submits):
    (policy(1) / "prompts" / "soften.toml").unlink()
    code, _, problems = reelmill(*arguments("run", write_product(*ONCE), rehearsal))
    assert code == ExitCode.USAGE
    assert "filtered_retries" in problems
    assert submits() == []
