"""What may be handed over: latest, current, let through, and in the ratio that the platform shows."""

from dataclasses import replace

import pytest

from reelmill.clip import Clip
from reelmill.delivery.lack import Lack
from reelmill.finish import Consequence, Finish
from reelmill.ledger.records import Run, Settlement
from reelmill.ledger.states import State
from reelmill.platforms import NativeRatio
from tests.delivery.making import PLATFORMS, PORTRAIT, make_clip
from tests.ledger.making import RUN

FAIL = {"status": "fail", "findings": [], "videos": []}


def uris(stall, **options):
    found, _ = stall.listed(**options)
    return {one.uri for one in found}


def test_a_native_clip_is_listed_for_each_of_its_platforms(stall):
    intent = stall.deliver(make_clip(item_group_id="LAMPS", campaign="autumn"), bare=True)
    found, tally = stall.listed(renders=False)
    assert [one.platform for one in found] == list(PORTRAIT)
    assert {one.uri for one in found} == {intent.video_uris[0]}
    assert {(one.width, one.height, one.duration_s, one.aspect_ratio) for one in found} == {(720, 1280, 8.0, "9:16")}
    assert {(one.item_group_id, one.campaign, one.run_id, one.ai_generated) for one in found} == {
        ("LAMPS", "autumn", RUN, True)
    }
    assert len({one.key for one in found}) == 3
    assert (tally.clips, tally.deliverables, tally.withheld, dict(tally.unrendered)) == (1, 3, 0, {})


def test_the_latest_delivered_attempt_counts_whatever_came_after(stall):
    clip = make_clip()
    first = stall.deliver(clip)
    second = stall.deliver(clip, again=True, after=first.intent_id)
    assert uris(stall) == set(second.video_uris)
    stall.bring(State.FILTERED, clip, again=True, after=second.intent_id)
    assert uris(stall) == set(second.video_uris)
    latest = stall.ledger.standings([clip.clip_id])[clip.clip_id].intent_id
    third = stall.bring(State.SUBMITTED, clip, again=True, after=latest)
    assert uris(stall) == set(second.video_uris)
    end = Settlement(state=State.SUCCEEDED, returned=1, video_uris=("/1.mp4",), renditions={"tiktok": "/elsewhere.mp4"})
    stall.ledger.settle(third.intent_id, end)
    assert uris(stall) == {"/elsewhere.mp4"}


def test_a_changed_clip_takes_the_place_of_the_old_one_even_while_it_is_withheld(stall):
    stall.deliver(make_clip(prompt="The old lamp."))
    stall.deliver(make_clip(prompt="Its other variant.", variant=2))
    new = stall.deliver(make_clip(prompt="The new lamp."), inspection=FAIL)
    found, tally = stall.listed()
    assert {one.variant for one in found} == {2}
    assert (tally.clips, tally.replaced, tally.withheld) == (3, 1, 1)
    found, _ = stall.listed(gate=lambda delivered: {intent.intent_id for _, intent in delivered})
    assert {one.uri for one in found if one.variant == 1} == set(new.video_uris)


def test_an_old_video_stays_away_while_the_one_that_took_its_place_is_made_again(stall):
    stall.deliver(make_clip())
    changed = make_clip(prompt="It is blue now.")
    taker = stall.deliver(changed)
    stall.bring(State.FILTERED, changed, again=True, after=taker.intent_id)
    found, tally = stall.listed()
    assert {one.intent_id for one in found} == {taker.intent_id}
    assert tally.replaced == 1


def test_what_another_output_has_takes_nothing_away(stall):
    intent = stall.deliver(make_clip())
    stall.ledger.start_run(Run(run_id="staging", output="elsewhere"))
    stall.bring(State.SUCCEEDED, make_clip(), again=True, run_id="staging", output="elsewhere")
    assert uris(stall) == set(intent.video_uris)


def test_rehearsed_and_bought_videos_are_never_listed_together(stall):
    bought = make_clip()
    identity = Clip.identify(bought.request, bought.sku, bought.variant, rehearsal=True)
    of_both = [stall.deliver(clip).video_uris[0] for clip in (bought, replace(bought, clip_id=identity))]
    for rehearsal, shown in enumerate(of_both):
        found, tally = stall.listed(rehearsal=bool(rehearsal))
        assert ({one.uri for one in found}, tally.other_stage) == ({shown}, 1)
        ((words, remedy),) = tally.left_out()
        assert words.startswith("1 clips or films left out")
        assert "vertex_base_url" in remedy


def test_the_gate_decides(stall):
    good = stall.deliver(make_clip("GOOD"))
    stall.deliver(make_clip("BAD"), inspection=FAIL)
    unseen = stall.deliver(make_clip("UNSEEN"), inspection=None)
    assert uris(stall) == {*good.video_uris, *unseen.video_uris}
    assert uris(
        stall, gate=lambda delivered: {intent.intent_id for clip, intent in delivered if clip.sku == "UNSEEN"}
    ) == set(unseen.video_uris)


@pytest.mark.parametrize("rendition", [None, "/out/renditions/feed.mp4"])
def test_a_derived_ratio_wants_a_rendition(stall, rendition):
    made = {"instagram_feed": rendition} if rendition else {}
    stall.deliver(make_clip(platforms=("tiktok", "instagram_feed")), renditions=made)
    found, tally = stall.listed()
    assert {one.platform: one.uri for one in found}.get("instagram_feed") == rendition
    assert dict(tally.unrendered) == ({} if rendition else {"instagram_feed": 1})
    if rendition:
        (feed,) = (one for one in found if one.platform == "instagram_feed")
        assert (feed.width, feed.height, feed.aspect_ratio) == (1080, 1350, "4:5")


def test_a_rendition_goes_before_the_clips_own_video(stall):
    stall.deliver(make_clip(platforms=("tiktok",)), renditions={"tiktok": "/r.mp4"})
    assert uris(stall) == {"/r.mp4"}


def test_a_platform_that_shows_another_ratio_now_gets_no_old_clip(stall):
    stall.deliver(make_clip(ratio=NativeRatio.LANDSCAPE, platforms=("tiktok", "youtube", "billboards")))
    found, tally = stall.listed()
    assert [one.platform for one in found] == ["youtube"]
    assert dict(tally.unrendered) == {"tiktok": 1, "billboards": 1}


def test_of_several_samples_the_first_that_passed_is_taken_with_its_own_facts(stall):
    clip = make_clip(samples=3, platforms=("tiktok",))
    intent = stall.bring(State.SUBMITTED, clip)
    places = tuple(f"{stall.root}/{intent.output_prefix}/{number}.mp4" for number in range(3))
    facts = {"width": 1080, "height": 1920, "duration_s": 7.96}
    reports = [
        {"uri": places[0], "status": "fail", "findings": [], "facts": None},
        {"uri": places[1], "status": "review", "findings": [], "facts": facts},
    ]
    seen = {"status": "review", "findings": [], "videos": reports}
    end = Settlement(state=State.SUCCEEDED, returned=3, video_uris=places, inspection=seen)
    stall.ledger.settle(intent.intent_id, end)
    ((one,), _) = stall.listed(renders=False)
    assert (one.uri, one.width, one.height, one.duration_s) == (places[1], 1080, 1920, 7.96)


def test_a_clip_goes_as_it_came_only_where_nothing_would_be_made_of_it(stall):
    """Else it would reach people without the disclosure, the caption, or the level of sound."""
    intent = stall.deliver(make_clip(platforms=("tiktok",)), bare=True)
    for finish in (Finish(), Finish(disclosure="AI"), Finish(music="bed.m4a")):
        for renders in (True, False):
            found, tally = stall.listed(finish=finish, renders=renders)
            raw = not renders and finish == Finish()
            assert [one.uri for one in found] == (list(intent.video_uris) if raw else [])
            assert tally.lacking == ({} if raw else {(Lack.NOT_MADE, "tiktok"): 1})


SAID = {
    Lack.FAILED: ("rendition_failed", "What was to be made for tiktok failed: No space left on device."),
    Lack.OFF_RULES: ("rendition_off_rules", "For tiktok it has 4 s; TikTok in-feed wants at least 5."),
}


@pytest.mark.parametrize("lack", SAID)
def test_a_file_that_failed_or_is_off_the_rules_stays_and_the_other_goes(stall, lack):
    code, message = SAID[lack]
    for sku, about in (("OLDER", {}), ("NEWER", {"platform": "tiktok"})):  # older records name it in words only
        found = {"code": code, "message": message, "at_s": None, **about}
        seen = {"status": "review", "findings": [found], "videos": []}
        stall.deliver(make_clip(sku, platforms=("tiktok", "instagram_reels")), inspection=seen)
    for renders in (True, False):  # no setting lets the clip itself go in its place
        listed, tally = stall.listed(renders=renders)
        assert [one.platform for one in listed] == ["instagram_reels"] * 2
        assert dict(tally.unrendered) == {"tiktok": 2}
        ((what, remedy),) = tally.left_out()
        assert what == f"Left out for tiktok (2): {lack.words}."
        assert "redrive --remakes" in remedy
    let_pass = Finish(findings={code: Consequence.PASS})
    assert len(stall.listed(finish=let_pass)[0]) == (4 if lack is Lack.OFF_RULES else 2)


def test_a_clip_that_its_platform_would_refuse_does_not_go_as_it_came(stall):
    good = {"width": 720, "height": 1280, "fps": 24.0, "duration_s": 8.0, "video_codec": "h264", "bytes": 900_000}
    bad = {"short": {"duration_s": 4.0}, "narrow": {"width": 360}, "coded": {"video_codec": "hevc"}}
    bad["large"] = {"bytes": 500_000_001}
    for sku, wrong in {"good": {}, **bad}.items():
        intent = stall.bring(State.SUBMITTED, make_clip(sku, platforms=("tiktok",)))
        facts = good | wrong
        video = {"uri": f"/{sku}.mp4", "bytes": facts.pop("bytes"), "status": "pass", "facts": facts}
        seen = {"status": "pass", "findings": [], "videos": [video]}
        end = Settlement(state=State.SUCCEEDED, returned=1, video_uris=(video["uri"],), inspection=seen)
        stall.ledger.settle(intent.intent_id, end)
    (one,), tally = stall.listed(renders=False)
    assert (one.sku, one.size_bytes, tally.lacking) == ("good", 900_000, {(Lack.OFF_RULES, "tiktok"): 4})


def test_a_clip_that_nobody_looked_at_has_a_remedy_that_costs_nothing(stall):
    stall.deliver(make_clip(platforms=("tiktok",)), inspection=None, bare=True)
    found, tally = stall.listed()
    assert (found, tally.to_dict()["unrendered_because"]) == ([], {"not_looked_at": {"tiktok": 1}})
    assert "reelmill inspect" in next(tally.left_out())[1]


def test_products_known_to_be_gone_are_marked(stall):
    stall.deliver(make_clip("HERE"))
    stall.deliver(make_clip("GONE"), inspection=FAIL, bare=True)
    stall.retire("GONE")
    found, tally = stall.listed()
    assert {one.sku: one.retired for one in found} == {"HERE": False, "GONE": True}
    assert (tally.deliverables, tally.retired) == (3, 1)


def test_a_run_lists_what_it_made_itself(stall):
    stall.run("run-2")
    stall.deliver(make_clip("ONE"))
    stall.deliver(make_clip("TWO"), run_id="run-2")
    assert {one.sku for one in stall.listed(run_id="run-2")[0]} == {"TWO"}


def test_every_platform_that_ships_can_be_listed(stall):
    for ratio in NativeRatio:
        names = tuple(name for name, platform in PLATFORMS.items() if platform.native is ratio)
        made = {name: f"/{name}.mp4" for name in names if PLATFORMS[name].derived}
        stall.deliver(replace(make_clip(f"SKU-{ratio}", ratio=ratio), platforms=names), renditions=made)
    found, tally = stall.listed()
    assert {one.platform for one in found} == set(PLATFORMS)
    assert not tally.unrendered
