"""Settle and redrive, as a person meets them."""

import dataclasses
import os
from decimal import Decimal

import pytest

from reelmill.cli.making import _Advance
from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run, Settlement
from reelmill.ledger.states import State
from reelmill.production.results import ClipResult
from tests.ledger.making import bring_to
from tests.support.production import clip, rehearsed

BASE = ["--platforms", "tiktok"]


@pytest.fixture
def ledger():
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as opened:
        yield opened


@pytest.fixture
def night(reelmill_json, rehearsal, write_feed, veo):
    """Make a feed of these titles; returns the run's report and a count of submits so far."""

    def make(*titles: str):
        _, report = reelmill_json("run", write_feed(*titles), *BASE, "--output", rehearsal, "--yes")
        return report, veo.stats()["posts"]

    return make


def put_video(gcs, output: str, intent) -> str:
    """What Veo would have written, late."""
    return gcs.put(f"{output}/{intent.output_prefix}/1234/sample_0.mp4", b"\0\0\0\x18ftypmp42" + bytes(64))


def test_settle_says_what_it_found_clip_by_clip(reelmill, reelmill_json, night, rehearsal, ledger, gcs):
    night("Lamp [[fault:503_before]]", "Bowl [[fault:503_before]]")
    (_, found), (_, missing) = ledger.intents(states=[State.LOST])
    put_video(gcs, rehearsal, found)

    code, printed, _ = reelmill("settle", "--output", rehearsal)
    lines = dict(line.split(": ", 1) for line in " ".join(printed.split()).replace(" C-", "\nC-").splitlines())
    again_code, again = reelmill_json("settle", "--output", rehearsal)

    texts = " ".join(lines.values())
    assert f"found 1 video at {found.output_prefix}/, charged $0.40." in texts
    assert f"still nothing, looked at {missing.output_prefix}/; $0.40 stays reserved." in texts
    assert "Looked at 2 clips: 1 delivered for $0.40; 1 without a video." in texts
    assert code == again_code == ExitCode.ATTENTION
    assert (again["looked_at"], [entry["state"] for entry in again["clips"]]) == (1, ["lost"])
    assert again["clips"][0]["found"].startswith("still nothing")


def test_a_video_that_turns_up_after_its_clip_was_made_again_is_told_as_an_orphan(
    reelmill_json, night, rehearsal, ledger, gcs
):
    night("Lantern [[fault:503_before:1]]")
    ((lost, first),) = ledger.intents(states=[State.LOST])
    code, _ = reelmill_json("redrive", "--output", rehearsal, "--authorise-unclear", lost.clip_id, "--yes")
    assert code == ExitCode.OK
    uri = put_video(gcs, rehearsal, first)

    _, settled = reelmill_json("settle", "--output", rehearsal)
    code, status = reelmill_json("status", "--output", rehearsal)

    ((told),) = settled["clips"]
    assert told["orphan"]
    assert "orphan" in told["found"]
    ((orphan),) = status["orphans"]
    assert (orphan["videos"], orphan["charged_usd"]) == ([uri], 0.4)


def test_what_was_never_sent_is_given_back_and_told(reelmill, reelmill_json, rehearsal, ledger):
    ledger.start_run(Run(run_id="run-1", output=rehearsal))
    bring_to(ledger, State.AUTHORISED, clip(), run_id="run-1", output=rehearsal, lease_s=-1)
    code, printed, _ = reelmill("settle", "--output", rehearsal)
    assert code == ExitCode.OK
    assert "1 clip never sent, given back" in printed


def test_ids_alone_mean_those_clips_and_the_plan_names_each(reelmill, reelmill_json, rehearsal, ledger, veo):
    ledger.start_run(Run(run_id="run-1", output=rehearsal))
    lost, other, failed = (rehearsed(clip(sku)) for sku in ("LOST", "OTHER", "FAILED"))
    for one, state in ((lost, State.LOST), (other, State.EXPIRED), (failed, State.FAILED)):
        bring_to(ledger, state, one, run_id="run-1", output=rehearsal)
    base = ["redrive", "--output", rehearsal]

    _, printed, problems = reelmill(*base, "--authorise-unclear", lost.clip_id)
    assert "1 clip for 1 product: 1 make, 0 keep, 0 blocked" in printed
    assert f"make LOST 9:16, lost: {lost.clip_id}" in printed
    assert "Nobody approved spending up to $0.20" in problems
    _, printed, _ = reelmill(*base, "--authorise-unclear", lost.clip_id, "--only", "LOST", "FAILED")
    assert "2 clips for 2 products: 2 make" in printed
    assert "make FAILED 9:16, failed: " in printed
    _, printed, _ = reelmill(*base, "--authorise-unclear", lost.clip_id, "--unfit")
    assert "3 clips for 3 products: 2 make, 0 keep, 1 blocked" in printed

    posts = veo.stats()["posts"]
    code, made = reelmill_json(*base, "--authorise-unclear", lost.clip_id, "--yes")
    assert (code, made["made"], veo.stats()["posts"]) == (ExitCode.OK, 1, posts + 1)
    assert made["plan"]["clips_to_make"] == [
        {"clip_id": lost.clip_id, "sku": "LOST", "aspect_ratio": "9:16", "state": "lost"}
    ]


def test_nothing_to_make_has_every_field_of_a_run(reelmill_json, night, rehearsal):
    made, _ = night("Lamp")
    _, redriven = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert made.keys() - redriven.keys() == set()
    assert (redriven["run_id"], redriven["gallery"], redriven["films"]["waiting"]) == (None, None, 0)


def test_redrive_with_nothing_to_do_begins_no_run_and_writes_nothing(
    reelmill, reelmill_json, night, rehearsal, ledger, gcs
):
    night("Lamp")
    bucket = rehearsal.removeprefix("gs://").partition("/")[0]

    def everything():
        return {blob.name: blob.generation for blob in gcs.client().list_blobs(bucket)}, len(ledger.runs())

    before = everything()
    code, printed, _ = reelmill("redrive", "--output", rehearsal, "--yes")
    json_code, told = reelmill_json("redrive", "--output", rehearsal, "--yes", "--only", "C-9")

    assert code == json_code == ExitCode.OK
    assert "Nothing to make again" in printed
    assert (told["run_id"], told["made"]) == (None, 0)
    assert "C-9" in told["plan"]["warnings"][0]
    assert everything() == before


def test_a_clip_that_an_earlier_attempt_delivered_is_paid_again_only_by_name(
    reelmill_json, night, rehearsal, ledger, gcs, veo
):
    night("Lampion [[fault:503_before:1]]")  # another prompt: the fault counts its submits
    ((lost, first),) = ledger.intents(states=[State.LOST])
    # A second attempt failed; then the first one's video turned up.
    second = bring_to(
        ledger, State.FAILED, lost, again_unclear=True, after=first.intent_id, run_id=first.run_id, output=rehearsal
    )
    put_video(gcs, rehearsal, first)
    reelmill_json("settle", "--output", rehearsal)
    posts = veo.stats()["posts"]

    _, untouched = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert "Attempt 1 has delivered it" in untouched["plan"]["blocked_clips"][0]["reason"]
    assert veo.stats()["posts"] == posts
    assert second.attempt == 2

    _, named = reelmill_json("redrive", "--output", rehearsal, "--yes", "--only", "C-1")
    assert named["counts"] == {"succeeded": 1}
    assert veo.stats()["posts"] == posts + 1


def test_a_changed_product_is_not_redriven_as_it_was(reelmill_json, rehearsal, write_feed, veo):
    base = [*BASE, "--output", rehearsal, "--yes"]
    reelmill_json("run", write_feed("Bowl [[fault:output_filter]]"), *base)
    reelmill_json("run", write_feed("A plainer bowl"), *base)
    posts = veo.stats()["posts"]
    code, told = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert (code, told["made"], told["run_id"]) == (ExitCode.OK, 0, None)
    assert veo.stats()["posts"] == posts


def test_a_changed_product_is_redriven_as_it_is_and_not_as_it_was_beside_it(reelmill_json, rehearsal, ledger, veo):
    ledger.start_run(Run(run_id="run-1", output=rehearsal))
    before, after = rehearsed(clip()), rehearsed(clip(prompt="A plainer shirt."))
    for one in (before, after):
        bring_to(ledger, State.FAILED, one, run_id="run-1", output=rehearsal)
    posts = veo.stats()["posts"]
    _, status = reelmill_json("status", "--output", rehearsal)
    code, made = reelmill_json("redrive", "--output", rehearsal, "--only", "SKU-1", "--yes")
    assert [one["clip_id"] for one in status["attention"]] == [after.clip_id]
    assert (code, made["made"], veo.stats()["posts"]) == (ExitCode.ATTENTION, 1, posts + 1)
    assert [one["clip_id"] for one in made["plan"]["clips_to_make"]] == [after.clip_id]
    assert f"Clip {after.clip_id} was asked for later in its place." in made["plan"]["blocked_clips"][0]["reason"]


def test_what_is_unfit_is_redriven_only_when_asked_for(reelmill_json, night, rehearsal, ledger):
    night("Lamp")
    ((made, intent),) = ledger.intents()
    unfit = bring_to(
        ledger, State.SUBMITTED, made, again=True, after=intent.intent_id, run_id=intent.run_id, output=rehearsal
    )
    ledger.settle(
        unfit.intent_id,
        Settlement(state=State.SUCCEEDED, returned=1, video_uris=("x",), inspection={"status": "fail", "findings": []}),
    )
    _, plain = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert plain["made"] == 0
    code, asked = reelmill_json("redrive", "--output", rehearsal, "--yes", "--unfit")
    assert (code, asked["counts"]) == (ExitCode.OK, {"succeeded": 1})


def test_a_forced_run_that_stops_early_says_that_it_starts_over(reelmill, reelmill_json, rehearsal, write_feed):
    feed = write_feed("Lamp", "Bowl")
    base = ["run", feed, *BASE, "--output", rehearsal, "--yes"]
    reelmill_json(*base)
    code, printed, _ = reelmill(*base, "--force", "--cap-usd", "0.40")
    _, plain, _ = reelmill(*base)
    assert code == ExitCode.CAP
    assert "a forced run that stops early cannot be resumed" in printed
    assert "the same command pays for the first clips again" in printed
    assert "forced" not in plain


def test_a_plan_of_nothing_names_no_price(reelmill, night, rehearsal, write_feed):
    night("Lamp")
    _, printed, _ = reelmill("plan", write_feed("Lamp"), *BASE, "--output", rehearsal)
    assert "nothing to pay" in printed
    assert "$0.00" not in printed
    assert "1 clip for 1 product" in printed
    assert "0 rows rejected" in printed


@pytest.mark.parametrize("verb", ["redrive", "run"])
def test_an_output_that_takes_no_folders_is_said(reelmill, rehearsal, write_feed, ledger, verb):
    ledger.start_run(Run(run_id="run-1", output="/proc/nowhere"))
    bring_to(ledger, State.FAILED, rehearsed(clip()), run_id="run-1", output="/proc/nowhere")
    more = [write_feed("Lamp"), *BASE] if verb == "run" else []
    code, _, problems = reelmill(verb, *more, "--output", "/proc/nowhere", "--yes")
    assert code == ExitCode.ERROR
    assert "Choose another output folder" in problems


class Lines:
    """A console that remembers."""

    is_terminal = False

    def __init__(self):
        self.lines = []

    def print(self, line):
        self.lines.append(line)


class NoBar:
    def add_task(self, *_args, **_values):
        return 0

    def update(self, *_args, **_values):
        pass


def test_progress_counts_no_clip_that_gave_its_place_back():
    console = Lines()
    advance = _Advance(NoBar(), 3, console)
    made = ClipResult("c", "r", "S", "9:16", State.SUCCEEDED, Decimal("0.40"), "", (), "")
    for state in (State.SUCCEEDED, State.RELEASED, State.RELEASED, State.FAILED):
        advance(dataclasses.replace(made, state=state))
    assert [line.partition(",")[0] for line in console.lines] == ["1/3 clips", "2/3 clips"]


def test_a_plan_for_another_output_says_where_the_clips_lie_each_time(reelmill_json, rehearsal, write_feed):
    feed, other = write_feed("Lamp", "Bowl"), f"{rehearsal}-new"
    reelmill_json("run", feed, *BASE, "--output", rehearsal, "--yes")
    for _ in range(2):  # the first time, nothing is remembered of the other output yet
        _, report = reelmill_json("run", feed, *BASE, "--output", other, "--yes")
        assert (report["kept"], report["plan"]["elsewhere"]) == (2, {rehearsal: {"kept": 2}})
        assert f"2 kept clips lie under {rehearsal}, not under {other}" in report["plan"]["warnings"][-1]
