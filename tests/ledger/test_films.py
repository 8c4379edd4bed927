"""Films in the ledger: as plans asked for them, each with its own scenes, its latest video, and what took its place."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from reelmill.film import Film, FilmScene
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Run
from reelmill.platforms import NativeRatio
from tests.ledger.making import NOON, OUTPUT, RUN


def film(sku, *scenes, **changes):
    made = tuple(FilmScene(name, f"{sku}-{name}") for name in scenes)
    ids = [scene.clip_id for scene in made]
    facts = {
        "film_id": Film.identify(ids),
        "sku": sku,
        "aspect_ratio": NativeRatio.PORTRAIT,
        "variant": 1,
        "scenes": made,
        "crossfade_ms": 500,
        "duration_ms": 7500,
    }
    return Film(**(facts | changes))


def stitched(edition, **changes):
    facts = {
        "attempts": ("a", "b"),
        "video_uri": f"{OUTPUT}/{edition}.mp4",
        "provenance_uri": f"{OUTPUT}/{edition}.json",
    }
    return Stitched(edition=edition, **(facts | changes))


TENT, LAMP = film("tent", "first", "last"), film("lamp", "whole", "near", "far")


def test_each_film_comes_back_with_its_own_scenes_in_order(ledger):
    ledger.plan_films(RUN, OUTPUT, [TENT, LAMP])
    ledger.start_run(Run(run_id="another", output="elsewhere"))
    ledger.plan_films("another", "elsewhere", [film("vase", "only", "two")])
    found = {one.film.sku: one for one in ledger.films(output=OUTPUT)}
    assert {sku: one.film for sku, one in found.items()} == {"tent": TENT, "lamp": LAMP}
    assert {(one.run_id, one.output, one.stitched, one.outplanned, one.replaced) for one in found.values()} == {
        (RUN, OUTPUT, None, False, False)
    }
    assert [one.film.sku for one in ledger.films(run_id="another")] == ["vase"]


def test_a_film_that_is_named_twice_is_planned_once_as_it_was_named_last(ledger):
    shorter = replace(TENT, crossfade_ms=0, duration_ms=8000)
    ledger.plan_films(RUN, OUTPUT, [TENT, LAMP, shorter])
    assert {one.film.sku: one.film for one in ledger.films(output=OUTPUT)} == {"tent": shorter, "lamp": LAMP}


def test_an_edition_is_kept_once_and_a_new_one_takes_its_place(ledger, clock):
    ledger.plan_films(RUN, OUTPUT, [TENT])
    assert ledger.keep_stitched(TENT.film_id, stitched("one", inspection={"status": "fail"}))
    assert not ledger.keep_stitched(TENT.film_id, stitched("one"))
    (standing,) = ledger.films(output=OUTPUT)
    assert (standing.stitched.unfit, standing.stitched.stitched_at) == (True, NOON)
    clock.advance(60)
    assert ledger.keep_stitched(TENT.film_id, stitched("two", renditions={"tiktok": "there"}))
    ledger.plan_films(RUN, OUTPUT, [replace(TENT, crossfade_ms=0, duration_ms=8000)])  # the next night
    (standing,) = ledger.films(output=OUTPUT)
    assert (standing.stitched.edition, standing.stitched.renditions) == ("two", {"tiktok": "there"})
    assert (standing.stitched.unfit, standing.film.crossfade_ms) == (False, 0)


def test_an_older_plan_that_is_opened_later_takes_no_films_place_and_changes_none(ledger, clock):
    ledger.start_run(Run(run_id="newer", output=OUTPUT, planned_at=clock.now + timedelta(seconds=1)))
    ledger.start_run(Run(run_id="older", output=OUTPUT, planned_at=clock.now))
    clock.advance(60)
    before = film("tent", "first", "other")
    ledger.plan_films("newer", OUTPUT, [TENT, LAMP])
    ledger.keep_stitched(TENT.film_id, stitched("newer"))
    ledger.plan_films("older", OUTPUT, [before, replace(LAMP, crossfade_ms=0, duration_ms=8000)])
    found = {one.film.film_id: (one.film, one.outplanned, one.replaced) for one in ledger.films(output=OUTPUT)}
    assert found == {
        TENT.film_id: (TENT, False, False),
        LAMP.film_id: (LAMP, False, False),
        before.film_id: (before, True, True),
    }


@pytest.mark.parametrize(
    ("draft_before", "draft_after", "outplanned"),
    [(False, False, True), (True, False, True), (True, True, True), (False, True, False)],
)
def test_a_later_plan_takes_a_films_place_but_drafts_only_that_of_drafts(
    ledger, clock, draft_before, draft_after, outplanned
):
    before = replace(TENT, draft=draft_before)
    after = film("tent", "first", "other", draft=draft_after)
    ledger.plan_films(RUN, OUTPUT, [before, LAMP])
    clock.advance(60)
    ledger.plan_films(RUN, OUTPUT, [after])
    for made in (False, True):
        if made:
            ledger.keep_stitched(after.film_id, stitched("later"))
        found = {one.film.film_id: (one.outplanned, one.replaced) for one in ledger.films(output=OUTPUT)}
        assert found == {
            before.film_id: (outplanned, outplanned and made),
            after.film_id: (False, False),
            LAMP.film_id: (False, False),
        }
    shared = ledger.film_of_clips(["tent-first", "tent-last", "lamp-near", "nobody"])
    assert shared["tent-first"] == (before.film_id if draft_after and not draft_before else after.film_id)
    assert shared.keys() == {"tent-first", "tent-last", "lamp-near"}
    assert ledger.films_of_clips(["tent-last"])["tent-last"].film == before


def test_two_plans_that_name_the_same_films_in_other_orders_do_not_wait_in_a_circle(ledger):
    films = [film(f"sku-{number}", "first", "last") for number in range(300)]
    with ThreadPoolExecutor(2) as plans:
        for _ in range(6):
            both = [plans.submit(ledger.plan_films, RUN, OUTPUT, order) for order in (films, films[::-1])]
            for plan in both:
                plan.result()
    assert len(list(ledger.films(output=OUTPUT))) == len(films)
