"""A flow at debug level, with a Prefect of its own, log lines as JSON and metrics that are pushed.

Neither Prefect's database, which keeps the plain lines, nor any of the others learns a secret.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.leaks import SIGNED, TOKENS, leaks, secret_feed
from tests.support.postcount import answer, post_counter
from tests.support.services import simulator
from tests.support.shop import picture_shop

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_S = 300.0

SCRIPT = """
import asyncio, json, sys
from reelmill.veo.images import ImageFetcher
from tests.support.shop import fetcher_for
feed, output, origin, authority = sys.argv[1:]
ImageFetcher.from_settings = classmethod(lambda cls, settings: fetcher_for(origin, authority))
from flows.catalog_run import catalog_run
from flows.parameters import Catalog, Video

async def main():
    video = Video(platforms=["tiktok"], media_use="first_frame")
    state = await catalog_run(Catalog(feed=feed), video, output=output, return_state=True)
    print(json.dumps([state.name, state.type.value, state.message]), flush=True)

asyncio.run(main())
"""


@pytest.mark.timeout(2 * DEADLINE_S)
def test_a_flow_leaves_no_secret(tmp_path, gcs):
    for name in ("shop", "home", "here", "tmp"):
        (tmp_path / name).mkdir()
    feed_folder = tmp_path.parent / f"{tmp_path.name}-feed"
    feed_folder.mkdir()
    output = f"gs://{gcs.bucket()}/reels"
    with (
        simulator(gcs.url, prompt_faults=True, journal=tmp_path / "journal.jsonl") as veo,
        picture_shop(tmp_path / "shop") as shop,
        post_counter(answer(200, {})) as collector,
    ):
        shop.signature, shop.closed = SIGNED, {"/expired.png"}
        feed = secret_feed(feed_folder / "feed.csv", shop.origin)
        environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | {
            "PREFECT_HOME": str(tmp_path / "home"),
            "PREFECT_LOGGING_LEVEL": "DEBUG",
            "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "reelmill,httpx,httpcore,google,sqlalchemy.engine",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "150",
            "GOOGLE_CLOUD_PROJECT": "rehearsal",
            "REELMILL_VERTEX_BASE_URL": veo.url,
            "REELMILL_VERTEX_TOKEN": TOKENS["access token"],
            "STORAGE_EMULATOR_HOST": gcs.url,
            "REELMILL_LEDGER_URL": f"sqlite:///{tmp_path / 'here' / 'ledger.db'}",
            "REELMILL_QUOTA_PER_MINUTE": "6000",
            "REELMILL_POLL_INTERVAL_S": "0.2",
            "REELMILL_UNCLEAR_WAIT_S": "0.5",
            "REELMILL_INSPECT": "off",
            "REELMILL_LOG_FORMAT": "json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "TMPDIR": str(tmp_path / "tmp"),
            "PYTHONPATH": str(PROJECT),
        }
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(feed), output, shop.origin, str(shop.authority)],
            env=environment,
            cwd=tmp_path / "here",
            capture_output=True,
            check=False,
            text=True,
            timeout=DEADLINE_S,
        )
        made = [entry["labels"]["sku"] for entry in veo.journal() if entry["outcome"] == "succeeded"]
    assert set(made) >= {"goog", "amz", "azure", "cdn", "key"}, ended.stderr[-3000:]
    assert json.loads(ended.stdout.strip().splitlines()[-1])[1] in ("COMPLETED", "FAILED")
    assert any(TOKENS["S3 signature"] in path for path in shop.asked)
    assert (tmp_path / "home" / "prefect.db").stat().st_size > 0
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith('{"severity"')]
    assert "DEBUG" in {line["severity"] for line in lines}
    assert "amz" in {line.get("logging.googleapis.com/labels", {}).get("sku") for line in lines}
    pushed = [request.body.decode("latin-1") for request in collector.seen if request.path == "/v1/metrics"]
    assert "reelmill.submits" in "".join(pushed)
    objects = [
        gcs.read(f"gs://{blob.bucket.name}/{blob.name}")
        for blob in gcs.client().list_blobs(output[5:].split("/", maxsplit=1)[0])
    ]
    for number, content in enumerate(objects):
        (tmp_path / f"object-{number}").write_bytes(content)
    assert leaks([tmp_path], [ended.stdout, ended.stderr, *pushed], TOKENS.values()) == []
