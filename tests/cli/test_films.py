"""A film from plan to manifest, on the real command line: stopped at a cap, filtered, completed, and never again."""

import json
import os

import pyarrow.parquet as pq
import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.prompts.storyboard import FILE
from tests.support.making import copy_content

STORYBOARD = """
[film]
transition = "crossfade"
crossfade_s = 0.5
[[scene]]
name = "first"
duration_s = 4
prompt = "{{ product.name }} on a table."
[[scene]]
name = "last"
duration_s = 4
prompt = "{{ product.name }} at rest. [[fault:output_filter:1]]"
"""


@pytest.fixture
def base(tmp_path, monkeypatch, rehearsal):
    folder = copy_content(tmp_path / "content")
    (folder / "prompts" / "home" / FILE).write_text(STORYBOARD)
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(folder))
    return ["--platforms", "tiktok", "--output", rehearsal]


def test_a_film_is_made_scene_by_scene_and_stitched_once(
    reelmill, reelmill_json, base, write_feed, gcs, tmp_path, monkeypatch
):
    run = ["run", write_feed("Lectern"), *base, "--storyboards", "--yes"]
    output = base[-1]
    _, plan = reelmill_json("plan", *run[1:-1])
    assert plan["estimated_usd"] == 0.4  # 2 scenes x 4 s x $0.05
    assert plan["films"] == [{"films": 1, "scenes": ["first", "last"], "duration_s": 7.5, "crossfade_s": 0.5}]

    _, capped = reelmill_json(*run, "--cap-usd", "0.25")
    code, filtered = reelmill_json(*run)
    _, status, _ = reelmill("status", "--output", output)
    assert (capped["spent_usd"], capped["status"]) == (0.2, "capped")
    assert (code, filtered["spent_usd"], filtered["kept"]) == (ExitCode.ATTENTION, 0, 1)
    assert filtered["films"]["waiting_films"][0]["why"] == "scene 'last' is filtered."
    assert "film C-1 9:16 waits: scene 'last' is filtered." in " ".join(status.split())

    _, redriven = reelmill_json("redrive", "--output", output, "--yes")
    written = {name: blob.generation for name, blob in stored(gcs, output, "films/").items()}
    _, again = reelmill_json(*run)
    _, settled = reelmill_json("settle", "--output", output)
    assert (redriven["spent_usd"], len(redriven["films"]["stitched"])) == (0.2, 1)
    assert (again["spent_usd"], again["made"], again["films"]["stitched"]) == (0, 0, [])
    assert (settled["films"]["stitched"], settled["films"]["waiting"]) == ([], 0)
    assert {name: blob.generation for name, blob in stored(gcs, output, "films/").items()} == written
    assert sorted(name.rpartition("/")[2] for name in written) == ["film.mp4", "poster.jpg", "provenance.json"]

    record = next(blob for name, blob in stored(gcs, output, "films/").items() if name.endswith(".json"))
    told = json.loads(record.download_as_bytes())
    assert [scene["scene"] for scene in told["scenes"]] == ["first", "last"]
    assert (told["duration_s"], told["ai_generated"]) == (7.5, True)

    results = rows(gcs, output, "results", tmp_path)
    (film,) = rows(gcs, output, "films", tmp_path)
    assert {row["film_id"] for row in results} == {film["film_id"]}
    assert {row["scene"] for row in results} == {"first", "last"}
    assert (film["status"], film["duration_s"], film["inspection"]["status"]) == ("stitched", 7.5, "pass")
    assert sum(row["cost_usd"] for row in results) == sum(
        row["amount_usd"] for row in rows(gcs, output, "spend", tmp_path)
    )

    _, withheld = reelmill_json("manifest", "ndjson", "--output", output)
    monkeypatch.setenv("REELMILL_REVIEW", "optional")
    _, listed = reelmill_json("manifest", "ndjson", "--output", output)
    (video,) = map(json.loads, gcs.read(listed["manifests"][0]["uri"]).splitlines())
    assert video["uri"] == film["video_uri"]
    assert (withheld["listed"]["withheld"], listed["listed"]["films"]) == (1, 1)

    reelmill("gallery", filtered["run_id"], "--to", tmp_path / "shown")
    assert len(list((tmp_path / "shown" / "media").glob("*/film.mp4"))) == 1


PLAIN = STORYBOARD.replace(" [[fault:output_filter:1]]", "")


def test_a_film_of_drafts_becomes_one_of_finals_once_every_scene_is_picked(
    reelmill, reelmill_json, base, write_feed, gcs, tmp_path, monkeypatch
):
    (tmp_path / "content" / "prompts" / "home" / FILE).write_text(PLAIN)
    monkeypatch.setenv("REELMILL_MODEL", "veo-3.1-fast-generate-001")
    monkeypatch.setenv("REELMILL_DRAFT_MODEL", "veo-3.1-lite-generate-001")
    monkeypatch.setenv("REELMILL_REVIEW", "optional")
    feed, output = write_feed("Sideboard"), base[-1]
    _, drafted = reelmill_json("run", feed, *base, "--storyboards", "--drafts", "--yes")
    run_id = drafted["run_id"]
    (film,) = rows(gcs, output, "films", tmp_path)
    assert (len(drafted["films"]["stitched"]), film["draft"], film["renditions"]) == (1, True, [])
    _, listed = reelmill_json("manifest", "ndjson", "--output", output)
    assert (listed["listed"]["drafts"], listed["listed"]["deliverables"]) == (1, 0)

    reelmill("review", run_id, "--apply", picks(tmp_path, run_id, "first"))
    code, half = reelmill_json("finals", run_id, "--yes")
    assert (code, half["made"]) == (ExitCode.ATTENTION, 0)
    assert "Scene 'last' of its film is not approved." in half["plan"]["blocked_clips"][0]["reason"]

    reelmill("review", run_id, "--apply", picks(tmp_path, run_id, "last"))
    code, made = reelmill_json("finals", run_id, "--yes")
    assert (code, made["made"], len(made["films"]["stitched"]), made["films"]["waiting"]) == (0, 2, 1, 0)
    assert made["spent_usd"] == drafted["plan"]["finals"]["estimated_usd"]
    _, nightly = reelmill_json("run", feed, *base, "--storyboards", "--yes")
    assert (nightly["made"], nightly["kept"], nightly["films"]["stitched"]) == (0, 2, [])
    _, again = reelmill_json("run", feed, *base, "--storyboards", "--drafts", "--yes")
    assert (again["made"], again["films"]["stitched"]) == (0, [])
    _, listed = reelmill_json("manifest", "ndjson", "--output", output)
    (video,) = map(json.loads, gcs.read(listed["manifests"][0]["uri"]).splitlines())
    assert video["uri"] == next(row["video_uri"] for row in rows(gcs, output, "films", tmp_path) if not row["draft"])


def picks(tmp_path, run_id, *scenes):
    """A file with which a person approves these scenes of a run."""
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        picked = [intent.intent_id for clip, intent in ledger.intents(run_id=run_id) if clip.scene in scenes]
    one = {"decision": "approve", "reason": "", "decided_at": "2026-07-15T12:00:00Z"}
    decided = [one | {"review_id": f"review-{id_}", "intent_id": id_} for id_ in picked]
    path = tmp_path / "picks.json"
    path.write_text(
        json.dumps({"format": "reelmill-decisions", "version": 1, "run_id": run_id, "decisions": decided}), "utf-8"
    )
    return path


def stored(gcs, output, prefix):
    bucket, _, root = output.removeprefix("gs://").partition("/")
    return {blob.name: blob for blob in gcs.client().list_blobs(bucket, prefix=f"{root}/{prefix}")}


def rows(gcs, output, table, tmp_path):
    found = []
    for blob in stored(gcs, output, f"tables/{table}/").values():
        path = tmp_path / "table.parquet"
        path.write_bytes(blob.download_as_bytes())
        found += pq.read_table(path, partitioning=None).to_pylist()
    return found
