"""Reviewing from the command line: served, applied from a file, listed; and redrive makes what a reviewer sent back."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter

import httpx
import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, ReviewedVia, Run, RunStatus
from reelmill.ledger.reviews import AskedReview
from reelmill.report.frames import read_table
from tests.support.listening import listening
from tests.support.review_shop import RUN, review_shop, shop_clip


@pytest.fixture
def shop(tmp_path):
    with review_shop(os.environ["REELMILL_LEDGER_URL"], str(tmp_path / "reels")) as opened:
        yield opened


def exported(tmp_path, rows, run_id=RUN):
    path = tmp_path / "decisions.json"
    path.write_text(
        json.dumps({"format": "reelmill-decisions", "version": 1, "run_id": run_id, "decisions": rows}), "utf-8"
    )
    return path


def row(intent, decision="approve", reason="", number=0):
    return {
        "review_id": f"review-{number}-{intent.intent_id}",
        "intent_id": intent.intent_id,
        "decision": decision,
        "reason": reason,
        "decided_at": "2026-07-15T12:00:00Z",
    }


def test_an_exported_file_is_applied_once_and_the_tables_say_so(shop, tmp_path, reelmill_json):
    first, second, third = shop.fill(3)
    file = exported(tmp_path, [row(first), row(second, "reject", "Off brand"), row(third, "remake")])
    code, told = reelmill_json("review", RUN, "--apply", file, "--reviewer", "Ada")
    assert (code, told["recorded"], told["known"], told["problems"]) == (0, 3, 0, [])
    code, told = reelmill_json("review", RUN, "--apply", file)
    assert (code, told["recorded"], told["known"]) == (0, 0, 3)
    table = read_table(shop.storage, "results").to_dict("records")
    assert {(one["decision"], one["decision_reason"]) for one in table} == {
        ("approve", ""),
        ("reject", "Off brand"),
        ("remake", ""),
    }
    assert {review.reviewer for review in shop.ledger.reviews()} == {"Ada"}
    script = shop.storage.read(f"gallery/{RUN}/decisions.js").decode()
    assert script.count("Ada") == 3


def test_rows_that_are_none_are_told_and_the_others_are_kept(shop, tmp_path, reelmill, reelmill_json):
    first, second = shop.fill(2)
    file = exported(tmp_path, [row(first), row(second) | {"decision": "delete"}, row(second) | {"intent_id": "nobody"}])
    code, told = reelmill_json("review", RUN, "--apply", file)
    assert (code, told["recorded"]) == (ExitCode.ATTENTION, 1)
    assert [problem["row"] for problem in told["problems"]] == [2, 3]
    code, printed, _ = reelmill("review", RUN, "--apply", file)
    assert code == ExitCode.ATTENTION
    assert "row 2: decision: " in printed
    assert "row 3: 'nobody' is no clip of this run." in printed


def test_a_file_of_another_run_or_of_nothing_is_refused(shop, tmp_path, reelmill):
    (first,) = shop.fill(1)
    code, _, told = reelmill("review", RUN, "--apply", exported(tmp_path, [row(first)], "another"))
    assert code == ExitCode.USAGE
    assert "about run 'another'" in " ".join(told.split())
    code, _, told = reelmill("review", RUN, "--apply", tmp_path / "none.json")
    assert code == ExitCode.ERROR
    assert "No such file" in told
    assert shop.ledger.reviews() == []


def test_the_list_says_how_far_the_review_is(shop, tmp_path, reelmill, reelmill_json):
    intents = shop.fill(4)
    reelmill("review", RUN, "--apply", exported(tmp_path, [row(intents[0]), row(intents[1], "remake", "Again")]))
    code, told = reelmill_json("review", RUN)
    assert code == ExitCode.ATTENTION
    assert (told["delivered"], told["undecided"]) == (4, 2)
    assert told["decisions"] == {"approve": 1, "reject": 0, "remake": 1}
    assert {one["sku"] for one in told["waiting"]} == {"SKU-0002", "SKU-0003"}
    code, printed, _ = reelmill("review", "--list")
    assert "remake SKU-0001 16:9: Again" in printed
    assert "reelmill redrive --remakes" in printed
    reelmill("review", RUN, "--apply", exported(tmp_path, [row(one, number=1) for one in intents]))
    assert reelmill("review", RUN, "--list")[0] == ExitCode.OK
    code, told = reelmill_json("report", "--run", RUN)
    assert told["decisions"] == {"approve": 4}


def test_the_list_counts_each_clip_once_and_no_video_that_is_gone(shop, reelmill_json):
    shop.deliver(shop_clip(1))
    shop.decide(shop.deliver(shop_clip(1), again=True), Decision.APPROVE)
    shop.remove(shop.deliver(shop_clip(2)))
    code, told = reelmill_json("review", RUN)
    assert (code, told["delivered"], told["undecided"]) == (0, 1, 0)
    assert told["decisions"] == {"approve": 1, "reject": 0, "remake": 0}


def test_the_list_says_what_it_leaves_off(shop, reelmill, reelmill_json, monkeypatch):
    for number in range(21):
        shop.decide(shop.deliver(shop_clip(number), shared=True), Decision.REJECT)
    _, printed, _ = reelmill("review", RUN, "--list")
    assert printed.count("reject SKU-") == 20
    assert "… and 1 more sent back." in printed
    assert reelmill_json("review", RUN)[1]["left_off"] == {"waiting": 0, "rejected": 0}
    monkeypatch.setattr("reelmill.cli.review._LISTED_FOR_MACHINES", 5)
    assert reelmill_json("review", RUN)[1]["left_off"] == {"waiting": 0, "rejected": 16}


def test_a_later_run_that_made_nothing_does_not_hide_the_review_that_is_due(shop, tmp_path, reelmill, reelmill_json):
    shop.fill(2)
    shop.ledger.start_run(Run(run_id="r-nothing", output=shop.storage.root))
    shop.ledger.finish_run("r-nothing", RunStatus.COMPLETED)
    code, printed, said = reelmill("review", "--list")
    assert (code, f"Run {RUN}: 2 clips delivered" in printed) == (ExitCode.ATTENTION, True)
    assert f"The latest run, r-nothing, made nothing; this is {RUN}." in said
    assert reelmill_json("gallery")[1]["run_id"] == RUN
    assert reelmill("review", RUN, "--list")[2] == ""
    assert reelmill_json("review", "r-nothing")[1]["run_id"] == "r-nothing"


def test_the_gallery_is_written_and_copied_by_command(shop, tmp_path, reelmill, reelmill_json):
    shop.fill(2)
    code, printed, _ = reelmill("gallery")
    assert code == 0
    assert f"Gallery of {RUN}: {tmp_path}/reels/gallery/{RUN}/index.html" in printed
    code, told = reelmill_json("gallery", RUN, "--to", tmp_path / "copy", "--no-videos")
    assert (code, told["clips"], told["media"], told["missing"]) == (0, 2, 2, [])
    assert told["contact_sheet"] == str(tmp_path / "copy" / "contact-sheet.jpg")
    code, _, problem = reelmill("gallery", "r2026")
    assert code == ExitCode.USAGE
    assert "There is no run" in problem


# Whoever runs the tests may do so under nohup, and what they start would ignore the signal, too.
_AS_IN_A_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
NOT_UNDER_NOHUP = (sys.executable, "-c", _AS_IN_A_TERMINAL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_served_decisions_are_kept_and_ctrl_c_brings_the_tables_up_to_date(shop, tmp_path, monkeypatch, number):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (intent, _) = shop.fill(2)
    command = [*NOT_UNDER_NOHUP, sys.executable, "-m", "reelmill", "review", RUN, "--reviewer", "Ada"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = re.search(r"http://127\.0\.0\.1:(\d+)/\S+/", process.stdout.readline())
            assert listening(process.pid) == {("127.0.0.1", int(address[1]))}
            headers = {"Origin": f"http://127.0.0.1:{address[1]}"}
            with httpx.Client(base_url=address[0], trust_env=False, headers=headers) as client:
                assert client.get("index.html").status_code == 200
                told = client.post("decisions", json={"decisions": [row(intent, "reject", "Off brand")]})
                assert told.json()["problems"] == []
        finally:
            process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "1 decision recorded" in rest
    ((review),) = shop.ledger.reviews()
    assert (review.decision, review.reviewer, review.via) == (Decision.REJECT, "Ada", ReviewedVia.PAGE)
    table = Counter(str(one["decision"]) for one in read_table(shop.storage, "results").to_dict("records"))
    assert table["reject"] == 1
    assert list(tmp_path.glob("reelmill-review-*")) == []


def test_a_review_that_is_to_outlive_its_terminal_goes_on(shop, tmp_path):
    shop.fill(1)
    command = ["nohup", sys.executable, "-m", "reelmill", "review", RUN]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = re.search(r"http://\S+", process.stdout.readline())[0]
            assert httpx.get(address, trust_env=False).status_code == 200
            process.send_signal(signal.SIGHUP)
            for _ in range(20):  # were it leaving, it would not answer the second time
                assert httpx.get(address, trust_env=False).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(("option", "decision"), [("--remakes", Decision.REMAKE), ("--rejected", Decision.REJECT)])
def test_what_a_reviewer_sent_back_is_made_again_once_at_a_price_shown_first(
    rehearsal, write_feed, reelmill_json, veo, option, decision
):
    feed = write_feed(f"Bowl {option}", f"Vase {option}")
    _, made = reelmill_json("run", feed, "--output", rehearsal, "--platforms", "tiktok", "--yes")
    assert made["gallery"] == f"{rehearsal}/gallery/{made['run_id']}/index.html"
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        (_, sent_back), _ = ledger.intents(run_id=made["run_id"])
        asked = AskedReview(
            review_id="review-1",
            intent_id=sent_back.intent_id,
            decision=decision,
            reviewer="Ada",
            via=ReviewedVia.PAGE,
        )
        ledger.review([asked])
    assert reelmill_json("redrive", "--output", rehearsal)[1]["made"] == 0
    posts = len(veo.journal())
    code, refused = reelmill_json("redrive", option, "--output", rehearsal)
    assert "Nobody approved spending up to" in refused["error"], "the price comes first"
    assert len(veo.journal()) == posts
    code, again = reelmill_json("redrive", option, "--output", rehearsal, "--yes")
    assert (code, again["made"]) == (0, 1)
    assert reelmill_json("redrive", option, "--output", rehearsal, "--yes")[1]["made"] == 0, "the new one is undecided"
    assert len(veo.journal()) == posts + 1
