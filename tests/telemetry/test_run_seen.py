"""A real run against the simulator, as its metrics and its log lines show it."""

import json
import os
import subprocess
import sys

import pytest

from reelmill.production.work import Work
from tests.support.production import clip, open_engine, producer
from tests.telemetry.conftest import scrape, value
from tests.telemetry.test_exporting import free_port


@pytest.mark.timeout(400)
async def test_what_a_process_measures_is_what_happened(tmp_path, veo, gcs):
    port = free_port()
    with open_engine(tmp_path, veo, gcs, metrics_port=port) as engine:
        made = producer(engine)
        await made.produce(Work(clip("S-1", "A shirt turns.")))
        await made.produce(Work(clip("S-2", "A shirt waits. [[fault:429:1]]")))
        seen = scrape(f"http://127.0.0.1:{port}/metrics")
    assert value(seen, "reelmill_submits_total", outcome="accepted") == 2
    assert value(seen, "reelmill_submits_total", outcome="throttled") == 1
    assert value(seen, "reelmill_submit_duration_seconds_count") == 3
    assert value(seen, "reelmill_ended_total", state="succeeded", category="Apparel & Accessories") == 2
    assert value(seen, "reelmill_generation_duration_seconds_count", state="succeeded") == 2
    assert value(seen, "reelmill_charged_usd_total") == pytest.approx(0.40)
    assert value(seen, "reelmill_in_flight") == 0


@pytest.mark.timeout(400)
def test_every_line_of_a_run_is_json_and_says_what_it_is_about(tmp_path, veo, gcs):
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "id,title,description,link,image_link,availability,price,brand,product_type\n"
        "C-1,A vase,Made well.,https://s.example.com/p,https://i.example.com/1.jpg,in_stock,19.00 EUR,Orrin,Home\n"
    )
    environment = os.environ | {
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "REELMILL_VERTEX_BASE_URL": veo.url,
        "STORAGE_EMULATOR_HOST": gcs.url,
        "REELMILL_QUOTA_PER_MINUTE": "6000",
        "REELMILL_POLL_INTERVAL_S": "0.1",
        "REELMILL_INSPECT": "off",
        "REELMILL_LOG_FORMAT": "json",
        "REELMILL_LOG_LEVEL": "INFO",
        "REELMILL_NO_SUCH": "1",
    }
    command = [sys.executable, "-m", "reelmill", "run", str(feed), "--platforms", "tiktok", "--yes"]
    ended = subprocess.run(
        [*command, "--output", f"gs://{gcs.bucket()}/reels"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 0, ended.stderr
    told = next(line for line in lines if "REELMILL_NO_SUCH" in line["message"])
    assert told["severity"] == "WARNING"
    end = next(line for line in lines if line["message"] == "C-1 9:16: succeeded")
    about = end["logging.googleapis.com/labels"]
    assert about["sku"] == "C-1"
    assert about["run"] in ended.stdout
    assert len(about["clip"]) == 32
    assert about["operation"].startswith("projects/rehearsal/")
