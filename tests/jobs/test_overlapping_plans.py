"""Two plans of one catalog, whose books are opened in the other order: the one that was planned last knows better."""

from contextlib import contextmanager

import pytest

from reelmill.jobs.accounting import close_run, open_run
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.jobs.finals import plan_finals
from reelmill.jobs.redriving import plan_redrive
from reelmill.ledger.records import KnownProduct
from reelmill.ledger.states import State
from reelmill.planning.spool import Spool
from reelmill.production.results import Tally
from reelmill.settings import load_settings
from tests.ledger.making import bring_to
from tests.support.feeds import product_row, write_feed


@pytest.fixture
def engine(tmp_path):
    with Engine(load_settings(project="shop", gallery=False), str(tmp_path / "reels")) as opened:
        yield opened


@contextmanager
def planned(engine, folder, *skus, title="Walnut bowl"):
    """A plan of these products that nobody has approved yet.

    Called with a run's id, that run opens, delivers (or ends its clips otherwise), and ends; its clips come back.
    """
    feed = write_feed(folder / "feed.csv", [product_row(sku, title) for sku in skus])
    with Spool() as spool:
        summary = plan_catalog(engine, CatalogRequest(feed=str(feed), platforms=("tiktok",)), spool)

        def run(run_id, end=State.SUCCEEDED):
            open_run(engine, run_id, summary, spool, {})
            made = []
            for clip in (one.clip for one in spool.planned_clips()):
                if not engine.ledger.standings([clip.clip_id]):  # the other run has not made it
                    into = {"run_id": run_id, "output": engine.storage.root}
                    made.append((clip, bring_to(engine.ledger, end, clip, **into)))
            close_run(engine, run_id, summary, spool, Tally())
            return made

        yield run


@pytest.mark.parametrize("first", ["newer", "older"])
def test_what_a_plan_saw_counts_from_when_it_looked(engine, tmp_path, first):
    engine.ledger.remember_products(engine.catalog, [KnownProduct(sku, None, 1) for sku in ("BACK", "GONE")], "before")
    with planned(engine, tmp_path, "BOWL", "GONE") as run_older, planned(engine, tmp_path, "BOWL", "BACK") as run_newer:
        runs = [("older", run_older), ("newer", run_newer)]
        for run_id, run in reversed(runs) if first == "newer" else runs:
            run(run_id)

    assert set(engine.ledger.all_known_skus(engine.catalog)) == {"BOWL", "BACK"}
    older, newer = (engine.ledger.run(run_id) for run_id in ("older", "newer"))
    assert older.planned_at < newer.planned_at
    assert older.catalog == newer.catalog == engine.catalog


def test_a_video_that_an_older_plan_kept_does_not_come_back_when_somebody_approves_it(engine, tmp_path):
    with planned(engine, tmp_path, "BOWL") as first:
        made = first("first")
    engine.ledger.remember_products(engine.catalog, [KnownProduct("BOWL", None, 1)], "first")  # not whole
    with planned(engine, tmp_path, "BOWL") as waiting:
        with planned(engine, tmp_path, "BOWL", title="Walnut bowl, oiled") as nightly:
            made += nightly("nightly")
        assert waiting("approved") == []

    assert engine.ledger.remade(made) == {made[0][0].clip_id}


def test_a_clip_that_was_made_again_meanwhile_takes_no_place_of_one_whose_plan_was_waiting(engine, tmp_path):
    with planned(engine, tmp_path, "BOWL") as first:
        ((old, attempt),) = first("first", State.FAILED)
    with planned(engine, tmp_path, "BOWL", title="Walnut bowl, oiled") as waiting:
        summary, works = plan_redrive(engine)
        assert [work.clip.clip_id for work in works] == [old.clip_id]
        open_run(engine, "redrive", summary, None, {})
        into = {"run_id": "redrive", "output": engine.storage.root, "again": True, "after": works[0].after}
        again = bring_to(engine.ledger, State.SUCCEEDED, old, **into)
        ((new, made),) = waiting("approved")

    assert engine.ledger.remade([(old, attempt), (old, again), (new, made)]) == {old.clip_id}
    assert engine.ledger.run("redrive").planned_at == engine.ledger.run("first").planned_at


def test_what_is_made_again_together_is_each_as_up_to_date_as_its_own_plan(engine, tmp_path):
    with planned(engine, tmp_path, "CUP") as first:
        first("first", State.FAILED)
    with planned(engine, tmp_path, "BOWL") as second:
        ((old, made),) = second("second")
    with planned(engine, tmp_path, "BOWL", title="Walnut bowl, oiled") as third:
        ((new, _),) = third("third", State.FAILED)
    summary, works = plan_redrive(engine, only=["BOWL", "CUP"])
    open_run(engine, "redrive", summary, None, {})
    into = {"run_id": "redrive", "output": engine.storage.root, "again": True}
    again = {
        work.clip.sku: bring_to(engine.ledger, State.SUCCEEDED, work.clip, after=work.after, **into) for work in works
    }

    assert set(again) == {"CUP", "BOWL"}
    assert engine.ledger.remade([(old, made), (new, again["BOWL"])]) == {old.clip_id}


def test_finals_are_as_up_to_date_as_the_last_plan_whose_books_were_opened(engine, tmp_path):
    assert plan_finals(engine, None)[0].planned_at is None
    with planned(engine, tmp_path, "BOWL") as first, planned(engine, tmp_path, "BOWL", "CUP") as second:
        second("second")
        first("first")
        with planned(engine, tmp_path, "BOWL", "CUP", "JUG"):
            assert plan_finals(engine, None)[0].planned_at == engine.ledger.run("second").planned_at


def test_a_run_of_a_part_does_not_speak_for_the_catalog(engine, tmp_path):
    feed = write_feed(tmp_path / "feed.csv", [product_row("BOWL")])
    request = CatalogRequest(feed=str(feed), platforms=("tiktok",), only=("BOWL",))
    open_run(engine, "part", plan_catalog(engine, request), None, {})

    assert engine.ledger.run("part").planned_at is not None
    assert engine.ledger.run("part").catalog is None
