from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from reelmill.errors import ChooseAnotherModel, FixConfiguration, FixRequest
from reelmill.ledger.states import State
from reelmill.planning.actions import Action
from reelmill.planning.shapes import shapes_for
from reelmill.planning.spool import Spool
from reelmill.platforms import MediaUse, load_platforms
from reelmill.product import Reject, RowRef
from reelmill.settings import load_settings
from tests.support.making import CONTENT, planner_for, product, settle_all

PRODUCTS = [product(number) for number in range(1, 6)]


def test_first_plan_makes_everything_and_prices_it(plan):
    summary = plan(PRODUCTS)

    assert summary.counts == {Action.MAKE: 10}
    assert summary.clips == 10
    # 8 s of veo-3.1-fast at 720p with sound is 0.10 USD a second.
    assert summary.estimated_usd == Decimal("8.00")
    assert sum(summary.by_category.values()) == sum(summary.by_platform.values()) == summary.estimated_usd


def test_platforms_of_one_ratio_share_a_paid_clip(plan):
    alone = plan(PRODUCTS, platforms=["tiktok"])
    shared = plan(PRODUCTS, platforms=["tiktok", "instagram_reels", "youtube_shorts", "instagram_feed"])

    assert shared.counts[Action.MAKE] == alone.counts[Action.MAKE] == len(PRODUCTS)
    assert set(shared.by_platform) == {"tiktok", "instagram_reels", "youtube_shorts", "instagram_feed"}


def test_unchanged_catalog_makes_nothing(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)

    again = plan(PRODUCTS)

    assert again.counts == {Action.KEEP: 10}
    assert again.unchanged_products == 5
    assert again.estimated_usd == 0
    assert again.eta_seconds == 0


def test_a_platform_that_kept_clips_were_not_made_for_is_told(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS[:2], sink=spool)
        settle_all(ledger, spool)

    summary = plan(PRODUCTS[:3], platforms=["instagram_reels", "youtube", "tiktok"])

    assert summary.counts == {Action.KEEP: 4, Action.MAKE: 2}
    (warning,) = summary.warnings
    assert warning.startswith("2 kept clips have no file for tiktok, the first for SKU-1: ")
    assert warning.endswith("--force` pays for new ones.")
    assert plan(PRODUCTS[:2], platforms=["instagram_reels"]).warnings == []


def test_changing_one_product_remakes_exactly_that_product(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)
    changed = [product(3, color="indigo") if item.sku == "SKU-3" else item for item in PRODUCTS]

    with Spool() as spool:
        summary = plan(changed, sink=spool)
        assert {planned.clip.sku for planned in spool.planned_clips()} == {"SKU-3"}
    assert summary.counts == {Action.MAKE: 2, Action.KEEP: 8}


def test_vanished_product_retires_once_and_comes_back(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)
    with Spool() as spool:
        without = plan(PRODUCTS[1:], sink=spool)
        settle_all(ledger, spool)

    assert without.retired == ["SKU-1"]
    assert plan(PRODUCTS[1:]).counts[Action.RETIRE] == 0
    back = plan(PRODUCTS)
    assert back.counts == {Action.KEEP: 10}


@pytest.mark.parametrize("part", [{"only": ["SKU-2"]}, {"limit": 1}])
def test_a_part_of_the_catalog_retires_nothing(plan, ledger, part):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)

    assert plan(PRODUCTS[1:], **part).counts[Action.RETIRE] == 0


def test_a_rehearsal_never_passes_for_a_purchase(plan, ledger):
    rehearsal = load_settings(vertex_base_url="http://127.0.0.1:4500")
    with Spool() as spool:
        plan(PRODUCTS, sink=spool, settings=rehearsal)
        settle_all(ledger, spool)

    assert plan(PRODUCTS, settings=rehearsal).counts == {Action.KEEP: 10}
    assert plan(PRODUCTS).counts == {Action.MAKE: 10}


def test_an_empty_export_retires_nothing_and_says_so(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)

    summary = plan([])
    assert summary.counts[Action.RETIRE] == 0
    assert any("no product" in warning for warning in summary.warnings)


def test_limit_counts_products_with_something_to_make(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS[:2], sink=spool)
        settle_all(ledger, spool)

    with Spool() as spool:
        summary = plan(PRODUCTS, sink=spool, limit=2)
        skus = {planned.clip.sku for planned in spool.planned_clips()}
    assert skus == {"SKU-3", "SKU-4"}
    assert summary.counts[Action.MAKE] == 4


def test_only_names_products_and_folded_variants_and_says_what_is_missing(plan):
    folded = product(7, variants=("SKU-7", "SKU-7-L"))
    summary = plan([*PRODUCTS, folded], only=["SKU-7-L", "SKU-404"])

    assert summary.counts[Action.MAKE] == 2
    assert any("SKU-404" in warning for warning in summary.warnings)


def test_force_makes_delivered_clips_again(plan, ledger):
    with Spool() as spool:
        plan(PRODUCTS, sink=spool)
        settle_all(ledger, spool)

    with Spool() as spool:
        summary = plan(PRODUCTS, sink=spool, force=True)
        assert all(planned.again for planned in spool.planned_clips())
    assert summary.counts == {Action.MAKE: 10}


@pytest.mark.parametrize("state", [State.FAILED, State.FILTERED])
def test_what_ended_without_a_video_waits_for_a_person(plan, ledger, state):
    with Spool() as spool:
        plan(PRODUCTS[:1], sink=spool)
        settle_all(ledger, spool, state)

    summary = plan(PRODUCTS[:1])
    assert summary.counts == {Action.BLOCKED: 2}
    assert "redrive" in summary.blocked[0].reason


def test_rejects_are_counted_and_handed_on(plan):
    reject = Reject(ref=RowRef("feed.csv", 9), sku="X", field="title", reason="empty", remedy="fill it", raw_value="")
    with Spool() as spool:
        summary = plan([PRODUCTS[0], reject], sink=spool)
        assert list(spool.rejects()) == [reject]
    assert summary.rejects == 1
    assert summary.counts[Action.MAKE] == 2


def test_variants_are_different_clips(plan):
    with Spool() as spool:
        plan(PRODUCTS[:1], sink=spool, settings=load_settings(variants=3))
        ids = {planned.clip.clip_id for planned in spool.planned_clips()}
    assert len(ids) == 6


def test_spooled_clips_come_back_whole(plan, ledger):
    planner = planner_for(ledger)
    with Spool() as spool:
        planner.plan(PRODUCTS[:1], spool)
        spooled = [planned.clip for planned in spool.planned_clips()]
        fingerprint = next(spool.products())[0].fingerprint
    assert spooled == [clip for clip, _ in planner.builder.build(PRODUCTS[0], fingerprint)]


def test_banned_word_in_a_product_blocks_before_money(plan, ledger):
    words = planner_for(ledger).builder.library.brand.forbidden_words
    summary = plan([product(1, title=f"Shirt {words[0]}")])
    assert summary.counts[Action.MAKE] == 0
    assert summary.counts[Action.BLOCKED] == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"model": "veo-3.0-generate-001"}, ChooseAnotherModel),
        ({"model": "veo-9"}, ChooseAnotherModel),
        ({"model": "veo-3.1-lite-generate-001", "resolution": "4k"}, ChooseAnotherModel),
        ({"model": "veo-3.1-lite-generate-001", "media_use": MediaUse.REFERENCES}, FixRequest),
    ],
)
def test_what_the_model_cannot_do_stops_before_a_row_is_read(ledger, wrong, error):
    with pytest.raises(error):
        planner_for(ledger, settings=load_settings(**wrong)).check(date(2026, 11, 22))


def test_passed_retirement_floor_warns_and_asks_doctor(ledger):
    (warning,) = [w for w in planner_for(ledger).check(date(2026, 11, 22)) if "doctor" in w]
    assert "2026-11-17" in warning


@pytest.mark.parametrize(
    ("use", "images", "mode"),
    [
        (MediaUse.FIRST_FRAME, 2, "image_to_video"),
        (MediaUse.FIRST_LAST_FRAME, 2, "first_last_frame"),
        (MediaUse.FIRST_LAST_FRAME, 1, "image_to_video"),
        (MediaUse.REFERENCES, 5, "reference_to_video"),
        (MediaUse.REFERENCES, 0, "text_to_video"),
        (MediaUse.NONE, 2, "text_to_video"),
    ],
)
def test_the_mode_follows_setting_and_images(plan, use, images, mode):
    item = product(1, images=tuple(f"https://images.example.com/{n}.jpg" for n in range(images)))
    with Spool() as spool:
        plan([item], sink=spool, settings=load_settings(media_use=use))
        modes = {planned.clip.request.mode.value for planned in spool.planned_clips()}
    assert modes == {mode}


@pytest.fixture
def two_uses(ledger):
    """Plan with two shapes of one ratio: TikTok's begins with the picture, that of the reels with words alone."""

    def run(rows, sink=None):
        settings = load_settings(media_use=MediaUse.NONE)
        known = load_platforms(CONTENT / "platforms.toml")
        both = [known["instagram_reels"], known["tiktok"].model_copy(update={"media_use": MediaUse.FIRST_FRAME})]
        planner = planner_for(ledger, settings=settings)
        builder = replace(planner.builder, shapes=shapes_for(both, settings))
        return replace(planner, builder=builder).plan(rows, sink)

    return run


def test_shapes_that_come_to_the_same_request_are_one_clip_for_the_platforms_of_both(two_uses):
    with Spool() as spool:
        summary = two_uses([product(1, images=()), product(2)], spool)
        clips = [(planned.clip.sku, planned.clip.platforms) for planned in spool.planned_clips()]
        ids = [clip_ids for _, clip_ids in spool.products()]
    assert clips == [
        ("SKU-1", ("instagram_reels", "tiktok")),
        ("SKU-2", ("instagram_reels",)),
        ("SKU-2", ("tiktok",)),
    ]
    assert [len(one) for one in ids] == [1, 2]
    assert summary.estimated_usd == Decimal("2.40")


def test_a_feed_video_is_extended_by_seven_seconds(plan):
    item = product(1, extra={"video_link": "gs://shop/videos/1.mp4"})
    with Spool() as spool:
        summary = plan([item], sink=spool, settings=load_settings(media_use=MediaUse.EXTEND_VIDEO))
        requests = [planned.clip.request for planned in spool.planned_clips()]
    assert {(request.mode.value, request.duration_s) for request in requests} == {("extension", 7)}
    assert summary.estimated_usd == Decimal("1.40")
    assert summary.warnings == []


def test_the_column_with_the_video_may_be_spelled_as_the_feed_spells_it(plan):
    settings = load_settings(media_use=MediaUse.EXTEND_VIDEO, video_column="Video Link")
    items = [product(1, extra={"video_link": "gs://shop/videos/1.mp4"}), product(2, extra={"video_link": ""})]
    with Spool() as spool:
        summary = plan(items, sink=spool, settings=settings)
        modes = [planned.clip.request.mode.value for planned in spool.planned_clips()]
    assert modes == ["extension"] * 2 + ["text_to_video"] * 2
    (warning,) = summary.warnings
    assert "2 of 4 clips to make for media_use = extend_video are made from words alone" in warning
    assert "no gs:// MP4 in column 'Video Link'" in warning


def test_a_product_without_the_picture_that_its_clip_is_to_begin_with_is_told(plan):
    settings = load_settings(media_use=MediaUse.FIRST_FRAME)
    (warning,) = plan([product(1), product(2, images=())], platforms=["tiktok"], settings=settings).warnings
    assert warning.startswith("1 of 2 clips to make for media_use = first_frame is made from words alone: the product")


@pytest.mark.parametrize("column", ["Video Link", "g:video_link", "video_link"])
def test_a_feed_without_the_column_of_videos_stops_before_a_row_is_read(ledger, column):
    today = date(2026, 11, 22)
    planner = planner_for(ledger, settings=load_settings(media_use=MediaUse.EXTEND_VIDEO, video_column=column))
    planner.check(today, ("care", "video_link"))
    with pytest.raises(
        FixConfiguration, match=r"no column '.*from words alone\. Set video_column to one of: care, link;"
    ):
        planner.check(today, ("link", "care"))
    planner_for(ledger).check(today, ())
