import string
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.delivery.addresses import PublicAddresses

CDN = PublicAddresses("gs://shop/reels", "https://cdn.example.com/reels")
PLAIN = set(string.ascii_letters + string.digits + "-._~/%")


@given(st.lists(st.text(min_size=1, max_size=20).filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4))
def test_any_name_has_an_address_that_leads_back_to_it(parts):
    name = "/".join(part.replace("/", "|") for part in parts)
    url = CDN.url(f"gs://shop/reels/{name}")
    path = urlsplit(url).path
    assert url.startswith("https://cdn.example.com/reels/")
    assert set(path) <= PLAIN
    assert unquote(path.removeprefix("/reels/")) == name.encode("utf-8", "replace").decode()


def test_a_comma_does_not_part_a_list():
    assert CDN.url("gs://shop/reels/clips/a,b é.mp4") == "https://cdn.example.com/reels/clips/a%2Cb%20%C3%A9.mp4"


@pytest.mark.parametrize(
    "uri", ["gs://shop/other/a.mp4", "gs://shop/reelsx/a.mp4", "gs://shop/reels", "gs://shop/reels/../a", "", None]
)
def test_what_lies_elsewhere_has_none(uri):
    assert CDN.url(uri) is None


def test_without_a_base_nothing_has_one():
    assert PublicAddresses("gs://shop/reels").url("gs://shop/reels/a.mp4") is None


def test_a_folder_behind_a_web_server():
    assert (
        PublicAddresses("/srv/out", "https://x.example/").url("/srv/out/clips/a.mp4") == "https://x.example/clips/a.mp4"
    )


def test_a_comma_of_the_base_parts_no_addresses():
    base = "https://cdn.example.com/video/upload/w_720,h_1280"
    assert PublicAddresses("gs://b/r", base).url("gs://b/r/a.mp4") == f"{base.replace(',', '%2C')}/a.mp4"
