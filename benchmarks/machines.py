"""How much faster three workers are than one: with no quota in the way, and under one quota that they share.

A worker is a process that makes one shard: what a flow run of the deployment ``shard`` does, without Prefect, whose
server would share the same cores. All use one PostgreSQL and one Cloud Storage stand-in.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from benchmarks.child import ROOT, clean_environment, run_child
from benchmarks.feed import write_feed
from benchmarks.report import Ratio, Report
from benchmarks.share import Accepted
from reelmill.jobs.accounting import open_run
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.shards import cut_plan
from reelmill.local import create_bucket, start_fake_gcs, start_simulator
from reelmill.planning.shards import Shard
from reelmill.planning.spool import Spool
from reelmill.settings import load_settings
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["run"]

_WORKERS = 3
_FREE = 60_000  # a minute: more than any machine sends
_SHARED = 300
_BUCKET = "benchmark"


@dataclass(frozen=True, slots=True)
class _Size:
    free: int
    shared: int


_WHOLE = _Size(free=1500, shared=240)
_QUICK = _Size(free=60, shared=30)


@dataclass(frozen=True, slots=True)
class _Outcome:
    per_second: float
    throttled: int
    row: tuple[object, ...]


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on."""
    size = _QUICK if quick else _WHOLE
    found: dict[tuple[int, int], _Outcome] = {}
    with postgres_server(durable=True) as postgres:
        for quota, clips in ((_FREE, size.free), (_SHARED, size.shared)):
            for workers in (1, _WORKERS):
                say(f"{workers} workers, {clips:,} clips, {quota:,} submits a minute permitted")
                found[quota, workers] = _measure(folder / f"{quota}-{workers}", postgres, quota, workers, clips)
    free, shared = (found[quota, _WORKERS].per_second / found[quota, 1].per_second for quota in (_FREE, _SHARED))
    return Report(
        "machines",
        ("workers", "permitted/min", "clips", "over s", "submits/s", "429s"),
        [outcome.row for outcome in found.values()],
        [
            Ratio("submits a second, three workers / one, no quota in the way", free),
            Ratio("submits a second, three workers / one, under one quota", shared),
            Ratio("429s under the shared quota", found[_SHARED, _WORKERS].throttled, at_most=0),
        ],
        [
            f"{os.cpu_count()} cores for workers, PostgreSQL, simulator and storage: the first ratio is theirs alone.",
            "Under one quota both are paced by the same row of the ledger: about 1 is right.",
            "Submits a second: from the first to the last accepted, by the simulator's journal.",
        ],
    )


def _measure(folder: Path, postgres: PostgresServer, quota: int, workers: int, clips: int) -> _Outcome:
    folder.mkdir()
    options = ("--quota-per-minute", str(0 if quota == _FREE else quota), "--latency", "1:2", "--fast-videos")
    with start_fake_gcs(folder / "storage") as storage, start_simulator(storage.url, *options) as simulator:
        create_bucket(storage.url, _BUCKET)
        environment = clean_environment(
            GOOGLE_CLOUD_PROJECT="benchmark",
            STORAGE_EMULATOR_HOST=storage.url,
            REELMILL_VERTEX_BASE_URL=simulator.url,
            REELMILL_LEDGER_URL=postgres.url(postgres.create()),
            REELMILL_CATALOGS_DIR=str(ROOT / "catalogs"),
            REELMILL_QUOTA_PER_MINUTE=str(quota),
            REELMILL_SHARD_CLIPS=str(-(-clips // workers)),
            REELMILL_INSPECT="off",
        )
        output = f"gs://{_BUCKET}/reels"
        shards = _cut(folder, environment, output, clips)
        with ThreadPoolExecutor(len(shards)) as pool:
            reports = list(pool.map(lambda shard: _work(folder, environment, output, shard), shards))
        if (made := sum(report["made"] for report in reports)) != clips:
            raise RuntimeError(f"{workers} workers made {made} of {clips} clips")
        with urllib.request.urlopen(f"{simulator.url}/simulator/journal") as answer:
            accepted = Accepted.of(json.load(answer))
        with urllib.request.urlopen(f"{simulator.url}/simulator/stats") as answer:
            throttled = json.load(answer)["refused"].get("429", 0)
    span = accepted.moments[-1]
    rate = (clips - 1) / span
    return _Outcome(rate, throttled, (workers, quota, clips, span, rate, throttled))


def _cut(folder: Path, environment: Mapping[str, str], output: str, clips: int) -> list[Shard]:
    """Plan as the run does, and write its shards."""
    feed = write_feed(folder / "feed.csv", clips)
    with patch.dict(os.environ, environment, clear=True), Engine(load_settings(), output) as engine, Spool() as spool:
        summary = plan_catalog(engine, CatalogRequest(feed=str(feed), platforms=("tiktok",)), spool)
        run_id = new_run_id()
        open_run(engine, run_id, summary, spool, {"command": "benchmark"})
        return cut_plan(engine, run_id, spool)


def _work(folder: Path, environment: Mapping[str, str], output: str, shard: Shard) -> dict[str, float]:
    own = folder / f"worker-{shard.number}"
    own.mkdir()
    return run_child(
        "benchmarks.shard_worker", json.dumps(shard.to_dict()), output, folder=own, environment=environment
    )
