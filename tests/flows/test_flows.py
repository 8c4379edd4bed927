"""The flows against a real Prefect server, the real simulator and a Cloud Storage stand-in."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.feeds import product_row, write_feed
from tests.support.flow_runs import CLIP_USD, PLATFORMS, accepted, billed, catalog_run_of, logged, seen, table
from tests.support.services import simulator

pytestmark = pytest.mark.usefixtures("prefect_server", "rehearsal")


async def test_a_catalog_run_makes_accounts_and_shows_every_clip(gcs, veo, feed, output):
    state = await catalog_run_of(feed, output)

    report = await state.aresult()
    assert (state.name, report.made, report.rejects) == ("Completed", 4, 1), state.message
    assert report.spent_usd == billed(veo, output) == 4 * CLIP_USD
    assert sum(row["amount_usd"] for row in table(gcs, output, "spend")) == report.spent_usd
    assert {row["status"] for row in table(gcs, output, "results")} == {"succeeded"}
    shown = await seen(state, tasks=9)
    clips = {"BOWL-1 9:16", "BOWL-1 16:9", "BOWL/2 9:16", "BOWL/2 16:9"}
    assert clips | {"resume", "plan", "approve", "open the books", "account"} == set(shown.tasks)
    assert all(shown.tasks[name].is_completed() for name in shown.tasks)
    assert shown.run.name == f"catalog {feed}"
    assert shown.run.state.message == state.message
    assert "$3.20" in state.message
    check_artifacts(shown.artifacts)


def check_artifacts(artifacts) -> None:
    cost = json.loads(artifacts["reelmill-cost"].data)
    assert sum(Decimal(row["USD"]) for row in cost if row["By"] == "Platform") == Decimal("3.20")
    assert {"By": "Total", "Name": "4 clips", "USD": "3.20"} in cost
    assert "4 make" in artifacts["reelmill-plan"].data
    assert "Rejected rows" in artifacts["reelmill-plan"].data
    assert artifacts["reelmill-progress"].data == 100.0
    assert artifacts["reelmill-progress"].description == "4 of 4 clips, $3.20 spent"
    results = artifacts["reelmill-results"].data
    assert "spent $3.20 of $3.20" in results
    assert "### Cost and yield" in results
    assert re.search(r" \| tiktok \| 2 \| 2 \| 0 \| 0 \| 0 \| 100% \| \$0.80 \| `███` 25% \|\n", results), results
    clips = json.loads(artifacts["reelmill-clips"].data)
    assert {row["SKU"] for row in clips} == {"BOWL-1", "BOWL/2"}
    assert all(row["Video"].startswith("gs://") for row in clips)


async def test_an_unchanged_catalog_makes_nothing(veo, feed, output):
    await catalog_run_of(feed, output)
    before = accepted(veo, output)

    state = await catalog_run_of(feed, output)

    report = await state.aresult()
    assert (state.name, state.is_completed()) == ("Unchanged", True)
    assert (report.made, report.kept, report.spent_usd) == (0, 4, 0)
    assert accepted(veo, output) == before
    assert "nothing to make" in state.message


async def test_a_run_that_would_end_after_its_deadline_does_not_start(gcs, veo, feed, output):
    posts = veo.stats()["posts"]
    state = await catalog_run_of(feed, output, deadline=datetime.now(UTC) + timedelta(seconds=5))

    assert (state.name, state.type.value) == ("TooLate", "FAILED")
    assert "nothing was spent" in state.message
    assert "later deadline" in state.message
    assert veo.stats()["posts"] == posts


async def test_a_dry_run_spends_and_writes_nothing(gcs, veo, feed, output):
    state = await catalog_run_of(feed, output, dry_run=True)

    assert (state.name, state.is_completed()) == ("Planned", True)
    assert "at most $3.20" in state.message
    assert not accepted(veo, output)
    assert not table(gcs, output, "runs")
    assert set((await seen(state, tasks=1)).tasks) == {"plan"}


async def test_a_run_stops_at_its_cap_and_the_next_goes_on(veo, feed, output):
    state = await catalog_run_of(feed, output, cap_usd=Decimal("1.70"))

    report = await state.aresult()
    assert (state.name, state.is_completed()) == ("StoppedAtCap", True)
    assert report.spent_usd == billed(veo, output) <= 2 * CLIP_USD
    assert "cap" in state.message
    rest = await (await catalog_run_of(feed, output)).aresult()
    assert rest.spent_usd == 4 * CLIP_USD - report.spent_usd
    assert len(accepted(veo, output)) == 4


async def test_a_plan_over_its_bound_is_not_started(veo, feed, output):
    state = await catalog_run_of(feed, output, approve_up_to_usd=Decimal("3.19"))

    assert (state.name, state.is_failed()) == ("NotApproved", True)
    assert "$3.20" in state.message
    assert "approve_up_to_usd" in state.message
    assert not accepted(veo, output)


async def test_a_filtered_clip_is_seen_and_the_run_asks_for_attention(veo, tmp_path, output):
    rows = [product_row("GOOD"), product_row("BAD", "Bowl [[fault:output_filter]]")]
    feed = write_feed(tmp_path / "feed.csv", rows)

    state = await catalog_run_of(feed, output)

    assert (state.name, state.is_completed()) == ("NeedsAttention", True), state.message
    shown = await seen(state, tasks=9)
    assert {shown.tasks[f"BAD {ratio}"].name for ratio in ("9:16", "16:9")} == {"Filtered"}
    assert shown.tasks["BAD 9:16"].is_failed()
    assert shown.tasks["BAD 9:16"].message
    assert shown.tasks["GOOD 9:16"].is_completed()
    assert "BAD" in shown.artifacts["reelmill-results"].data
    assert len(await logged(state, "Filtered", lines=2)) == 2  # one line a clip, without an empty traceback
    assert billed(veo, output) == 2 * CLIP_USD


async def test_a_feed_that_is_none_fails_with_the_remedy(tmp_path, output):
    missing = tmp_path / "missing.csv"

    state = await catalog_run_of(missing, output)

    assert state.is_failed()
    assert "missing.csv" in state.message
    assert "Traceback" not in state.message


PROFILES = 'sampels = 2\n[profile.staging]\nmodel = "veo-3.1-lite-generate-001"\n'


async def test_the_log_says_which_profile_and_form_fields_count(caplog, monkeypatch, tmp_path, feed, output):
    (tmp_path / "reelmill.toml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    with caplog.at_level("INFO", "prefect.flow_runs"):
        plain = await catalog_run_of(feed, output, dry_run=True)
        monkeypatch.setenv("REELMILL_PROFILE", "staging")
        staged = await catalog_run_of(feed, output, dry_run=True, cap_usd=Decimal("1.50"))

    assert await logged(plain, "Settings:", lines=1) == ["Settings: no profile; set by the form: nothing."]
    assert await logged(staged, "Settings:", lines=1) == [
        "Settings: profile staging of reelmill.toml; set by the form: cap_run_usd=1.50."
    ]
    (warning,) = await logged(staged, "is no setting", lines=1)
    assert warning == "sampels in reelmill.toml is no setting and is ignored; did you mean samples?"
    assert ("at most $3.20" in plain.message, "at most $1.60" in staged.message) == (True, True), staged.message


async def test_a_profile_that_is_not_there_fails_the_run_and_names_those_that_are(monkeypatch, tmp_path, feed, output):
    (tmp_path / "reelmill.toml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELMILL_PROFILE", "production")
    state = await catalog_run_of(feed, output)

    assert state.is_failed()
    assert "profile production" in state.message
    assert "it has staging" in state.message


async def test_a_social_batch_makes_the_chosen_products_only(veo, feed, output):
    from flows.parameters import Products, SocialVideo
    from flows.social_batch import social_batch

    chosen = Products(feed=str(feed), skus=["BOWL/2"])
    state = await social_batch(
        chosen, SocialVideo(platforms=[*PLATFORMS, "youtube_shorts"]), output=output, return_state=True
    )

    assert state.name == "Completed", state.message
    assert {entry["labels"]["sku"] for entry in accepted(veo, output)} == {"bowl_2"}
    assert len(accepted(veo, output)) == 2  # four platforms share two ratios


async def test_a_single_product_is_made_alone(veo, feed, output):
    from flows.parameters import OneProduct, Video
    from flows.single_product import single_product

    state = await single_product(
        OneProduct(feed=str(feed), sku="BOWL-1"), Video(platforms=["tiktok"]), output=output, return_state=True
    )

    report = await state.aresult()
    assert (state.name, report.made) == ("Completed", 1), state.message
    assert (await seen(state, tasks=6)).run.name == "product BOWL-1"


async def test_above_the_grouping_quota_clips_share_task_runs(monkeypatch, veo, feed, output):
    monkeypatch.setenv("REELMILL_QUOTA_PER_MINUTE", "6000")

    state = await catalog_run_of(feed, output)

    report = await state.aresult()
    assert (state.name, report.made, report.spent_usd) == ("Completed", 4, billed(veo, output))
    shown = await seen(state, tasks=6)
    (group,) = [name for name in shown.tasks if name.startswith("Group")]
    assert group == "Group 1: 4 clips, BOWL-1 to BOWL/2"


async def test_what_an_earlier_run_left_is_followed_even_if_nothing_is_approved(monkeypatch, gcs, tmp_path, output):
    """A run leaves its clips in flight; the next one, not approved itself, brings them home without paying."""
    from reelmill.jobs.accounting import open_run
    from reelmill.jobs.catalog import CatalogRequest, plan_catalog
    from reelmill.jobs.engine import Engine, new_run_id
    from reelmill.jobs.making import make_clips, planned_work
    from reelmill.planning.spool import Spool
    from reelmill.production.producer import Producer
    from reelmill.settings import load_settings

    feed = write_feed(tmp_path / "feed.csv", [product_row("BOWL-1"), product_row("BOWL-2")])
    with simulator(gcs.url, latency="1:1") as slow:
        monkeypatch.setenv("REELMILL_VERTEX_BASE_URL", slow.url)
        gone = "elsewhere/boot/1/1/gone"
        with Engine(load_settings(lease_s=1), output, owner=gone) as engine, Spool() as spool:
            request = CatalogRequest(feed=str(feed), platforms=("tiktok",), only=("BOWL-1",))
            summary = plan_catalog(engine, request, spool)
            run_id = new_run_id()
            open_run(engine, run_id, summary, spool, {})
            producer = Producer(engine.studio(), run_id)

            async def leave_when_sent(work):
                return await producer.produce(work, on_sent=engine.stop.leave)

            await make_clips(engine, planned_work([], spool), leave_when_sent)
        assert len(slow.journal()) == 1
        monkeypatch.setenv("REELMILL_LEASE_S", "1")
        state = await after_lease(feed, output)

        assert state.name == "NotApproved"
        assert len(slow.journal()) == 1
        assert [row["status"] for row in table(gcs, output, "results")] == ["succeeded"]


async def after_lease(feed, output):
    """Run until the lapsed lease lets the left clip be taken over: its table says when."""
    import asyncio

    from reelmill.ledger.ledger import Ledger
    from reelmill.ledger.states import State
    from reelmill.settings import load_settings

    async with asyncio.timeout(60):
        while True:
            state = await catalog_run_of(feed, output, approve_up_to_usd=Decimal("0.10"))
            ledger = Ledger.open(load_settings().ledger_url)
            try:
                if State.SUCCEEDED in ledger.totals():
                    return state
            finally:
                ledger.close()
