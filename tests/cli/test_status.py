import dataclasses
import os
import shlex

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, bring_to, make_clip, settlement
from tests.support.production import rehearsed

LEASE_S = 3600
UNFIT = {"status": "fail", "findings": [{"code": "black", "message": "It is black."}], "videos": []}
WHY = "Google's safety filter stopped the request. Support code 15236754 (celebrity): a well-known person. " * 3


@pytest.fixture
def ledger():
    """The ledger that the command line will open, with one run."""
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as opened:
        opened.start_run(Run(run_id=RUN, output=OUTPUT))
        yield opened


def end(ledger, name, state, *, code="", message="", inspection=None, **changes):
    intent = bring_to(ledger, State.SUBMITTED, make_clip(name, samples=2), lease_s=LEASE_S, **changes)
    told = dataclasses.replace(settlement(state, intent), error_code=code, error_message=message, inspection=inspection)
    ledger.settle(intent.intent_id, told)
    return intent


def bad_night(ledger):
    """Every way in which a clip can stand."""
    bring_to(ledger, State.SUBMITTED, make_clip("flying"), lease_s=LEASE_S, owner="elsewhere/b/1/2/x")
    ledger.renew([intent.intent_id for _, intent in ledger.intents()], owner="elsewhere/b/1/2/x", lease_s=LEASE_S)
    bring_to(ledger, State.UNKNOWN, make_clip("unclear"))
    bring_to(ledger, State.LOST, make_clip("it's lost"))
    bring_to(ledger, State.EXPIRED, make_clip("expired"))
    end(ledger, "filtered", State.FILTERED, code="15236754", message=WHY)
    end(ledger, "broken", State.FAILED, code="rpc_13", message="INTERNAL: Google failed.")
    end(ledger, "wrong", State.FAILED, code="rpc_3", message="INVALID_ARGUMENT: duration.")
    end(ledger, "half", State.PARTIAL, message="1 of 2 videos came back.")
    end(ledger, "black", State.SUCCEEDED, inspection=UNFIT)
    first = end(ledger, "twice", State.SUCCEEDED)
    end(ledger, "twice", State.SUCCEEDED, again=True, after=first.intent_id)
    ledger.finish_run(RUN, RunStatus.COMPLETED)
    return first


def test_status_lists_everything_that_needs_a_person_with_its_cost(ledger, reelmill_json):
    orphan = bad_night(ledger)
    code, status = reelmill_json("status", "--output", OUTPUT)

    assert code == ExitCode.ATTENTION
    assert {(clip["sku"], clip["next"]) for clip in status["attention"]} == {
        ("unclear", "settle"),
        ("it's lost", "decide"),
        ("expired", "decide"),
        ("broken", "redrive"),
        ("filtered", "change"),
        ("wrong", "change"),
        ("half", "review"),
    }
    assert [(clip["sku"], clip["findings"][0]["code"]) for clip in status["unfit"]] == [("black", "black")]
    ((listed),) = status["orphans"]
    assert (listed["intent_id"], listed["charged_usd"], len(listed["videos"])) == (orphan.intent_id, 6.4, 2)
    assert status["clips"] == 10
    assert status["states"]["succeeded"] == {"clips": 2, "attempts": 3, "charged_usd": 19.2, "reserved_usd": 0}
    assert status["states"]["lost"]["reserved_usd"] == pytest.approx(3.2)
    assert status["kinds"]["decide"] == {"count": 2, "charged_usd": 0, "reserved_usd": 6.4}
    assert (status["waiting"], status["audit"], len(status["runs"])) == (8, [], 1)


def test_the_screen_gives_the_exact_commands_and_stays_readable(ledger, reelmill):
    bad_night(ledger)
    _, printed, _ = reelmill("status", "--output", OUTPUT)
    ids = [clip.clip_id for clip, intent in ledger.intents(states=[State.LOST, State.EXPIRED])]

    commands = [line.strip() for line in printed.splitlines() if line.startswith("    reelmill ")]
    assert commands == [
        f"reelmill settle --output {OUTPUT}",
        f"reelmill settle --output {OUTPUT}",
        f"reelmill redrive --authorise-unclear {' '.join(ids)} --output {OUTPUT}",
        f"reelmill redrive --only broken --output {OUTPUT}",
        f"reelmill redrive --only filtered wrong --output {OUTPUT}",
        f"reelmill redrive --unfit --only half --output {OUTPUT}",
        f"reelmill redrive --unfit --only black --output {OUTPUT}",
    ]
    assert "celebrity" in printed
    assert "It is black." in printed
    too_wide = [line for line in printed.splitlines() if len(line) > 100 and not line.startswith("    reelmill ")]
    assert too_wide == []


def test_the_table_counts_clips_apart_from_older_attempts_and_adds_up(ledger, reelmill):
    bad_night(ledger)
    _, printed, _ = reelmill("status", "--output", OUTPUT)
    rows = {}
    for line in filter(str.strip, printed.splitlines()):
        name, *cells = line.rsplit(maxsplit=4)
        rows[name.strip()] = cells
    assert rows["in flight"] == ["1", "0", "$0.00", "$3.20"]
    assert rows["succeeded"] == ["2", "1", "$19.20", "$0.00"]
    assert (
        rows["unclear"][0] == rows["lost"][0] == rows["expired"][0] == rows["filtered"][0] == rows["partial"][0] == "1"
    )
    assert "10 clips in 11 attempts: $22.40 paid, $12.80 reserved" in printed
    assert "of these orphans" in printed


def test_a_skus_quotes_survive_a_shell(ledger, reelmill):
    end(ledger, "it's broken", State.FAILED, code="rpc_13")
    _, printed, _ = reelmill("status", "--output", OUTPUT)
    assert """reelmill redrive --only 'it'"'"'s broken' --output""" in printed


def test_what_a_worker_left_is_to_be_settled_and_what_one_holds_is_not(ledger, reelmill_json):
    bring_to(ledger, State.SUBMITTED, make_clip("left"))
    held = bring_to(ledger, State.AUTHORISED, make_clip("held"), lease_s=LEASE_S)
    with ledger._db.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE intents SET lease_until = created_at WHERE intent_id <> ?", (held.intent_id,)
        )
    _, status = reelmill_json("status")
    assert [(clip["sku"], clip["next"]) for clip in status["attention"]] == [("left", "settle")]


def test_a_lost_clip_that_was_made_again_says_what_it_still_reserves(ledger, reelmill):
    first = bring_to(ledger, State.LOST)
    bring_to(ledger, State.SUCCEEDED, again_unclear=True, after=first.intent_id)
    code, printed, _ = reelmill("status")
    assert code == ExitCode.OK
    assert "1 older attempt may have been paid and still reserves money" in printed


def test_a_failed_clip_that_a_changed_one_replaced_needs_nobody(ledger, reelmill_json):
    clip = make_clip("shoe")
    bring_to(ledger, State.FILTERED, clip)
    changed = dataclasses.replace(clip, clip_id="0" * 32)
    bring_to(ledger, State.SUCCEEDED, changed)
    code, status = reelmill_json("status")
    assert (code, status["attention"], status["waiting"]) == (ExitCode.OK, [], 0)


def test_ends_that_nobody_was_told_of_are_counted_with_the_way_out(ledger, reelmill, reelmill_json):
    ledger.start_run(Run(run_id="run-2", output=OUTPUT, webhooks=True))
    for name in ("lamp", "bowl"):
        bring_to(ledger, State.SUCCEEDED, make_clip(name), run_id="run-2")
    given_up, put_off = ledger.take_due(holder="me", lease_s=60, limit=2)
    ledger.put_off(put_off.delivery_id, holder="me", pause_s=60, error="HTTP 503")
    assert (reelmill_json("status")[1]["dead_letters"], "dead letter" in reelmill("status")[1]) == (0, False)

    ledger.bury(given_up.delivery_id, holder="me", error="HTTP 410")
    code, printed, _ = reelmill("status")
    assert code == ExitCode.ATTENTION
    assert "1 dead letter: " in printed
    assert "reelmill webhooks redrive" in printed
    assert reelmill_json("status")[1]["dead_letters"] == 1

    ledger.redrive_deliveries()
    assert reelmill_json("status")[0] == ExitCode.OK


def test_skus_and_states_narrow_the_list_and_not_the_table(ledger, reelmill_json):
    bad_night(ledger)
    _, by_sku = reelmill_json("status", "--only", "half", "broken")
    _, by_state = reelmill_json("status", "--state", "lost", "expired")
    assert {clip["sku"] for clip in by_sku["attention"]} == {"half", "broken"}
    assert {clip["sku"] for clip in by_state["attention"]} == {"it's lost", "expired"}
    assert by_sku["states"] == by_state["states"]


def test_a_hundred_failures_stay_one_screen_and_are_all_counted(ledger, reelmill, reelmill_json):
    for number in range(100):
        end(ledger, f"s{number}", State.FAILED, code="rpc_13", message="INTERNAL: Google failed.")
    _, printed, _ = reelmill("status")
    _, status = reelmill_json("status")
    assert len(printed.splitlines()) < 40
    assert "and 95 more" in printed
    assert len(status["attention"]) == status["waiting"] == 100


def test_an_empty_ledger_says_nothing_yet(reelmill):
    Ledger.open(os.environ["REELMILL_LEDGER_URL"]).close()
    code, printed, _ = reelmill("status")
    assert code == ExitCode.OK
    assert "nothing yet" in printed


@pytest.mark.parametrize(
    "verb", [("status",), ("report",), ("prune",), ("reconcile", "--billing-export", "bill.json"), ("webhooks", "list")]
)
def test_who_only_reads_makes_no_ledger(reelmill, verb, tmp_path):
    code, printed, problems = reelmill(*verb)
    assert (code, printed) == (ExitCode.USAGE, "")
    assert f"Ledger {tmp_path}/ledger.db does not exist. Set REELMILL_LEDGER_URL to the ledger in use" in problems
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["status", "report", "settle", "redrive"])
def test_an_output_nobody_used_is_an_error_that_names_what_there_is(ledger, reelmill, verb, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    ledger.start_run(Run(run_id="run-2", output="gs://shop/other"))
    code, printed, problems = reelmill(verb, "--output", "gs://shop/vidoes")
    assert (code, printed) == (ExitCode.USAGE, "")
    assert problems.index(OUTPUT) < problems.index("gs://shop/other")


def test_an_output_of_the_settings_that_is_still_unused_is_told_with_what_there_is(ledger, reelmill, monkeypatch):
    monkeypatch.setenv("REELMILL_OUTPUT", "gs://shop/new")
    code, printed, _ = reelmill("status")
    assert code == ExitCode.OK
    assert f"This ledger knows: {OUTPUT}" in printed


@pytest.mark.parametrize("verb", [("report", "--rebuild"), ("inspect",), ("manifest", "json")])
def test_nothing_is_written_to_an_output_of_the_settings_that_no_run_was_for(
    ledger, reelmill, verb, monkeypatch, tmp_path
):
    monkeypatch.setenv("REELMILL_OUTPUT", str(tmp_path / "other"))
    code, printed, problems = reelmill(*verb)
    assert (code, printed) == (ExitCode.USAGE, "")
    assert f"No run was for {tmp_path}/other. Give --output one that this ledger knows: {OUTPUT}." in problems
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("verb", [("report",), ("inspect",), ("manifest", "json"), ("publish", "--to", "cms")])
def test_a_run_is_not_looked_for_in_another_output(ledger, reelmill, verb):
    ledger.start_run(Run(run_id="run-2", output="gs://shop/other"))
    code, printed, problems = reelmill(*verb, "--run", RUN, "--output", "gs://shop/other/")
    assert (code, printed) == (ExitCode.USAGE, "")
    assert f"Run {RUN} was for {OUTPUT}, not for gs://shop/other. Name the run alone." in problems


def test_printed_commands_work_in_a_shell_whatever_the_names(ledger, reelmill, tmp_path):
    root = f"{tmp_path}/my reels"
    ledger.start_run(Run(run_id="run-2", output=root))
    end(ledger, "-x", State.FAILED, code="rpc_13", run_id="run-2", output=root)
    _, printed, _ = reelmill("status", "--output", root)
    (command,) = [line.strip() for line in printed.splitlines() if line.startswith("    reelmill ")]
    assert command == f"reelmill redrive --only=-x --output '{root}'"
    _, planned, problems = reelmill(*shlex.split(command)[1:])
    assert "make -x 9:16, failed: " in planned
    assert "Nobody approved spending" in problems


def test_google_is_paid_for_nothing_that_was_rehearsed(ledger, reelmill, reelmill_json, tmp_path):
    ledger.start_run(Run(run_id="run-2", output=str(tmp_path)))
    for name, state in (("cup", State.FAILED), ("bowl", State.LOST)):
        bring_to(ledger, state, rehearsed(make_clip(name)), run_id="run-2", output=str(tmp_path))
    _, printed, _ = reelmill("status", "--output", tmp_path)
    commands = [line.strip() for line in printed.splitlines() if line.startswith("    reelmill ")]
    assert commands == [f"reelmill settle --output {tmp_path}"]  # it looks for the lost one; no command pays
    assert "this is Google" in printed
    code, told = reelmill_json("redrive", "--output", tmp_path, "--only", "cup", "bowl")
    assert (code, told["run_id"], told["blocked"]) == (ExitCode.ATTENTION, None, 2)
    assert all("in a rehearsal, and this is Google" in one["reason"] for one in told["plan"]["blocked_clips"])


def test_an_unknown_run_is_an_error_that_names_near_ones(ledger, reelmill):
    ledger.start_run(Run(run_id="r20261122-133000-1a2b3c", output=OUTPUT))
    code, _, problems = reelmill("report", "--run", "r20261122-133000-1a2b3d")
    assert code == ExitCode.USAGE
    assert "Did you mean r20261122-133000-1a2b3c?" in problems
    _, _, problems = reelmill("report", "--run", "yesterday")
    assert "The latest ones are r20261122-133000-1a2b3c" in problems


def test_report_tells_clips_from_attempts_and_lists_the_unfit(ledger, reelmill, reelmill_json):
    bad_night(ledger)
    _, printed, _ = reelmill("report")
    _, report = reelmill_json("report", "--run", RUN)
    assert "10 clips in 11 attempts" in printed
    assert "1 clip delivered, but found unfit by inspection" in printed
    assert "black  9:16: It is black." in printed
    assert (report["clips"], report["attempts"], report["unfit"], report["output"]) == (10, 11, 1, OUTPUT)
