"""The results artifact leads to the gallery: by a link where a browser reaches it, by its place where it does not."""

from dataclasses import replace

from reelmill.settings import load_settings
from tasks.account import _page
from tasks.clip_rows import Kept
from tests.support.flow_runs import MADE

REPORT = replace(MADE, gallery="gs://shop/reels/gallery/run-1/index.html")


def page(report, **settings):
    return _page(report, Kept(), [], load_settings(**settings))


def test_a_gallery_in_a_bucket_is_a_link():
    link = "[Open the gallery](https://storage.cloud.google.com/shop/reels/gallery/run-1/index.html)"
    assert f"**Gallery:** {link}" in page(REPORT, storage_emulator_host="")
    assert "(http://127.0.0.1:9/shop/reels/gallery/run-1/index.html)" in page(
        REPORT, storage_emulator_host="http://127.0.0.1:9"
    )


def test_a_gallery_on_a_disk_is_named_and_none_is_not():
    assert "**Gallery:** `/srv/reels/gallery/run-1/index.html`" in page(
        replace(REPORT, gallery="/srv/reels/gallery/run-1/index.html")
    )
    assert "Gallery" not in page(replace(REPORT, gallery=None))
