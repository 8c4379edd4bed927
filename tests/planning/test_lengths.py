"""Lengths that a platform would not take are told before anything is paid."""

import shutil
from dataclasses import replace
from datetime import date

import pytest

from reelmill.errors import FixRequest
from reelmill.jobs.catalog import CatalogRequest, clip_builder
from reelmill.platforms import MediaUse
from reelmill.settings import load_settings
from tests.support.making import CONTENT, planner_for

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"shortest_s": {"tiktok": 9.0}}, "lasts 8 s, which tiktok, pinterest share; tiktok takes 9 s at least"),
        ({"longest_s": {"pinterest": 6.0}}, "lasts 8 s, which tiktok, pinterest share; pinterest takes 6 s"),
    ],
)
def test_a_clip_that_a_platform_would_not_take_is_refused(ledger, limits, told):
    planner = planner_for(ledger, platforms=["tiktok", "pinterest"])
    with pytest.raises(FixRequest, match=told):
        replace(planner, builder=replace(planner.builder, **limits)).check(TODAY)


def test_a_platform_that_only_films_serve_is_a_warning(ledger):
    planner = planner_for(ledger, settings=load_settings(storyboards=True), platforms=["tiktok"])
    warnings = replace(planner, builder=replace(planner.builder, shortest_s={"tiktok": 10.0})).check(TODAY)
    assert "Without a storyboard a clip of 9:16 lasts 8 s; tiktok takes 10 s at least." in warnings


def test_how_long_an_extended_video_gets_is_not_judged_by_what_is_paid(ledger):
    settings = load_settings(media_use=MediaUse.EXTEND_VIDEO)
    planner = planner_for(ledger, settings=settings, platforms=["tiktok"])
    replace(planner, builder=replace(planner.builder, shortest_s={"tiktok": 10.0})).check(TODAY)


def test_the_bounds_are_those_of_the_platforms(tmp_path):
    shutil.copytree(CONTENT, tmp_path / "content")
    request = CatalogRequest(feed="feed.csv", platforms=("tiktok", "youtube_shorts"))
    builder = clip_builder(load_settings(catalogs_dir=tmp_path / "content"), request)
    assert (builder.shortest_s, builder.longest_s) == ({"tiktok": 5}, {"tiktok": 60, "youtube_shorts": 60})
