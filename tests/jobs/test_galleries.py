"""A run's gallery in its output and in a folder: complete, with links that resolve, and nothing fetched for it."""

import json
import os
from dataclasses import replace

import httpx
import orjson
import pytest

from reelmill.errors import FixAccess, FixConfiguration
from reelmill.jobs.galleries import CONTACT_SHEET, copy_gallery, gallery_index, write_gallery
from reelmill.ledger.states import State
from reelmill.production.media_inputs import pointer
from reelmill.settings import load_settings
from reelmill.storage.browse import browse_address
from tests.support.review_shop import RUN, inspection_of, made_for, media, preview, review_shop, shop_clip

KEPT = f"inputs/{'a' * 64}.jpg"


def value(data):
    return json.loads(data.decode("ascii").partition(" = ")[2].removesuffix(";\n"))


@pytest.fixture
def local(tmp_path):
    with review_shop(os.environ["REELMILL_LEDGER_URL"], str(tmp_path / "reels")) as shop:
        yield shop


@pytest.fixture
def cloud(tmp_path, gcs):
    url = os.environ["REELMILL_LEDGER_URL"]
    with review_shop(url, f"gs://{gcs.bucket()}/reels", storage_emulator_host=gcs.url, project="local") as shop:
        yield shop


def keep_picture(shop, address):
    shop.storage.create(KEPT, b"picture", "image/jpeg")
    shop.storage.create(pointer(address), orjson.dumps({"name": KEPT}), "application/json")


def test_in_the_output_every_link_leads_to_its_object(local, tmp_path):
    local.fill(4)
    index = write_gallery(local.ledger, local.storage, RUN)
    assert index == str(tmp_path / "reels" / "gallery" / RUN / "index.html")
    folder = tmp_path / "reels" / "gallery" / RUN
    clips = value((folder / "clips-0001.js").read_bytes())
    assert [clip["doubt"] for clip in clips] == [0, 1, 3, 3]
    for clip in clips:
        assert (folder / clip["poster"]).read_bytes() in {poster for _, poster in map(media, ratios())}
        assert (folder / clip["videos"][0]).read_bytes() in {video for video, _ in map(media, ratios())}
    spend = dict(value((folder / "data.js").read_bytes())["run"]["spend"])
    assert sum(float(usd) for _, _, usd, _ in spend["Category"]) == pytest.approx(4 * 0.8)
    assert spend["Dearest SKUs"] == [[f"SKU-000{number}", 1, "0.800000", 1] for number in range(4)]


def ratios():
    return [shop_clip(number).request.aspect_ratio for number in (0, 1)]


def test_what_platforms_get_is_linked_and_copied_for_clips_and_films(local, tmp_path):
    local.deliver(shop_clip(0), rendered=True)
    local.stitch()
    write_gallery(local.ledger, local.storage, RUN)
    copy_gallery(local.ledger, local.storage, RUN, tmp_path / "copy")
    for folder in (tmp_path / "reels" / "gallery" / RUN, tmp_path / "copy"):
        clips = value((folder / "clips-0001.js").read_bytes())
        (clip,) = [one for one in clips if one["preview"]]
        (film, same) = [one["film"] for one in clips if one["film"]]
        assert film == same
        assert (folder / clip["preview"]).read_bytes() == preview()
        for shown in (clip, film):
            assert [(one["platform"], one["width"], one["height"]) for one in shown["renditions"]] == [
                ("instagram_reels", 90, 160),
                ("tiktok", 90, 160),
            ]
            for one in shown["renditions"]:
                assert (folder / one["video"]).read_bytes() == made_for(one["platform"])[0]


def test_in_a_bucket_the_pages_relative_links_resolve_as_a_browser_follows_them(cloud, gcs):
    cloud.deliver(shop_clip(1), rendered=True)
    cloud.deliver(shop_clip(2), inspection=inspection_of(2), rendered=True)
    index = write_gallery(cloud.ledger, cloud.storage, RUN)
    address = browse_address(index, load_settings(storage_emulator_host=gcs.url))
    page = httpx.get(address, trust_env=False)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    script = httpx.get(httpx.URL(address).join("clips-0001.js"), trust_env=False)
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    (clip, _) = value(script.content)
    videos = [clip["videos"][0], clip["preview"], *(one["video"] for one in clip["renditions"])]
    for link, kind in [(clip["poster"], "image/jpeg"), *((video, "video/mp4") for video in videos)]:
        found = httpx.get(httpx.URL(address).join(link), trust_env=False, headers={"Range": "bytes=0-9"})
        assert (found.status_code, found.headers["content-type"]) == (206, kind)


def test_a_later_attempt_takes_the_place_and_the_page_is_written_over(local):
    clip = shop_clip(1)
    local.deliver(clip)
    write_gallery(local.ledger, local.storage, RUN)
    local.deliver(clip, again=True)
    write_gallery(local.ledger, local.storage, RUN)
    name = gallery_index(RUN).replace("index.html", "clips-0001.js")
    assert [entry["replaced"] for entry in value(local.storage.read(name))] == [True, False]


def test_an_attempt_that_brought_no_video_takes_no_place_and_only_what_counts_is_to_be_reviewed(local):
    local.deliver(shop_clip(1))
    local.deliver(shop_clip(1), state=State.FILTERED, again=True, error_message="A child was seen.")
    local.deliver(shop_clip(2))
    local.deliver(shop_clip(2), again=True)
    local.remove(local.deliver(shop_clip(3)))
    write_gallery(local.ledger, local.storage, RUN)
    name = gallery_index(RUN).replace("index.html", "clips-0001.js")
    found = {(entry["sku"], entry["attempt"]): entry["replaced"] for entry in value(local.storage.read(name))}
    assert [key for key, replaced in found.items() if replaced] == [("SKU-0002", 1)]
    head = value(local.storage.read(gallery_index(RUN).replace("index.html", "data.js")))
    assert (head["clips"], head["reviewable"]) == (5, 2)


def test_a_copy_needs_nothing_but_itself(local, tmp_path):
    local.fill(3)
    address = "https://images.example.com/kept.jpg"
    local.deliver(shop_clip(20, picture=address))
    keep_picture(local, address)
    copied = copy_gallery(local.ledger, local.storage, RUN, tmp_path / "copy")
    assert (copied.clips, copied.media, copied.missing) == (4, 9, ())
    clips = value((tmp_path / "copy" / "clips-0001.js").read_bytes())
    for clip in clips:
        assert (tmp_path / "copy" / clip["poster"]).is_file()
        assert (tmp_path / "copy" / clip["videos"][0]).is_file()
    (kept,) = [clip["picture"] for clip in clips if clip["picture"]]
    assert (tmp_path / "copy" / kept).read_bytes() == b"picture"
    assert copied.contact_sheet == tmp_path / "copy" / CONTACT_SHEET
    assert copied.contact_sheet.read_bytes().startswith(b"\xff\xd8")


def test_a_copy_without_videos_has_posters_only(local, tmp_path):
    local.fill(2)
    copied = copy_gallery(local.ledger, local.storage, RUN, tmp_path / "copy", videos=False)
    assert copied.media == 2
    assert list((tmp_path / "copy").rglob("*.mp4")) == []
    assert [clip["videos"] for clip in value((tmp_path / "copy" / "clips-0001.js").read_bytes())] == [[], []]


def test_what_storage_does_not_have_is_told_and_the_rest_is_copied(local, tmp_path):
    first, second = local.fill(2)
    (tmp_path / "reels" / first.output_prefix / "poster.jpg").unlink()
    elsewhere = local.deliver(shop_clip(5), video_uris=("/elsewhere/x.mp4",))
    copied = copy_gallery(local.ledger, local.storage, RUN, tmp_path / "copy")
    assert set(copied.missing) == {f"{first.output_prefix}/poster.jpg", "/elsewhere/x.mp4"}
    assert (tmp_path / "copy" / "media" / second.intent_id / "poster.jpg").is_file()
    assert (tmp_path / "copy" / "media" / elsewhere.intent_id / "poster.jpg").is_file()


def test_a_picture_is_kept_by_its_content_too(local, tmp_path):
    local.storage.create(KEPT, b"picture", "image/jpeg")
    clip = shop_clip(1, picture="https://images.example.com/1.jpg", content_hashes=("a" * 64,))
    local.deliver(clip)
    local.deliver(replace(shop_clip(3), content_hashes=("b" * 64,)))
    copy_gallery(local.ledger, local.storage, RUN, tmp_path / "copy")
    clips = value((tmp_path / "copy" / "clips-0001.js").read_bytes())
    assert [one["picture"] for one in clips] == [f"media/pictures/{'a' * 64}.jpg", None]


@pytest.mark.parametrize("pointed", [b"{", b'{"name": "../../etc/passwd"}', b'{"name": "clips/x.jpg"}', b"[]"])
def test_a_pointer_that_is_none_of_ours_leads_nowhere(local, pointed):
    address = "https://images.example.com/1.jpg"
    local.storage.create(pointer(address), pointed, "application/json")
    local.deliver(shop_clip(1, picture=address))
    write_gallery(local.ledger, local.storage, RUN)
    name = gallery_index(RUN).replace("index.html", "clips-0001.js")
    assert [entry["picture"] for entry in value(local.storage.read(name))] == [address]


def test_clips_without_a_video_are_there_with_their_reason(local):
    local.deliver(shop_clip(9), state=State.FILTERED, error_message="A child was seen.")
    write_gallery(local.ledger, local.storage, RUN)
    name = gallery_index(RUN).replace("index.html", "clips-0001.js")
    ((entry),) = value(local.storage.read(name))
    assert (entry["poster"], entry["videos"], entry["error"]) == (None, [], "A child was seen.")


def test_an_unknown_run_and_a_folder_that_is_none_are_told(local, tmp_path):
    with pytest.raises(FixConfiguration, match="not in this ledger"):
        write_gallery(local.ledger, local.storage, "nope")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FixAccess, match="Name another folder"):
        copy_gallery(local.ledger, local.storage, RUN, tmp_path / "file" / "copy")
    assert (tmp_path / "file").read_text() == "mine"
