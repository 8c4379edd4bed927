"""Addresses for a person's browser: reachable, escaped, never signed."""

import httpx
import pytest

from reelmill.settings import load_settings
from reelmill.storage.browse import browse_address
from reelmill.storage.open import open_storage


def test_the_stand_in_serves_what_the_address_names(gcs):
    settings = load_settings(storage_emulator_host=gcs.url)
    storage = open_storage(f"gs://{gcs.bucket()}/reels", settings)
    storage.create("clips/BOWL 1/über&50%.jpg", b"picture", "image/jpeg")

    address = browse_address(storage.uri("clips/BOWL 1/über&50%.jpg"), settings)

    assert httpx.get(address, trust_env=False).content == b"picture"


def test_a_pages_relative_links_lead_to_its_neighbours(gcs):
    settings = load_settings(storage_emulator_host=gcs.url)
    storage = open_storage(f"gs://{gcs.bucket()}/reels", settings)
    storage.create("clips/BOWL 1/p.jpg", b"picture", "image/jpeg")
    storage.create("gallery/run-1/index.html", b"page", "text/html")

    page = httpx.URL(browse_address(storage.uri("gallery/run-1/index.html"), settings))

    assert httpx.get(page.join("../../clips/BOWL%201/p.jpg"), trust_env=False).content == b"picture"


def test_google_serves_it_to_whoever_is_signed_in():
    address = browse_address("gs://shop/reels/BOWL 1/p.jpg", load_settings(storage_emulator_host=""))

    assert address == "https://storage.cloud.google.com/shop/reels/BOWL%201/p.jpg"


@pytest.mark.parametrize("uri", ["/srv/reels/p.jpg", "file:///srv/p.jpg", ""])
def test_a_file_of_this_machine_has_none(uri):
    assert browse_address(uri, load_settings()) is None
