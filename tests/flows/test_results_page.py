"""The results artifact leads to the gallery: by a link where a browser reaches it, by its place where it does not."""

from dataclasses import replace
from decimal import Decimal

from reelmill.jobs.accounting import RunReport
from reelmill.ledger.records import RunStatus
from reelmill.settings import load_settings
from tasks.account import _page
from tasks.clip_rows import Kept

REPORT = RunReport(
    run_id="run-1",
    output="gs://shop/reels",
    status=RunStatus.COMPLETED,
    counts={"succeeded": 1},
    made=1,
    kept=0,
    blocked=0,
    rejects=0,
    attention=0,
    by_others=0,
    softened=0,
    filtered={},
    planned_usd=Decimal("0.80"),
    spent_usd=Decimal("0.80"),
    reserved_usd=Decimal(0),
    tables=[],
    gallery="gs://shop/reels/gallery/run-1/index.html",
)


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
