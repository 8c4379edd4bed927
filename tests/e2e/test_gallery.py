"""A gallery in a real browser: from disk, without a server or network; and served, with decisions in the ledger."""

import json
import re
import socket
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from reelmill.gallery.serving import review_app
from reelmill.jobs.galleries import copy_gallery, write_gallery
from reelmill.jobs.reviewing import ReviewDesk, apply_file
from reelmill.ledger.records import Decision
from reelmill.settings import load_settings
from reelmill.storage.browse import browse_address
from tests.e2e.looking import CARD, cards, focused, shown, until
from tests.support.review_shop import HOSTILE, PREVIEW, RUN, SIZES, review_shop, shop_clip
from tests.support.served import served

CLIPS = 20
MANY = 1000


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Twenty clips of every kind, and one whose feed is hostile."""
    folder = tmp_path_factory.mktemp("shop")
    with review_shop(f"sqlite:///{folder}/ledger.db", str(folder / "reels")) as opened:
        opened.fill(CLIPS - 1)
        hostile = {"title": HOSTILE, "category": HOSTILE, "picture": "https://images.example.com/1.jpg"}
        opened.deliver(
            shop_clip(CLIPS, **hostile), inspection={"status": "pass", "findings": []}, error_message=HOSTILE
        )
        yield opened


@pytest.fixture(scope="module")
def on_disk(shop, tmp_path_factory):
    """The address of a copy that needs nothing else."""
    folder = tmp_path_factory.mktemp("copy") / "a folder with spaces & ümlauts"
    return copy_gallery(shop.ledger, shop.storage, RUN, folder).index.as_uri()


def test_it_opens_from_disk_with_doubtful_clips_first_and_real_posters(look, on_disk):
    page = look(on_disk)
    assert shown(page) == f"{CLIPS} clips"
    assert cards(page)[:4] == ["SKU-0002", "SKU-0012", "SKU-0003", "SKU-0013"]
    expect(page.get_by_role("option", name="SKU-0002, 9:16")).to_contain_text("Fail")
    posters = page.locator(f"{CARD} img")
    posters.first.evaluate("image => image.decode()")
    assert posters.first.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [90, 160]
    wide, tall = (page.get_by_role("option", name=f"SKU-00{number}").locator(".frame") for number in ("03", "02"))
    for frame, ratio in ((wide, 16 / 9), (tall, 9 / 16)):
        box = frame.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.02)
    expect(page.locator("#charts")).to_contain_text(re.compile(r"\$20\.00 19 of 20"))
    page.keyboard.press("End")
    assert focused(page).startswith("SKU-0009")
    expect(page.locator(CARD).last).to_contain_text("A child was seen in the picture.")


def test_it_opens_from_a_bucket_where_links_lead_to_the_clips_of_the_output(look, gcs, tmp_path):
    settings = {"storage_emulator_host": gcs.url, "project": "local"}
    with review_shop(f"sqlite:///{tmp_path}/ledger.db", f"gs://{gcs.bucket()}/reels", **settings) as shop:
        shop.fill(2)
        address = browse_address(write_gallery(shop.ledger, shop.storage, RUN), load_settings(**settings))
    page = look(address)
    posters = page.locator(f"{CARD} img")
    assert posters.evaluate_all("all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))") == [90, 160]
    page.locator(CARD).first.click()
    until(page, "document.querySelector('#drawer video').readyState >= 1")


def test_filters_search_and_sort(look, on_disk):
    page = look(on_disk)

    def choose(name, value):
        page.locator(f"#by-{name}").select_option(value)

    choose("category", "=Toys")
    assert shown(page) == f"6 of {CLIPS} clips"
    choose("inspection", "=fail")
    assert cards(page) == ["SKU-0002"]
    page.get_by_role("button", name="Clear filters").click()
    choose("finding", "=silent")
    assert sorted(cards(page)) == ["SKU-0002", "SKU-0003", "SKU-0012", "SKU-0013"]
    choose("platform", "=youtube")
    assert sorted(cards(page)) == ["SKU-0003", "SKU-0013"]
    page.get_by_role("button", name="Clear filters").click()
    choose("state", "=filtered")
    assert cards(page) == ["SKU-0009"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("from cost in USD").fill("1")
    assert shown(page) == f"2 of {CLIPS} clips"
    page.get_by_label("to cost in USD").fill("2")
    expect(page.get_by_text("No clip matches these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    page.locator("#sort").select_option("sku")
    assert cards(page)[:3] == ["SKU-0000", "SKU-0001", "SKU-0002"]
    page.keyboard.press("/")
    page.keyboard.type("0007 turns")
    assert cards(page) == ["SKU-0007"]
    choose("decision", "=approve")
    assert cards(page) == []


def test_a_review_by_keyboard_and_what_is_exported_reaches_the_ledger(look, on_disk, shop, tmp_path):
    page = look(on_disk)
    page.keyboard.press("j")
    assert focused(page).startswith("SKU-0002, 9:16")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Reject SKU-0002 9:16")).to_be_visible()
    page.keyboard.press("3")
    page.get_by_label("Another reason").fill("the label")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="SKU-0002")).to_have_attribute("aria-label", re.compile("Rejected"))
    assert focused(page).startswith("SKU-0012"), "on to the next one"
    page.keyboard.press("a")
    page.keyboard.press("m")
    expect(page.locator("#progress")).to_have_text("1 approved, 1 rejected, 1 to remake, 16 undecided")
    page.keyboard.press("a")
    page.keyboard.press("u")
    expect(page.locator("#progress")).to_have_text("1 approved, 1 rejected, 1 to remake, 16 undecided")
    page.keyboard.press("k")
    assert focused(page).startswith("SKU-0003")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Clip")).to_contain_text("To be remade")
    page.keyboard.press("Escape")
    assert focused(page).startswith("SKU-0003")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")

    page.reload()
    expect(page.locator("#progress")).to_have_text("1 approved, 1 rejected, 1 to remake, 16 undecided")
    page.get_by_role("button", name="Export 4 decisions").click()
    page.get_by_label("Decided by").fill("Ada")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save file").click()
    assert saving.value.suggested_filename == f"decisions-{RUN}.json"
    saving.value.save_as(tmp_path / "decisions.json")
    assert {row["reviewer"] for row in json.loads((tmp_path / "decisions.json").read_text())["decisions"]} == {"Ada"}
    applied = apply_file(shop.ledger, RUN, tmp_path / "decisions.json")
    assert (applied.recorded, applied.problems) == (4, ())
    by_sku = {clip.sku: shop.ledger.decisions(RUN).get(intent.intent_id) for clip, intent in shop.ledger.intents()}
    assert by_sku["SKU-0002"].decision is Decision.REJECT
    assert (by_sku["SKU-0002"].reason, by_sku["SKU-0002"].reviewer) == ("Text or logo is garbled: the label", "Ada")
    assert (by_sku["SKU-0012"].decision, by_sku["SKU-0003"].decision) == (Decision.APPROVE, Decision.REMAKE)
    assert by_sku["SKU-0013"] is None, "it was undone"


def test_many_are_decided_at_once_and_undone_at_once(look, on_disk):
    page = look(on_disk)
    page.locator("#by-category").select_option("=Toys")
    page.get_by_role("button", name="Select all shown").click()
    bar = page.get_by_role("toolbar", name="Selected clips")
    expect(bar).to_contain_text("6 selected")
    bar.get_by_role("button", name="Reject").click()
    page.get_by_text("Off brand").click()
    page.get_by_role("button", name="Reject", exact=True).last.click()
    expect(page.locator("#progress")).to_have_text("0 approved, 6 rejected, 0 to remake, 13 undecided")
    expect(bar).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator("#progress")).to_have_text("0 approved, 0 rejected, 0 to remake, 19 undecided")
    page.get_by_role("button", name="Clear filters").click()
    first, fourth = page.locator(CARD).nth(0), page.locator(CARD).nth(3)
    first.click()
    fourth.click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    page.keyboard.press("a")
    expect(page.locator("#progress")).to_have_text("4 approved, 0 rejected, 0 to remake, 15 undecided")


def test_a_poster_plays_while_it_is_pointed_at_and_only_one_does(look, on_disk):
    page = look(on_disk)
    playing = "[...document.querySelectorAll('video')].filter(v => !v.paused && v.currentTime > 0).length"
    assert page.locator("video").count() == 0, "nothing is fetched before somebody points at it"
    for number in range(3):
        page.locator(CARD).nth(number).hover()
        until(page, f"{playing} === 1")
        assert page.locator("video").count() == 1
        assert page.locator(CARD).nth(number).locator("video").count() == 1
    page.locator("#title").hover()
    until(page, "document.querySelectorAll('video').length === 0")
    page.keyboard.press("j")
    until(page, f"{playing} === 1")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('#grid video').length === 0")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The address of a run whose clips have a preview and a file for each platform, with a film of two scenes."""
    folder = tmp_path_factory.mktemp("rendered")
    with review_shop(f"sqlite:///{folder}/ledger.db", str(folder / "reels")) as shop:
        shop.deliver(shop_clip(0, platforms=("instagram_feed", "tiktok")), rendered=True)
        shop.deliver(shop_clip(1), inspection=OFF_RULES, rendered=True)
        shop.stitch()
        return f"file://{write_gallery(shop.ledger, shop.storage, RUN)}"


OFF_RULES = {
    "status": "review",
    "findings": [{"code": "rendition_off_rules", "message": "For youtube it has 300 kbit/s.", "at_s": None}],
}
PLAYS = "(() => {{ const v = document.querySelector({!r}); return v && v.readyState >= 2 && {} }})()"


def plays(page, where, platform, condition="true"):
    """The player there has read the file of that platform (None: the original), whose size nothing else has."""
    width, height = SIZES[platform] if platform else (90, 160)
    file = f"/{platform}.mp4" if platform else "_0.mp4"
    shown = f"v.videoWidth === {width} && v.videoHeight === {height} && v.currentSrc.endsWith('{file}')"
    until(page, PLAYS.format(where, f"{shown} && {condition}"))


def test_the_drawer_plays_what_each_platform_gets_at_the_same_place(look, rendered):
    page, player = look(rendered), "#drawer .pair video"
    page.get_by_role("option", name="SKU-0000").click()
    plays(page, player, None)
    versions = page.get_by_role("group", name="Videos of this clip")
    buttons = [one.split() for one in versions.get_by_role("button").all_inner_texts()]
    tall, taller = ["80", "\u00d7", "100"], ["90", "\u00d7", "160"]
    assert buttons == [["Original"], ["instagram", "feed", *tall], ["tiktok", *taller]]
    page.locator(player).evaluate("video => { video.currentTime = 1.25; }")
    page.get_by_role("button", name="Original").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    plays(page, player, "instagram_feed", "Math.abs(v.currentTime - 1.25) < 0.05 && v.paused")
    pressed = versions.get_by_role("button", pressed=True)
    expect(pressed).to_have_text(re.compile("instagram feed"))
    named = f"Video of SKU-0000 9:16 for instagram feed, {' '.join(tall)}"
    expect(page.locator(player)).to_have_attribute("aria-label", named)
    box = page.locator(player).bounding_box()
    assert box["width"] / box["height"] == pytest.approx(0.8, rel=0.02), "in its own frame, without bars"
    assert (page.evaluate(CONTRAST), page.evaluate(NAMELESS)) == ([], [])
    page.keyboard.press("v")
    plays(page, player, "tiktok", "v.currentTime > 1.2")
    page.keyboard.press("v")
    plays(page, player, None, "v.currentTime > 1.2")
    page.locator(player).evaluate("video => video.play()")
    page.keyboard.press("v")
    plays(page, player, "instagram_feed", "!v.paused")

    page.get_by_role("option", name="SKU-0001").click()
    expect(versions.get_by_role("button", pressed=True)).to_have_text("Original")
    expect(page.locator("#drawer")).to_contain_text("For youtube it has 300 kbit/s.")
    page.get_by_role("option", name="SKU-0000").click()
    plays(page, player, "instagram_feed")  # the platform that was looked at last is still wanted


def test_the_drawer_plays_what_each_platform_gets_of_a_film(look, rendered):
    page = look(rendered)
    page.get_by_role("option", name="scene close").click()
    expect(page.get_by_role("group", name="Videos of this clip")).to_have_count(0)
    film = page.get_by_role("group", name="Videos of this film")
    film.get_by_role("button", name="tiktok").click()
    plays(page, "#drawer section video", "tiktok")
    expect(film.get_by_role("button", pressed=True)).to_have_text(re.compile("tiktok"))


def test_pointing_at_a_poster_plays_the_preview_instead_of_the_whole_video(look, rendered):
    page = look(rendered)
    page.get_by_role("option", name="SKU-0000").hover()
    until(page, PLAYS.format("#grid video", f"v.videoWidth === {PREVIEW[0]} && !v.paused && v.currentTime > 0"))
    page.get_by_role("option", name="scene close").hover()
    plays(page, "#grid video", None)  # it has no preview


def test_nothing_moves_for_whoever_wants_it_so(look, on_disk):
    page = look(on_disk, reduced_motion="reduce")
    page.locator(CARD).first.hover()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    player = page.locator("#drawer video")
    expect(player).to_be_visible()
    until(page, "document.querySelector('#drawer video').readyState >= 1")
    assert page.locator("#grid video").count() == 0
    assert player.evaluate("v => v.paused && v.controls && v.currentTime === 0")
    moves = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.evaluate(moves) == 0
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#drawer video').paused")


def test_the_drawer_shows_what_was_found_where_and_seeks_there(look, on_disk):
    page = look(on_disk)
    page.locator(CARD).first.click()
    drawer = page.get_by_role("complementary", name="Clip")
    expect(drawer).to_contain_text("It is black for 0.8 s.")
    expect(drawer).to_contain_text("Product 2 turns slowly.")
    expect(drawer).to_contain_text("No picture of the product is known.")
    expect(drawer).to_contain_text("apparel/9x16")
    drawer.get_by_role("button", name="Go to second 1.2").click()
    until(page, "Math.abs(document.querySelector('#drawer video').currentTime - 1.2) < 0.05")
    drawer.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("option", name="SKU-0002")).to_have_attribute("aria-label", re.compile("Approved"))


def test_a_hostile_feed_is_text(look, on_disk):
    page = look(on_disk)
    page.locator("#search").fill("onerror")
    assert cards(page) == [f"SKU-00{CLIPS}"]
    page.locator(CARD).first.click()
    heading = page.get_by_role("complementary", name="Clip").get_by_role("heading", level=2)
    assert heading.text_content() == HOSTILE
    expect(page.get_by_text("The feed's picture cannot be reached from here.")).to_be_visible()
    assert page.locator("img[src='x'], img[onerror]").count() == 0


def test_a_thousand_clips_scroll_with_little_work_and_without_a_gap(look, tmp_path):
    with review_shop(f"sqlite:///{tmp_path}/ledger.db", str(tmp_path / "reels")) as shop:
        shop.recover(MANY)
        page = look(f"file://{write_gallery(shop.ledger, shop.storage, RUN)}")
    assert shown(page) == "1,000 clips"
    there = page.locator(CARD).count()
    told = page.evaluate(SCROLL_THROUGH, 400)
    assert len(told["seen"]) == MANY, "every clip came by"
    assert told["frames"] > 100
    assert told["bare"] <= 20, "no frame showed a place without clips that is higher than what lies between two rows"
    assert there + told["made"] == MANY, "each card was made once"
    assert told["burst"] <= 30, "a frame makes a few cards, however many clips there are"
    assert max(told["cards"], told["posters"]) < 80, "the document stays small at every place"
    assert (told["nodes"] < 2500, told["videos"]) == (True, 0)
    page.keyboard.press("End")
    assert page.evaluate("[document.activeElement.ariaPosInSet, document.activeElement.ariaSetSize]") == ["1000"] * 2
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.ariaPosInSet") == "1"
    box = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
    assert 0 <= box["top"] < box["bottom"] <= 900, "what has the focus is seen"


SCROLL_THROUGH = """step => new Promise(done => {
  const grid = document.getElementById('grid'), seen = new Set();
  const told = { frames: 0, bare: 0, made: 0, burst: 0, cards: 0, posters: 0, nodes: 0, videos: 0 };
  const most = (name, value) => { told[name] = Math.max(told[name], value); };
  new MutationObserver((changes) => {
    const made = changes.reduce((sum, change) => sum + change.addedNodes.length, 0);
    told.made += made;
    most('burst', made);
  }).observe(grid, { childList: true });
  const bare = (boxes) => { // the highest place of the window, within the grid, where nothing is
    const all = grid.getBoundingClientRect(), end = Math.min(all.bottom, innerHeight);
    let covered = Math.max(all.top, 0), highest = 0;
    for (const box of boxes.sort((a, b) => a.top - b.top)) {
      highest = Math.max(highest, Math.min(box.top, end) - covered);
      covered = Math.max(covered, box.bottom);
    }
    return Math.max(highest, end - covered);
  };
  const frame = () => { // as this frame is painted: scrolled, before the page had a chance to draw for it
    const cards = [...grid.querySelectorAll(':scope > .card')];
    for (const card of cards) seen.add(card.id);
    told.frames += 1;
    most('bare', bare(cards.map((card) => card.getBoundingClientRect())));
    most('cards', cards.length);
    most('posters', document.images.length);
    most('nodes', document.querySelectorAll('*').length);
    most('videos', document.querySelectorAll('video').length);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) {
      requestAnimationFrame(() => requestAnimationFrame(() => {
        for (const card of grid.querySelectorAll(':scope > .card')) seen.add(card.id);
        done({ ...told, seen: [...seen] });
      }));
      return;
    }
    requestAnimationFrame(() => { scrollBy({ top: step, behavior: 'instant' }); frame(); });
  };
  frame();
})"""
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (value) => (value <= 10.03 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!text || !node.checkVisibility() || node.disabled || node.closest('dialog:not([open])')) continue;
    const pair = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.className} ${node.textContent.slice(0, 30)} ${ratio}`);
  }
  return poor;
}"""
NAMELESS = """() => [...document.querySelectorAll('button, input, select, a, video, [role=option], [role=img], aside')]
  .filter((node) => node.checkVisibility() && !node.closest('[aria-hidden=true]'))
  .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length || node.title))
  .map((node) => node.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_and_has_a_name_in_both_themes(look, on_disk, scheme):
    page = look(on_disk, color_scheme=scheme)
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("m")
    page.keyboard.press("x")
    page.locator(CARD).nth(2).click()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("r")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("Escape")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name=re.compile("Use the (light|dark) theme")).click()
    assert page.evaluate(ground) != before
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(ground) != before, "the choice is remembered"


OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return [style.outlineStyle, style.outlineWidth];
}"""


def test_what_has_the_focus_is_marked(look, on_disk):
    page = look(on_disk)
    for _ in range(14):
        page.keyboard.press("Tab")
        style, width = page.evaluate(OUTLINE)
        assert (style, float(width.removesuffix("px")) >= 1) != ("none", False), focused(page)


def test_a_page_without_its_files_says_what_to_do(browser, on_disk, tmp_path):
    page = browser.new_page()
    (tmp_path / "index.html").write_bytes(Path(unquote(on_disk.removeprefix("file://"))).read_bytes())
    page.goto(f"file://{tmp_path}/index.html")
    expect(page.get_by_text("reelmill review RUN")).to_be_visible()
    page.close()


def test_a_served_review_is_in_the_ledger_at_once_and_says_when_it_is_not(look, tmp_path):
    with review_shop(f"sqlite:///{tmp_path}/ledger.db", str(tmp_path / "reels")) as shop:
        shop.fill(4)
        desk = ReviewDesk(shop.ledger, shop.storage, RUN, reviewer="Ada", folder=tmp_path / "desk")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            host = f"127.0.0.1:{listener.getsockname()[1]}"
            with served(review_app(desk, secret="secret", hosts=frozenset({host})), listener):
                page = look(f"http://{host}/secret/")
                page.keyboard.press("j")
                page.keyboard.press("a")
                expect(page.locator("#said")).to_have_text(re.compile("Approved: SKU-0002"))
                page.keyboard.press("r")
                page.keyboard.press("6")
                page.keyboard.press("Enter")
                expect(page.locator("#said")).to_have_text(re.compile("Rejected: SKU-0003"))
                told = [(one.decision, one.reason, one.reviewer) for one in shop.ledger.reviews()]
                assert told == [(Decision.APPROVE, "", "Ada"), (Decision.REJECT, "Off brand", "Ada")]
                page.keyboard.press("u")
                expect(page.locator("#said")).to_have_text("Undone: 1 clip.")
                assert shop.ledger.reviews()[-1].decision is Decision.UNDO
                page.reload()
                expect(page.locator("#progress")).to_have_text("1 approved, 0 rejected, 0 to remake, 3 undecided")
                for key in ("Home", "a", "a", "a", "u"):
                    page.keyboard.press(key)  # without waiting for the server in between
                expect(page.locator("#said")).to_have_text("Undone: 1 clip.")
                expect(page.locator("#progress")).to_have_text("2 approved, 0 rejected, 0 to remake, 2 undecided")
                page.locator(CARD).first.click()
                until(page, "document.querySelector('#drawer video').readyState >= 1")
                page.locator("#drawer").get_by_role("button", name="Go to second 1.2").click()
                until(page, "document.querySelector('#drawer video').currentTime > 1")
        page.keyboard.press("m")
        expect(page.get_by_role("alert")).to_contain_text("Is `reelmill review` still running?")
        expect(page.locator("#progress")).to_have_text("2 approved, 0 rejected, 0 to remake, 2 undecided")
        assert len(shop.ledger.reviews()) == 3 + 4
