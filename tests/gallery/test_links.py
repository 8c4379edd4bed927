"""Where a page finds files: below the output, beside itself, or at the feed's own https address. Never elsewhere."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.gallery.links import LinksBeside, LinksInside, picture_origin
from reelmill.gallery.media import media_of, picture_name
from reelmill.storage.local import LocalStorage
from tests.support.records import paid_intent
from tests.support.review_shop import shop_clip

STORAGE = LocalStorage(Path("/srv/reels"))


def nothing_kept(_clip):
    return None


BARE = paid_intent(shop_clip(1), STORAGE)


def intent(**changes):
    return replace(BARE, **changes)


def made(**changes):
    """With two videos, of which the second lies elsewhere, a preview, and files for two platforms."""
    preview = {"status": "pass", "preview_uri": "/srv/reels/clips/preview.mp4"}
    renditions = {"tiktok": "/srv/reels/clips/BOWL 1/tiktok.mp4", "youtube": "/elsewhere/y.mp4"}
    return intent(inspection=preview, renditions=renditions, poster_uri="/srv/reels/p.jpg", **changes)


def test_in_the_output_links_lead_up_to_its_root_and_down():
    links = LinksBeside(STORAGE, nothing_kept)
    shown = made(video_uris=("/srv/reels/clips/BOWL 1/a%b#c?.mp4", "/elsewhere/x.mp4"))
    assert links.videos(shown) == ["../../clips/BOWL%201/a%25b%23c%3F.mp4"]
    assert (links.poster(shown), links.provenance(shown)) == ("../../p.jpg", None)
    assert links.preview(shown) == "../../clips/preview.mp4"
    assert links.renditions(shown) == {"tiktok": "../../clips/BOWL%201/tiktok.mp4"}
    assert (links.preview(intent()), links.renditions(intent())) == (None, {})


def test_in_a_folder_of_its_own_links_stay_inside():
    shown = made(intent_id="ab12", video_uris=("x", "y"), provenance_uri="p")
    links = LinksInside(nothing_kept)
    assert links.videos(shown) == ["media/ab12/0.mp4", "media/ab12/1.mp4"]
    assert (links.poster(shown), links.provenance(shown)) == ("media/ab12/poster.jpg", None)
    assert links.preview(shown) == "media/ab12/preview.mp4"
    assert links.renditions(shown) == {"tiktok": "media/ab12/for-tiktok.mp4", "youtube": "media/ab12/for-youtube.mp4"}
    assert {f"media/ab12/{name}" for name in media_of(shown)} == {
        *links.videos(shown),
        *links.renditions(shown).values(),
        links.preview(shown),
        links.poster(shown),
    }
    posters = LinksInside(nothing_kept, has_videos=False)
    assert (posters.videos(shown), posters.preview(shown), posters.renditions(shown)) == ([], None, {})
    assert list(media_of(shown, videos=False)) == ["poster.jpg"]
    assert links.poster(intent()) is None


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_name_leads_out_of_the_folder_or_to_another_file(id_, platform):
    files = {"renditions": {platform: "x", "tiktok": "y"}, "video_uris": ("a",), "poster_uri": "b"}
    shown = replace(BARE, intent_id=id_, **files)
    links = LinksInside(nothing_kept)
    for link in links.renditions(shown).values():
        assert unquote(link) == link
        assert Path(link).parts[0] == "media"
        assert len(Path(link).parts) == 3
        assert ".." not in Path(link).parts
    assert len(media_of(shown)) == 2 + len({platform, "tiktok"})


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
