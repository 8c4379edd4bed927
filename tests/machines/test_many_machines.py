"""A run over many machines, for real: PostgreSQL, a Prefect server, three workers, and one of them lost mid-run."""

import itertools
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import RunStatus
from reelmill.ledger.states import State
from tests.support.feeds import product_row, write_feed
from tests.support.machines import DEADLINE_S, headquarters
from tests.support.postgres import postgres_server
from tests.support.services import simulator
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)

CLIP_USD = Decimal("0.80")  # 8 s of veo-3.1-fast-generate-001 at 720p with sound
PER_MINUTE = 60


@pytest.fixture(scope="module")
def hq(tmp_path_factory):
    with postgres_server() as postgres, headquarters(tmp_path_factory.mktemp("hq"), postgres) as running:
        yield running


class World:
    """One output, one ledger and one simulator with a quota, and what each of them says."""

    def __init__(self, hq, gcs, veo, ledger, folder):
        self.hq, self.veo, self.ledger, self.folder = hq, veo, ledger, folder
        self.output = f"gs://{gcs.bucket()}/reels"

    def press(self, clips, **spending):
        rows = [product_row(f"BOWL-{number:03d}") for number in range(clips)]
        feed = write_feed(self.folder / f"feed-{clips}.csv", rows)
        form = {
            "catalog": {"feed": str(feed)},
            "video": {"platforms": ["tiktok"]},
            "spending": spending,
            "output": self.output,
        }
        return self.hq.press("catalog", form)

    def wait_for(self, condition, run_id):
        return wait_for(condition, f"run {run_id}", deadline_s=DEADLINE_S, explain=lambda: self.hq.story(run_id))

    def in_flight(self):
        """The ids of the processes that have clips at Google, each with how many."""
        found = {}
        for _, intent in self.ledger.intents(states=[State.SUBMITTED]):
            pid = int(intent.owner.split("/")[2])
            found[pid] = found.get(pid, 0) + 1
        return found

    def check_books(self):
        """Nothing twice, nothing lost, ledger equals bill, quota kept."""
        journal = self.veo.journal()
        prefixes = [entry["storage_uri"] for entry in journal]
        assert len(prefixes) == len(set(prefixes))
        skus = [entry["labels"]["sku"] for entry in journal]
        assert len(skus) == len(set(skus)), "a clip was accepted twice"
        billed = sum((Decimal(entry["amount_usd"]) for entry in journal), Decimal(0))
        assert sum((charge.amount_usd for _, charge in self.ledger.charges()), Decimal(0)) == billed
        assert self.ledger.audit() == []
        assert self.veo.stats()["refused"].get("429", 0) == 0
        assert most_in(60, journal) <= PER_MINUTE
        # As they arrive: on a busy machine one is a second late, and comes with the next. Each for itself would be 30.
        assert most_in(10, journal) < 1.5 * PER_MINUTE / 6, "three workers pace as one"
        return billed


def most_in(seconds, journal):
    moments = sorted(datetime.fromisoformat(entry["accepted_at"]).timestamp() for entry in journal)
    return max(
        sum(1 for later in itertools.islice(moments, at, None) if later < moment + seconds)
        for at, moment in enumerate(moments)
    )


@pytest.fixture
def world(hq, gcs, tmp_path):
    @contextmanager
    def start(*, shard_clips, latency):
        ledger_url = hq.postgres.url(hq.postgres.create())
        with (
            simulator(gcs.url, latency=latency, quota_per_minute=PER_MINUTE) as veo,
            Ledger.open(ledger_url) as ledger,
        ):
            environment = {
                "GOOGLE_CLOUD_PROJECT": "rehearsal",
                "STORAGE_EMULATOR_HOST": gcs.url,
                "REELMILL_VERTEX_BASE_URL": veo.url,
                "REELMILL_LEDGER_URL": ledger_url,
                "REELMILL_QUOTA_PER_MINUTE": str(PER_MINUTE),
                "REELMILL_POLL_INTERVAL_S": "0.5",
                "REELMILL_INSPECT": "off",
                "REELMILL_LEASE_S": "30",
                "REELMILL_SHARD_CLIPS": str(shard_clips),
            }
            with hq.workers(3, environment) as machines:
                yield World(hq, gcs, veo, ledger, tmp_path), machines

    return start


def test_a_run_completes_although_one_of_its_three_machines_is_lost(world):
    clips, cap = 75, 75 * CLIP_USD
    with world(shard_clips=25, latency="6:10") as (here, machines):
        run_id = here.press(clips, cap_usd=float(cap))
        victim = here.wait_for(lambda: with_clips_at_google(here, machines, run_id), run_id)
        assert len(here.hq.children(run_id)) == 3

        victim.lose_power()

        state = here.hq.ended(run_id)
        assert state["name"] == "Completed", here.hq.story(run_id)
        assert f"{clips} succeeded" in state["message"]
        assert here.check_books() == cap
        (run,) = here.ledger.runs()
        assert (run.status, run.spent_usd, run.reserved_usd) == (RunStatus.COMPLETED, cap, 0)
        assert here.ledger.totals().keys() <= {State.SUCCEEDED, State.RELEASED}
        ended = {name: child["state"]["type"] for name, child in here.hq.children(run_id).items()}
        assert "CRASHED" in ended.values()
        assert any(name.endswith("start 2") for name in ended), ended


def with_clips_at_google(here, machines, run_id):
    """A machine to lose: it makes a shard, some of whose clips are at Google, and does not run the parent."""
    if here.veo.stats()["accepted"] < 15:
        return None
    busy = here.in_flight()
    for machine in machines:
        runs = machine.runs()
        if runs and run_id not in runs and any(pid in busy for pid in runs.values()):
            return machine
    return None


def test_cancelling_the_run_cancels_its_shards_and_the_next_one_goes_on(world):
    with world(shard_clips=6, latency="4:6") as (here, _):
        run_id = here.press(18)
        here.wait_for(lambda: here.veo.stats()["accepted"] >= 4 and len(here.in_flight()) >= 2, run_id)

        here.hq.cancel(run_id)

        here.wait_for(lambda: here.hq.state(run_id)["type"] == "CANCELLED", run_id)
        states = lambda: {child["state"]["type"] for child in here.hq.children(run_id).values()}  # noqa: E731
        assert states() <= {"CANCELLED", "CANCELLING", "COMPLETED"}, "none goes on; one may have been done before"
        here.wait_for(lambda: states() <= {"CANCELLED", "COMPLETED"}, run_id)
        assert "CANCELLED" in states()
        sent = here.veo.stats()["accepted"]
        assert sent < 18
        (run,) = here.ledger.runs()
        assert run.status is RunStatus.STOPPED

        again = here.press(18)
        state = here.hq.ended(again)
        assert state["name"] == "Completed", here.hq.story(again)
        assert len(here.veo.journal()) == 18
        here.check_books()


def test_a_cap_holds_over_all_shards(world):
    with world(shard_clips=4, latency="0:1") as (here, _):
        run_id = here.press(12, cap_usd=float(8 * CLIP_USD))

        state = here.hq.ended(run_id)

        assert state["name"] == "StoppedAtCap", here.hq.story(run_id)
        assert here.check_books() == 8 * CLIP_USD
        (run,) = here.ledger.runs()
        assert run.status is RunStatus.CAPPED
