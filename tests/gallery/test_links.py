"""Where a page finds files: below the output, beside itself, or at the feed's own https address. Never elsewhere."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.gallery.links import LinksBeside, LinksInside, media_name, picture_name, picture_origin
from reelmill.storage.local import LocalStorage
from tests.support.records import paid_intent
from tests.support.review_shop import shop_clip

STORAGE = LocalStorage(Path("/srv/reels"))


def nothing_kept(_clip):
    return None


def intent(**changes):
    return replace(paid_intent(shop_clip(1), STORAGE), **changes)


def test_in_the_output_links_lead_up_to_its_root_and_down():
    links = LinksBeside(STORAGE, nothing_kept)
    made = intent(video_uris=("/srv/reels/clips/BOWL 1/a%b#c?.mp4", "/elsewhere/x.mp4"), poster_uri="/srv/reels/p.jpg")
    assert links.videos(made) == ["../../clips/BOWL%201/a%25b%23c%3F.mp4"]
    assert (links.poster(made), links.provenance(made)) == ("../../p.jpg", None)


def test_in_a_folder_of_its_own_links_stay_inside():
    made = intent(intent_id="ab12", video_uris=("x", "y"), poster_uri="z", provenance_uri="p")
    links = LinksInside(nothing_kept)
    assert links.videos(made) == ["media/ab12/0.mp4", "media/ab12/1.mp4"]
    assert (links.poster(made), links.provenance(made)) == ("media/ab12/poster.jpg", None)
    assert LinksInside(nothing_kept, has_videos=False).videos(made) == []
    assert links.poster(intent()) is None


@given(st.text(min_size=1, max_size=60))
def test_no_id_leads_out_of_the_folder(text):
    name = media_name(intent(intent_id=text), 0)
    assert unquote(name) == name
    assert Path(name).parts[0] == "media"
    assert len(Path(name).parts) == 3
    assert ".." not in Path(name).parts


def test_a_kept_picture_comes_before_the_feeds_address():
    clip = shop_clip(1, picture="https://images.example.com/1.jpg")
    kept = f"inputs/{'a' * 64}.png"
    assert LinksBeside(STORAGE, lambda _: kept).picture(clip) == f"../../{kept}"
    assert LinksInside(lambda _: kept).picture(clip) == picture_name(kept) == f"media/pictures/{'a' * 64}.png"
    assert LinksBeside(STORAGE, nothing_kept).picture(clip) == clip.picture


@pytest.mark.parametrize(
    "address",
    [
        "",
        "gs://bucket/1.jpg",
        "http://images.example.com/1.jpg",
        "javascript:alert(1)",
        "https://images.example.com/1.jpg#signed",
        "https://user:secret@images.example.com/1.jpg",
        "https://images.example.com;script-src */1.jpg",
        "https://images.example.com:x/1.jpg",
        "https://[::1/1.jpg",
        "https:///1.jpg",
        "//images.example.com/1.jpg",
        "data:image/svg+xml,<svg/>",
    ],
)
def test_an_address_that_a_page_must_not_or_cannot_open_is_left_out(address):
    assert LinksInside(nothing_kept).picture(shop_clip(1, picture=address)) is None


@given(st.text(max_size=40) | st.builds("https://{}".format, st.text(max_size=40)))
def test_an_origin_never_says_more_than_a_host(link):
    origin = picture_origin(link)
    if origin is not None:
        assert not set(" ;,'\"*") & set(origin)
        assert origin.isascii()
        assert urlsplit(origin).hostname
