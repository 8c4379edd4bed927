"""What a marketer does: open a deployment, fill the form, press Run, read the plan, approve, watch, look at clips."""

import re
from decimal import Decimal

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from reelmill.media.poster import to_jpeg
from tests.e2e.pressing import choose, number_field, open_form, open_resume, press_run, reloaded, settle, until_state
from tests.support.feeds import product_row, write_feed
from tests.support.waiting import wait_for

CLIP_USD = Decimal("0.80")


@pytest.fixture(scope="module")
def approved(installation):
    """What the first test leaves for the second: the id of the run that was made whole."""
    return {}


def test_form_price_approval_progress_and_clips(installation, page, show, approved):
    open_form(page, installation, "catalog")
    page.get_by_role("textbox", name="Campaign (Optional)").fill("winter")
    number_field(page, "Cap (USD) (Optional)").fill("25")
    show("form")
    run_id = press_run(page, installation)

    until_state(installation, run_id, "Paused")
    expect(page.get_by_text("Paused").first).to_be_visible()
    assert not installation.bank(), "nothing is paid before somebody says so"
    waits = installation.reelmill("approve")
    assert run_id in waits.stdout, waits.stderr
    dialog = open_resume(page, "catalogs/samples/demo.csv")
    expect(dialog.get_by_text("at most $22.40")).to_be_visible()
    expect(dialog.get_by_role("row", name="Total 28 clips 22.40")).to_be_visible()
    show("approval")
    choose(page, dialog.get_by_role("button", name="Select Decision"), "approve")
    dialog.get_by_role("textbox", name="Decided by (Optional)").fill("Ada")
    dialog.get_by_role("button", name="Resume", exact=True).click()

    until_state(installation, run_id, "Running", "Completed")
    assert wait_for(lambda: reloaded(page, run_id, installation, r"\d+ of 28 clips"), "progress")
    page.get_by_text(re.compile(r"\d+ of 28 clips")).scroll_into_view_if_needed()
    show("progress")
    state = until_state(installation, run_id, "Completed", "Failed", "NeedsAttention")
    assert (state["name"], len(installation.bank())) == ("Completed", 28), state
    assert sum(Decimal(entry["amount_usd"]) for entry in installation.bank("finished")) == 28 * CLIP_USD
    approved["run"] = run_id


def test_results_show_posters_that_play(installation, page, show, approved):
    page.goto(f"{installation.url}/v2/runs/flow-run/{approved['run']}?tab=Artifacts")
    page.get_by_role("link", name=re.compile("reelmill-results")).click()
    page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).click()

    posters = page.get_by_role("img", name=re.compile(r"NV-1001 (9:16|16:9)"))
    expect(posters.first).to_be_visible()
    wait_for(lambda: posters.first.evaluate("image => image.naturalWidth") > 0, "the poster's picture")
    show("results")
    video = posters.first.locator("xpath=ancestor::a").get_attribute("href")
    page.goto("about:blank")
    answer = page.request.get(video)
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")


def tent() -> bytes:
    """What the shop's picture of the tent might look like."""
    down, across = np.mgrid[0:480, 0:640].astype(np.float32)
    picture = np.empty((480, 640, 3), np.float32)
    picture[:] = (238, 236, 231)
    picture[down > 376] = (222, 217, 208)
    slope = np.abs(across - 300) * 1.05 + 96
    picture[(down > slope) & (down < 386)] = (196, 164, 112)
    picture[(down > slope) & (down < 386) & (across > 300)] = (168, 136, 88)
    door = np.abs(across - 262) * 2.6 + 214
    picture[(down > door) & (down < 386)] = (74, 62, 48)
    return to_jpeg(av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24"))


def test_the_results_lead_to_the_gallery_in_the_bucket(installation, page, show, approved):
    """Its links are relative, and lead to posters and videos of the output that it lies in."""
    page.goto(f"{installation.url}/v2/runs/flow-run/{approved['run']}?tab=Artifacts")
    page.get_by_role("link", name=re.compile("reelmill-results")).click()
    page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).click()
    address = page.get_by_role("link", name="Open the gallery").get_attribute("href")

    page.set_viewport_size({"width": 1440, "height": 1080})
    page.route("https://images.example.com/**", lambda route: route.fulfill(body=tent(), content_type="image/jpeg"))
    page.goto(address)
    expect(page.locator("#count")).to_have_text("28 clips")
    posters = page.locator("#grid img")
    wait_for(lambda: posters.evaluate_all("all => all.every(image => image.naturalWidth > 0)"), "the posters' pictures")
    for key in ("j", "a", "a", "m", "a", "r", "6", "Enter", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#progress")).to_have_text("3 approved, 1 rejected, 1 to remake, 23 undecided")
    video = page.locator("#drawer video")
    wait_for(lambda: video.evaluate("video => video.readyState === 4"), "the video")
    picture = page.get_by_role("img", name="Picture of Two-Person Ridge Tent, 1.9 kg in the feed")
    wait_for(lambda: picture.evaluate("image => image.naturalWidth === 640"), "the product's picture")
    page.evaluate("scrollTo(0, 0)")
    show("gallery")


def test_a_run_is_cancelled_in_the_page_and_sends_nothing_more(installation, page):
    write_feed(installation.folder / "vases.csv", [product_row(f"VASE-{number}") for number in range(300)])
    open_form(page, installation, "catalog")
    page.get_by_role("textbox", name="Feed").fill("vases.csv")
    number_field(page, "Ask above (USD) (Optional)").fill("1000")
    before = len(installation.bank())
    run_id = press_run(page, installation)
    wait_for(lambda: len(installation.bank()) >= before + 3, "the first clips")

    page.get_by_role("button", name="Open menu").first.click()
    page.get_by_role("menuitem", name="Cancel").click()
    page.get_by_role("alertdialog").get_by_role(
        "button", name=re.compile("Cancel run|Confirm|Cancel", re.IGNORECASE)
    ).last.click()

    state = until_state(installation, run_id, "Cancelled")
    sent = len(installation.bank())
    assert sent < before + 600, state
    settle(installation)
    assert len(installation.bank()) == sent, "looking pays nothing"
    status = installation.reelmill("status", "--json")
    assert '"submitted"' not in status.stdout, status.stdout
