"""The data of a page: complete, doubtful first, in pieces, and the page itself last."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reelmill.gallery import building
from reelmill.gallery.building import build_gallery, policy
from reelmill.gallery.entries import clip_entry, doubt, run_entry
from reelmill.gallery.links import LinksInside
from reelmill.ledger.records import Decision, Review, ReviewedVia, Run
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Group
from reelmill.storage.local import LocalStorage
from tests.support.records import paid_intent
from tests.support.review_shop import BLACK, HOSTILE, shop_clip

NOON = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
RUN = Run(run_id="run-1", output="/srv/reels", planned_usd=Decimal("9.60"), spent_usd=Decimal("8.80"), started_at=NOON)
LINKS = LinksInside(lambda _: None)


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path)


def made(storage, clip, status="pass", **changes):
    inspection = {"status": status, "findings": [BLACK] if status != "pass" else []}
    values = {"state": State.SUCCEEDED, "inspection": inspection, "charged_usd": Decimal("0.80"), "reserved_usd": 0}
    return replace(paid_intent(clip, storage), **(values | changes))


def read(file):
    """The value that a script sets."""
    return json.loads(file.data.decode("ascii").partition(" = ")[2].removesuffix(";\n"))


def build(entries, reviews=(), **options):
    return {file.name: file for file in build_gallery(run_entry(RUN, {}), entries, reviews, **options)}


def test_a_clip_is_told_whole(storage):
    clip = shop_clip(4, picture="https://images.example.com/4.jpg", campaign="winter")
    intent = made(storage, clip, "fail", poster_uri="p", video_uris=("v",), sent_prompt="Softer.", softening=1)
    record = {"preview_uri": "w", "renditions": [{"platform": "tiktok", "width": 1080, "height": 1920}]}
    made_for = {"tiktok": "t", "instagram_reels": "i"}
    intent = replace(intent, inspection={**(intent.inspection or {}), **record}, renditions=made_for)
    entry = clip_entry(clip, intent, LINKS, replaced=True)
    lineage = dict(entry.pop("lineage"))
    assert entry == {
        "id": intent.intent_id,
        "sku": "SKU-0004",
        "title": "Product number 4",
        "brand": "Acme",
        "category": "Home & Garden > Bowls",
        "campaign": "winter",
        "platforms": ["tiktok", "instagram_reels"],
        "ratio": "9:16",
        "state": "succeeded",
        "delivered": True,
        "draft": False,
        "attempt": 1,
        "doubt": 0,
        "inspection": "fail",
        "likeness": None,
        "findings": [{"code": "black_stretch", "message": "It is black for 0.8 s.", "at": 1.2}],
        "error": "",
        "errorCode": "",
        "prompt": "Softer.",
        "negative": "",
        "cost": "0.80",
        "reserved": "0",
        "poster": f"media/{intent.intent_id}/poster.jpg",
        "preview": f"media/{intent.intent_id}/preview.mp4",
        "videos": [f"media/{intent.intent_id}/0.mp4"],
        "renditions": [
            {
                "platform": "instagram_reels",
                "video": f"media/{intent.intent_id}/for-instagram_reels.mp4",
                "width": None,
                "height": None,
            },
            {
                "platform": "tiktok",
                "video": f"media/{intent.intent_id}/for-tiktok.mp4",
                "width": 1080,
                "height": 1920,
            },
        ],
        "picture": "https://images.example.com/4.jpg",
        "provenance": None,
        "replaced": True,
        "removed": None,
        "scene": "",
        "clip": clip.clip_id,
        "film": None,
    }
    assert (lineage["Template"], lineage["Intent"], lineage["Attempt"]) == ("apparel/9x16", intent.intent_id, "1")
    assert lineage["Submitted"] == "2026-07-15T12:00:02.000000Z"
    assert "Seed" not in lineage

    gone = clip_entry(clip, intent, LINKS, removed_at=NOON)
    assert (gone["videos"], gone["preview"], gone["renditions"], gone["poster"]) == ([], None, [], None)
    assert [finding["code"] for finding in gone["findings"]] == ["black_stretch"], "what was found of it stays"


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        (State.SUCCEEDED, "fail", 0),
        (State.PARTIAL, "review", 1),
        (State.SUCCEEDED, "skipped", 2),
        (State.SUCCEEDED, None, 2),
        (State.SUCCEEDED, "pass", 3),
        (State.FILTERED, None, 4),
        (State.LOST, None, 4),
    ],
)
def test_what_is_doubtful_comes_first(storage, state, status, expected):
    inspection = None if status is None else {"status": status}
    assert doubt(made(storage, shop_clip(1), state=state, inspection=inspection)) == expected


def test_pieces_hold_every_clip_doubtful_ones_first_over_the_whole_run(storage, monkeypatch):
    monkeypatch.setattr(building, "_PIECE", 4)
    statuses = ["pass", "review", "fail", "pass", "pass", "fail", "review", "pass", "pass"]
    clips = [(shop_clip(number), status) for number, status in enumerate(statuses)]
    found = build(clip_entry(clip, made(storage, clip, status), LINKS) for clip, status in clips)
    pieces = [read(found[f"clips-000{number}.js"]) for number in (1, 2, 3)]
    assert [len(piece) for piece in pieces] == [4, 4, 1]
    assert [entry["sku"][-1] for piece in pieces for entry in piece] == list("251603478")
    head = read(found["data.js"])
    assert (head["clips"], head["reviewable"], head["pieces"], head["served"]) == (9, 9, 3, False)
    assert head["run"]["spent"] == "8.80"
    assert list(found)[-1] == "index.html"


def test_among_clips_of_one_doubt_the_least_like_their_product_come_first(storage):
    like = [0.9, None, 0.1, 0.33, 1.0, 0.12]
    inspections = [{"status": "pass", "findings": [], **({} if one is None else {"likeness": one})} for one in like]
    pairs = [(shop_clip(number), found) for number, found in enumerate(inspections)]
    found = build(clip_entry(clip, made(storage, clip, inspection=seen), LINKS) for clip, seen in pairs)
    assert [entry["sku"][-1] for entry in read(found["clips-0001.js"])] == list("253041")


def test_hostile_text_is_text_in_every_file(storage):
    clip = shop_clip(1, title=HOSTILE, sku=HOSTILE, category="__proto__")
    run = run_entry(
        replace(RUN, run_id=HOSTILE), {"Category": {"__proto__": Group(attempts=2, delivered=1, spent_usd=Decimal(1))}}
    )
    intent = made(storage, clip, error_message=HOSTILE)
    review = Review(
        review_id="r",
        intent_id=intent.intent_id,
        decision=Decision.REJECT,
        reason=HOSTILE,
        reviewer=HOSTILE,
        decided_at=NOON,
        via=ReviewedVia.FILE,
    )
    files = list(build_gallery(run, [clip_entry(clip, intent, LINKS)], [review]))
    for file in files:
        assert b"<img src=x" not in file.data
    by_name = {file.name: file for file in files}
    assert read(by_name["clips-0001.js"])[0]["title"] == HOSTILE
    assert read(by_name["decisions.js"])[0]["reason"] == HOSTILE
    assert read(by_name["data.js"])["run"]["spend"] == [["Category", [["__proto__", 2, "1", 1]]]]
    assert json.loads(by_name["decisions.json"].data)["run_id"] == HOSTILE


def test_of_decisions_the_page_gets_the_newest_and_the_file_all(storage):
    reviews = [
        Review(
            review_id=f"review-{number}",
            intent_id="one",
            decision=decision,
            reason="",
            reviewer="Ada",
            decided_at=NOON,
            via=ReviewedVia.PAGE,
        )
        for number, decision in enumerate([Decision.APPROVE, Decision.UNDO])
    ]
    found = build([], reviews)
    assert [row["decision"] for row in read(found["decisions.js"])] == ["undo"]
    told = json.loads(found["decisions.json"].data)
    assert (told["format"], told["run_id"]) == ("reelmill-decisions", "run-1")
    assert [row["review_id"] for row in told["decisions"]] == ["review-0", "review-1"]


def test_the_page_may_reach_its_own_files_and_the_pictures_and_nothing_else(storage):
    clips = [shop_clip(number, picture=f"https://img{number}.example.com/p.jpg") for number in range(2)]
    entries = [clip_entry(clip, made(storage, clip), LINKS) for clip in clips]
    page = build(entries)["index.html"].data.decode()
    assert "{{policy}}" not in page
    assert "default-src 'none'; script-src 'self'; style-src 'self'; " in page
    assert (
        "img-src 'self' https://img0.example.com https://img1.example.com; media-src 'self'; connect-src 'none'" in page
    )
    assert "connect-src 'self'" in build(entries, served=True)["index.html"].data.decode()
    assert "img-src 'self' https:;" in policy(
        [f"https://img{number}.example.com" for number in range(21)], served=False
    )


def test_every_file_that_the_page_names_is_there():
    found = build([])
    page = found["index.html"].data.decode()
    named = {word.split('"')[1] for word in page.replace("src=", "href=").split("href=")[1:]} - {"#grid"}
    assert named
    assert named <= set(found)
    assert "unsafe" not in page
    scripts = [file.data.decode() for name, file in found.items() if name.endswith(".js")]
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser")
    assert not [word for word in markup for script in scripts if word in script]
