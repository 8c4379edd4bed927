"""From the command line: drafts on the cheap model, a person picks, finals on the better one, each paid once."""

import json
import os
from decimal import Decimal

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.report.frames import read_table
from reelmill.settings import load_settings
from reelmill.storage.open import open_storage
from tests.support.making import copy_content

FINAL, DRAFT = "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"
TIKTOK = ("--platforms", "tiktok")


@pytest.fixture
def two_models(rehearsal, monkeypatch, tmp_path):
    monkeypatch.setenv("REELMILL_MODEL", FINAL)
    monkeypatch.setenv("REELMILL_DRAFT_MODEL", DRAFT)
    monkeypatch.setenv("REELMILL_REVIEW", "optional")
    monkeypatch.setenv("REELMILL_OUTPUT", rehearsal)
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(copy_content(tmp_path / "content")))


def approvals(tmp_path, run_id, *skus):
    """A file with which a person picks the drafts of these SKUs."""
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        picked = [intent for clip, intent in ledger.intents(run_id=run_id) if clip.sku in skus]
    rows = [
        {
            "review_id": f"review-{intent.intent_id}",
            "intent_id": intent.intent_id,
            "decision": "approve",
            "reason": "",
            "decided_at": "2026-07-15T12:00:00Z",
        }
        for intent in picked
    ]
    path = tmp_path / f"{run_id}.json"
    path.write_text(
        json.dumps({"format": "reelmill-decisions", "version": 1, "run_id": run_id, "decisions": rows}), "utf-8"
    )
    return path


@pytest.mark.usefixtures("two_models")
def test_drafts_then_a_pick_then_finals_each_paid_once(write_feed, tmp_path, reelmill, reelmill_json, veo):
    feed = write_feed("Draft bowl", "Draft vase", "Draft lamp")
    paid = len(veo.journal())

    code, planned = reelmill_json("plan", feed, *TIKTOK, "--drafts")
    assert (planned["make"], planned["model"], planned["finals"]["model"]) == (3, DRAFT, FINAL)
    assert planned["finals"]["estimated_usd"] == reelmill_json("plan", feed, *TIKTOK)[1]["estimated_usd"]
    code, printed, _ = reelmill("plan", feed, *TIKTOK, "--drafts")
    assert f"If every one were picked, 3 finals with {FINAL} would cost at most" in " ".join(printed.split())

    code, drafted = reelmill_json("run", feed, *TIKTOK, "--drafts", "--yes")
    assert (code, drafted["made"]) == (0, 3)
    assert Decimal(str(drafted["spent_usd"])) == Decimal(str(planned["estimated_usd"]))
    assert reelmill_json("run", feed, *TIKTOK, "--drafts", "--yes")[1]["made"] == 0, "every draft is there"
    run_id = drafted["run_id"]
    code, listed = reelmill_json("manifest", "json")
    assert (listed["listed"]["drafts"], listed["listed"]["deliverables"]) == (3, 0), "review = optional lets none out"

    code, nothing = reelmill_json("finals")
    assert (code, nothing["run_id"], nothing["made"]) == (0, None, 0)
    assert f"None of 3 drafts is approved in {run_id}; pick in reelmill review." in nothing["plan"]["warnings"]
    assert reelmill("review", run_id, "--apply", approvals(tmp_path, run_id, "C-1", "C-2"))[0] == 0
    assert "drafts are never published" in reelmill("manifest", "json")[1], "not even approved ones"
    assert f"reelmill finals {run_id}" in " ".join(reelmill("review", run_id, "--list")[1].split())

    assert "make C-1 9:16, new: " in reelmill("finals")[1]
    code, refused = reelmill_json("finals")
    assert "Nobody approved spending up to" in refused["error"], "the price comes first"
    code, capped = reelmill_json("finals", "--cap-usd", "0.01", "--yes")
    assert (code, capped["made"]) == (ExitCode.CAP, 0)
    assert len(veo.journal()) == paid + 3
    code, made = reelmill_json("finals", run_id, "--yes")
    assert (code, made["made"], made["plan"]["model"], made["plan"]["products"]) == (0, 2, FINAL, 2)
    assert [(clip["sku"], clip["state"]) for clip in made["plan"]["clips_to_make"]] == [("C-1", "new"), ("C-2", "new")]
    code, again = reelmill_json("finals", run_id, "--yes")
    assert (code, again["made"], again["kept"], again["spent_usd"]) == (0, 0, 2, 0)
    assert len(veo.journal()) == paid + 3 + 2

    code, nightly = reelmill_json("plan", feed, *TIKTOK)
    assert (nightly["keep"], nightly["make"]) == (2, 1), "finals are found, and a draft is none"
    code, further = reelmill_json("plan", feed, *TIKTOK, "--drafts")
    assert (further["keep"], further["make"], further["finals"]["clips"]) == (3, 0, 1)
    code, listed = reelmill_json("manifest", "json")
    assert (listed["listed"]["drafts"], listed["listed"]["deliverables"]) == (3, 2)
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        assert ledger.audit() == []
    assert reelmill_json("status")[1]["drafts"]["clips"] == 3


@pytest.mark.usefixtures("two_models", "veo")
def test_a_pick_that_cannot_be_made_is_told_and_the_others_go_on(
    write_feed, tmp_path, rehearsal, reelmill, reelmill_json, monkeypatch, gcs
):
    feed = write_feed("Pick bowl", "Pick vase")
    _, drafted = reelmill_json("run", feed, *TIKTOK, "--drafts", "--yes")
    run_id = drafted["run_id"]
    reelmill("review", run_id, "--apply", approvals(tmp_path, run_id, "C-1", "C-2"))
    table = read_table(open_storage(rehearsal, load_settings()), "results").to_dict("records")
    assert [(row["draft"], row["decision"]) for row in table] == [(True, "approve")] * 2
    assert json.loads(gcs.read(table[0]["provenance_uri"]))["intent"]["draft"] is True

    code, told = reelmill_json("finals", "--model", DRAFT, "--yes")
    assert (code, told["made"], told["blocked"]) == (ExitCode.ATTENTION, 0, 2)
    assert "drafted with" in told["plan"]["blocked_clips"][0]["reason"]
    with monkeypatch.context() as at_google:
        at_google.setenv("REELMILL_VERTEX_BASE_URL", "")
        told = reelmill_json("finals", "--yes")[1]
    assert "in a rehearsal, and this is Google" in told["plan"]["blocked_clips"][0]["reason"]

    shorter = write_feed("Pick bowl", name="shorter.csv")
    assert reelmill_json("run", shorter, *TIKTOK, "--drafts", "--yes")[1]["made"] == 0
    code, told = reelmill_json("finals", "--yes")
    assert (code, told["made"], told["blocked"]) == (ExitCode.ATTENTION, 1, 1)
    assert "vanished from the feed" in told["plan"]["blocked_clips"][0]["reason"]
