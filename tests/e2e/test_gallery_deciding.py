"""Deciding in a real browser while others decide, answers are late or missing, and some decisions are refused."""

import re

import pytest
from playwright.sync_api import expect

from reelmill.ledger.records import Decision
from reelmill.ledger.states import State
from tests.e2e.looking import focused, until
from tests.support.review_shop import RUN, inspection_of, shop_clip
from tests.support.waiting import wait_for


@pytest.fixture
def intents(shop):
    """Eight clips that inspection found fine, in the order of their SKU."""
    return [shop.deliver(shop_clip(number), inspection=inspection_of(0), shared=True) for number in range(8)]


def card(page, number):
    return page.get_by_role("option", name=f"SKU-000{number}")


def go_to(page, number):
    """The clip is the current one, and the drawer is closed."""
    card(page, number).click()
    page.keyboard.press("Escape")


def decided(shop):
    """What counts in the ledger, by the SKU's number."""
    counts = shop.ledger.decisions(RUN)
    found = [(int(clip.sku[-1]), counts.get(intent.intent_id)) for clip, intent in shop.ledger.intents(run_id=RUN)]
    return {number: review.decision for number, review in found if review is not None}


def says(page, text):
    expect(page.locator("#said")).to_have_text(re.compile(text))


def warns(page, text):
    expect(page.get_by_role("alert")).to_contain_text(text)


def drawn(page):
    return page.locator("#drawer h2")


def hold(page):
    """Answers of the server wait until they are let go."""
    held = []

    def keep(route):
        held.append(route)

    page.route("**/decisions", keep)

    def let_go():
        wait_for(lambda: page.evaluate("1") and held, "a decision on its way")
        held.pop(0).continue_()

    return let_go


def test_undo_brings_back_what_the_ledger_had_before_and_wipes_nothing_newer(look, serve, shop, intents):
    page = look(serve())
    shop.decide(intents[1], Decision.REJECT, "Ben", "Off brand")
    go_to(page, 1)
    page.keyboard.press("a")
    says(page, "Approved: SKU-0001")
    page.keyboard.press("u")
    says(page, "Undone: 1 clip")
    assert decided(shop) == {1: Decision.REJECT}
    expect(card(page, 1)).to_have_attribute("aria-label", re.compile("Rejected"))
    page.keyboard.press("a")
    says(page, "Approved: SKU-0001")
    shop.decide(intents[1], Decision.REMAKE, "Ben")
    page.keyboard.press("u")
    warns(page, "Not undone: Ben has decided since: remake.")
    assert decided(shop) == {1: Decision.REMAKE}


def test_changes_of_one_clip_are_undone_one_after_the_other(look, serve, shop, intents):
    page = look(serve())
    for key in ("Home", "a", "Home", "m", "Home", "a", "u", "u"):
        page.keyboard.press(key)
    expect(page.locator("#progress")).to_have_text("1 approved, 0 rejected, 0 to remake, 7 undecided")
    wait_for(lambda: page.evaluate("1") and len(shop.ledger.reviews()) == 5, "five decisions")
    assert decided(shop) == {0: Decision.APPROVE}
    page.keyboard.press("u")
    expect(page.locator("#progress")).to_have_text("0 approved, 0 rejected, 0 to remake, 8 undecided")
    wait_for(lambda: page.evaluate("1") and decided(shop) == {}, "the last undo")


def test_a_late_answer_takes_nobody_away_from_another_clip(look, serve, shop, intents):
    page = look(serve())
    let_go = hold(page)
    card(page, 1).click()
    page.keyboard.press("a")
    card(page, 5).click()
    let_go()
    says(page, "Approved: SKU-0001")
    expect(drawn(page)).to_have_text("Product number 5")
    page.keyboard.press("m")
    let_go()
    says(page, "Marked to be remade: SKU-0005")
    assert decided(shop) == {1: Decision.APPROVE, 5: Decision.REMAKE}


def test_two_quick_presses_in_the_drawer_are_about_the_clip_that_it_showed(look, serve, shop, intents):
    page = look(serve())
    let_go = hold(page)
    card(page, 2).click()
    for name in ("Approve", "Remake"):
        page.locator("#drawer").get_by_role("button", name=name).click()
    let_go()
    let_go()
    says(page, "Marked to be remade: SKU-0002")
    assert decided(shop) == {2: Decision.REMAKE}
    expect(drawn(page)).to_have_text("Product number 3")


def test_the_drawer_shows_what_keys_act_on_also_after_a_click_of_the_other_button(look, serve, intents):
    page = look(serve())
    card(page, 4).click()
    expect(drawn(page)).to_have_text("Product number 4")
    card(page, 6).click(button="right")
    assert focused(page).startswith("SKU-0006")
    expect(drawn(page)).to_have_text("Product number 6")


def test_what_is_refused_among_many_keeps_no_other_out(look, serve, shop, intents):
    page = look(serve())
    script = page.request.get(page.url.replace("index.html", "deciding.js")).text()
    few = script.replace("AT_ONCE = 500", "AT_ONCE = 3")
    assert few != script
    page.route("**/deciding.js", lambda route: route.fulfill(content_type="text/javascript", body=few))
    page.reload()
    page.wait_for_selector("html[data-ready]")
    shop.remove(intents[1])
    page.get_by_role("button", name="Select all shown").click()
    page.keyboard.press("a")
    warns(page, "7 recorded, 1 not: Its video was removed by retention; redrive makes another, at its price.")
    approved = dict.fromkeys(range(8), Decision.APPROVE)
    assert decided(shop) == approved | {1: Decision.REJECT}
    expect(page.get_by_role("toolbar", name="Selected clips")).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    says(page, "Undone: 7 clips")
    assert decided(shop) == {1: Decision.REJECT}


def test_what_retention_removed_cannot_be_approved(look, serve, shop, intents):
    shop.remove(intents[1])
    page = look(serve())
    card(page, 1).click()
    expect(page.locator("#drawer").get_by_role("button", name="Approve")).to_be_disabled()
    page.keyboard.press("a")
    warns(page, "Its video was removed by retention: it can no more be approved or undecided.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Select all shown").click()
    page.keyboard.press("a")
    says(page, "Approved: 7 clips. 1 without a video passed over. 0 undecided.")
    assert decided(shop) == dict.fromkeys(range(8), Decision.APPROVE) | {1: Decision.REJECT}


def test_an_undo_that_is_refused_is_dropped_and_one_that_nobody_answered_is_not(look, serve, shop, intents):
    page = look(serve())
    for number in (0, 1):
        go_to(page, number)
        page.keyboard.press("m")
        says(page, f"Marked to be remade: SKU-000{number}")
    shop.remove(intents[1])
    page.keyboard.press("u")
    warns(page, "Not undone: Its video was removed by retention")
    page.route("**/decisions", lambda route: route.abort())
    page.keyboard.press("u")
    warns(page, "Not undone: the server does not answer.")
    page.unroute("**/decisions")
    page.keyboard.press("u")
    says(page, "Undone: 1 clip")
    assert decided(shop) == {1: Decision.REJECT}


def test_a_key_that_is_held_down_decides_once(look, serve, shop, intents):
    page = look(serve())
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.down("a")
    page.keyboard.up("a")
    page.keyboard.press("m")
    says(page, "Marked to be remade: SKU-0001")
    assert decided(shop) == {0: Decision.APPROVE, 1: Decision.REMAKE}


def test_undo_leads_to_no_clip_that_is_hidden(look, serve, shop, intents):
    page = look(serve())
    go_to(page, 2)
    page.keyboard.press("a")
    says(page, "Approved: SKU-0002")
    page.locator("#by-category").select_option("=Apparel > Shirts")
    go_to(page, 3)
    page.keyboard.press("u")
    warns(page, "Undone: 1 clip, hidden by the filters.")
    page.keyboard.press("m")
    says(page, "Marked to be remade: SKU-0003")
    assert decided(shop) == {3: Decision.REMAKE}


def test_the_focus_stays_on_the_button_that_was_pressed(look, serve, intents):
    page = look(serve())
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.locator("#drawer").get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    says(page, "Approved: SKU-0007")
    until(
        page, "document.activeElement.ariaPressed === 'true' && document.activeElement.textContent.includes('Approve')"
    )


def test_what_cannot_be_done_is_seen_too(look, serve, shop):
    shop.deliver(shop_clip(0), state=State.FILTERED, error_message="A child was seen.")
    page = look(serve())
    page.keyboard.press("u")
    warns(page, "Nothing to undo.")
    page.keyboard.press("j")
    for key in ("a", "r"):
        page.keyboard.press(key)
        warns(page, "There is no video to decide about.")
        page.evaluate("document.getElementById('notice').textContent = ''")


def test_the_reasons_of_a_rejection_go_away_only_by_a_click_beside_them(look, serve, intents):
    page = look(serve())
    page.keyboard.press("j")
    page.keyboard.press("r")
    box = page.get_by_role("dialog")
    field = page.get_by_label("Another reason")
    field.fill("The label is upside down")
    place, text = box.bounding_box(), field.bounding_box()
    page.mouse.click(place["x"] + 6, place["y"] + 6)
    page.mouse.move(text["x"] + 40, text["y"] + 8)
    page.mouse.down()
    page.mouse.move(10, text["y"] + 8)
    page.mouse.up()
    expect(field).to_have_value("The label is upside down")
    expect(box).to_be_visible()
    page.mouse.click(10, 10)
    expect(box).to_have_count(0)
