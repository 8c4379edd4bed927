"""A storyboard whose second scene continues the first, on the real command line: link by link, each paid once."""

import json
import os
import shutil

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.prompts.storyboard import FILE
from tests.support.making import CONTENT

STORYBOARD = """
[[scene]]
name = "first"
duration_s = 4
prompt = "{{ product.name }} on a table."
[[scene]]
name = "on"
continues = true
prompt = "The camera goes on around it."
"""


@pytest.fixture
def base(tmp_path, monkeypatch, rehearsal):
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "prompts" / "home" / FILE).write_text(STORYBOARD)
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(folder))
    return ["--platforms", "tiktok", "--output", rehearsal]


def test_a_chain_is_made_link_by_link_and_its_last_video_is_the_film(
    reelmill, reelmill_json, base, write_feed, veo, tmp_path, monkeypatch
):
    run, output = ["run", write_feed("Bench"), *base, "--storyboards", "--yes"], base[-1]
    _, capped = reelmill_json(*run, "--cap-usd", "0.25")
    assert (capped["spent_usd"], capped["plan"]["estimated_usd"], capped["status"]) == (0.2, 0.55, "capped")
    assert capped["films"]["waiting_films"][0]["why"] == "scene 'on' was not made yet."

    _, done = reelmill_json(*run)
    assert (done["spent_usd"], done["made"], len(done["films"]["stitched"])) == (0.35, 1, 1)  # 7 s x $0.05
    first, on = attempts()
    assert on.sent_video == first.video_uris[0]
    sent = submits(veo, output)
    assert [one["inputs"] for one in sent] == [[], [first.video_uris[0]]]
    assert [one["amount_usd"] for one in sent] == ["0.20", "0.35"]
    assert film(output)["duration_s"] == 11.0
    _, again = reelmill_json(*run)
    assert (again["made"], again["kept"], again["spent_usd"]) == (0, 2, 0)

    reelmill("review", capped["run_id"], "--apply", rejection(tmp_path, capped["run_id"], first))
    _, redriven = reelmill_json("redrive", "--output", output, "--rejected", "--yes")
    assert (redriven["spent_usd"], redriven["films"]["stitched"]) == (0.2, [])
    why = redriven["films"]["waiting_films"][0]["why"]
    assert why == "scene 'on' continues an older video than there is now; reelmill redrive --unfit makes it again."
    _, mended = reelmill_json("redrive", "--output", output, "--unfit", "--yes")
    assert (mended["spent_usd"], len(mended["films"]["stitched"]), mended["films"]["waiting"]) == (0.35, 1, 0)
    first, on = attempts()
    assert (first.attempt, on.attempt, on.sent_video) == (2, 2, first.video_uris[0])
    assert reelmill_json("redrive", "--output", output, "--unfit", "--yes")[1]["run_id"] is None

    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path / 'rebuilt.db'}")
    reelmill_json("ledger", "rebuild", "--output", output)
    assert attempts()[1].sent_video == first.video_uris[0]
    _, after = reelmill_json(*run)
    assert (after["made"], after["kept"], after["films"]["waiting"]) == (0, 2, 0)


def test_what_continues_a_scene_without_a_video_is_not_asked_for(reelmill_json, base, write_feed, veo, tmp_path):
    board = tmp_path / "content" / "prompts" / "home" / FILE
    board.write_text(STORYBOARD.replace("on a table.", "on a table. [[fault:output_filter:1]]"))
    _, filtered = reelmill_json("run", write_feed("Stool"), *base, "--storyboards", "--yes")
    assert (filtered["spent_usd"], filtered["reserved_usd"], len(submits(veo, base[-1]))) == (0, 0, 1)
    assert filtered["not_begun"] == 1
    assert filtered["films"]["waiting_films"][0]["why"] == "scene 'first' is filtered."


def attempts():
    """The latest attempts at both scenes."""
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        assert ledger.audit() == []
        found = {clip.scene: intent for clip, intent in ledger.intents(latest=True)}
    return found["first"], found["on"]


def film(output):
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        (standing,) = ledger.films(output=output)
    return standing.stitched.inspection["facts"]


def submits(veo, output):
    return [sent for sent in veo.journal() if (sent["storage_uri"] or "").startswith(output)]


def rejection(tmp_path, run_id, intent):
    row = {"review_id": "review-of-the-first", "intent_id": intent.intent_id, "decision": "reject", "reason": ""}
    path = tmp_path / "rejection.json"
    decided = [row | {"decided_at": "2026-07-15T12:00:00Z"}]
    path.write_text(json.dumps({"format": "reelmill-decisions", "version": 1, "run_id": run_id, "decisions": decided}))
    return path
