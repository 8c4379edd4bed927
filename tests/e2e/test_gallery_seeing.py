"""What a gallery says of itself in a real browser: what is decided, loaded and missing, and which video is which."""

import pytest
from playwright.sync_api import expect

from reelmill.gallery import building
from reelmill.jobs.galleries import copy_gallery, write_gallery
from reelmill.ledger.states import State
from tests.e2e.looking import CARD, cards, shown, until
from tests.support.review_shop import RUN, inspection_of, shop_clip


def written(shop):
    return f"file://{write_gallery(shop.ledger, shop.storage, RUN)}"


def progress(page, text):
    expect(page.locator("#progress")).to_have_text(text)


def fine(shop, numbers, **changes):
    return [shop.deliver(shop_clip(n, **changes), inspection=inspection_of(0), shared=True) for n in numbers]


def test_two_tabs_of_one_gallery_keep_each_others_decisions(look, shop):
    fine(shop, range(4))
    first = look(written(shop))
    second = first.context.new_page()
    second.goto(first.url)
    second.wait_for_selector("html[data-ready]")
    first.keyboard.press("j")
    first.keyboard.press("a")
    progress(second, "1 approved, 0 rejected, 0 to remake, 3 undecided")
    expect(second.get_by_role("button", name="Export 1 decision")).to_be_visible()
    second.keyboard.press("End")
    second.keyboard.press("m")
    progress(first, "1 approved, 0 rejected, 1 to remake, 2 undecided")
    first.keyboard.press("u")
    progress(second, "0 approved, 0 rejected, 1 to remake, 3 undecided")
    first.reload()
    progress(first, "0 approved, 0 rejected, 1 to remake, 3 undecided")
    second.close()


def test_a_tab_that_heard_nothing_of_the_other_erases_nothing(look, shop):
    fine(shop, range(4))
    first = look(written(shop))
    second = first.context.new_page()
    second.add_init_script("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
    second.goto(first.url)
    second.wait_for_selector("html[data-ready]")
    for page, key, at in ((first, "a", "Home"), (second, "m", "End")):
        page.keyboard.press(at)
        page.keyboard.press(key)
    progress(second, "1 approved, 0 rejected, 1 to remake, 2 undecided")
    second.reload()
    progress(second, "1 approved, 0 rejected, 1 to remake, 2 undecided")
    second.close()


def test_more_clips_are_loaded_once_however_often_it_is_asked_and_the_meter_knows_the_rest(look, shop, monkeypatch):
    monkeypatch.setattr(building, "_PIECE", 2)
    fine(shop, range(16))
    page = look(written(shop))
    progress(page, "0 approved, 0 rejected, 0 to remake, 10 undecided, 6 not loaded")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_have_text("Approved: SKU-0000 9:16. 9 undecided, 6 not loaded.")
    page.locator("#more-button").evaluate("button => { button.click(); button.click(); }")
    progress(page, "1 approved, 0 rejected, 0 to remake, 15 undecided")
    expect(page.locator("#more")).to_be_hidden()
    assert (shown(page), cards(page)) == ("16 clips", [f"SKU-{number:04}" for number in range(16)])


def test_the_meter_counts_each_clip_once_and_no_video_that_is_gone(look, shop):
    fine(shop, [1])
    shop.deliver(shop_clip(1), inspection=inspection_of(0), again=True)
    shop.remove(*fine(shop, [2]))
    page = look(written(shop))
    progress(page, "0 approved, 0 rejected, 0 to remake, 1 undecided")
    page.locator("#by-decision").select_option("=open")
    assert shown(page) == "1 of 3 clips"


@pytest.mark.parametrize("name", ["data.js", "decisions.js"])
def test_a_file_that_is_missing_is_named_instead_of_an_empty_page(browser, shop, tmp_path, name):
    fine(shop, [1])
    index = copy_gallery(shop.ledger, shop.storage, RUN, tmp_path / "copy").index
    (index.parent / name).unlink()
    page = browser.new_page()
    page.goto(index.as_uri())
    expect(page.get_by_text(f"{name} could not be read.")).to_be_visible()
    expect(page.get_by_text("reelmill review RUN")).to_be_visible()
    page.close()


def test_decisions_that_the_ledger_cannot_give_are_told_and_so_is_data_that_is_none(browser, shop, serve):
    fine(shop, [1])
    page = browser.new_page()
    page.route("**/decisions.js", lambda route: route.fulfill(status=503, body="{}"))
    address = serve()
    page.goto(address)
    expect(page.get_by_text("decisions.js could not be read.")).to_be_visible()
    page.unroute("**/decisions.js")
    broken = 'window.reelmillData = {"run": {"id": "r", "spent": "0", "planned": "0"}, "clips": 0, "pieces": 0};'
    page.route("**/data.js", lambda route: route.fulfill(content_type="text/javascript", body=broken))
    page.goto(address)
    expect(page.locator("#fallback")).to_contain_text("undefined")
    expect(page.locator("#app")).to_be_hidden()
    page.close()


def film(page, scene):
    page.get_by_role("option", name=f"scene {scene}").first.click()
    return page.locator("#drawer .media video")


def test_a_scene_leads_to_the_attempt_whose_video_counts(look, shop):
    shop.stitch()
    closing = next(clip for clip, _ in shop.ledger.intents(run_id=RUN) if clip.scene == "close")
    shop.deliver(closing, state=State.FILTERED, again=True, error_message="A child was seen.")
    page = look(written(shop))
    film(page, "opening")
    page.locator("#drawer").get_by_role("button", name="close", exact=True).click()
    expect(page.get_by_role("button", name="close", exact=True, pressed=True)).to_be_visible()
    expect(page.locator("#drawer .pair video")).to_be_visible()


def test_of_the_videos_in_the_drawer_one_plays_and_a_broken_film_says_so(look, shop):
    _, stitched = shop.stitch()
    page = look(written(shop))
    clip, whole = (film(page, "close").nth(number) for number in (0, 1))
    until(page, "document.querySelectorAll('#drawer video').length === 2")
    for played, other in ((clip, whole), (whole, clip), (clip, whole)):
        played.evaluate("video => video.play()")
        expect(other).to_have_js_property("paused", value=True)
        expect(played).to_have_js_property("paused", value=False)
    page.keyboard.press("Escape")
    shop.storage.replace(shop.storage.name(stitched.video_uri), b"no video", "video/mp4")
    film(page, "opening").nth(1).evaluate("video => { video.play().catch(() => {}); }")
    expect(page.get_by_role("alert")).to_have_text("This video cannot be played here.")


def test_names_of_the_shop_are_shown_as_they_are(look, shop):
    fine(shop, [0, 1], sku="SKU_1_red", campaign="winter_sale", platforms=("instagram_reels",))
    charts = look(written(shop)).locator("#charts")
    for name in ("SKU_1_red", "winter_sale", "instagram reels"):
        expect(charts.get_by_title(name.replace(" ", "_"))).to_have_text(name)


def test_filters_are_cleared_and_the_order_stays(look, shop):
    fine(shop, range(5))
    page = look(written(shop))
    page.locator("#sort").select_option("dear")
    page.locator("#search").fill("SKU-0001")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(CARD)).to_have_count(5)
    assert (cards(page)[0], page.locator("#sort").input_value()) == ("SKU-0004", "dear")
