"""Whose video an item gets: products that became items of a group, and items that are products of their own."""

import csv
from pathlib import Path

from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.manifests import ManifestRequest, make_manifests
from reelmill.settings import load_settings
from tests.delivery.making import make_clip

BASE = "https://cdn.example.com/reels"
HEADER = ["id", "title", "link", "price", "item_group_id"]


def manifest(stall, feed=None, **settings):
    """The videos of each item in the Merchant Center manifest that is written now."""
    request = ManifestRequest(formats=("merchant",), feed=feed)
    loaded = load_settings(public_base_url=BASE, review="optional", **settings)
    make_manifests(stall.ledger, loaded, stall.root, request)
    with (Path(stall.root) / "manifests/merchant.tsv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["video_link"] for row in csv.DictReader(file, delimiter="\t", strict=True)}


def write_feed(tmp_path, *skus, group="LAMPS"):
    path = tmp_path / "feed.csv"
    rows = [[sku, "Lamp", "https://shop.example.com/p", "19.00 EUR", group] for sku in skus]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return CatalogRequest(feed=str(path))


def test_items_that_were_products_before_get_the_video_of_their_group(stall, tmp_path):
    for sku in ("A-1", "A-2"):
        stall.deliver(make_clip(sku))
    assert all(manifest(stall).values())
    stall.retire("A-1", "A-2")
    shared = stall.deliver(make_clip("LAMPS", item_group_id="LAMPS"))
    link = f"{BASE}/{shared.video_uris[0].removeprefix(stall.root + '/')}"

    assert manifest(stall, write_feed(tmp_path, "A-1", "A-2")) == {"A-1": link, "A-2": link}
    assert manifest(stall) == {"A-1": link, "A-2": link}, "without the feed their rows stand"
    assert manifest(stall, write_feed(tmp_path, "A-2")) == {"A-1": "", "A-2": link}, "this feed says what is gone"


def test_an_item_that_is_a_product_of_its_own_never_gets_the_video_of_another(stall, tmp_path):
    """Some shops name a group after one of its items."""
    own = stall.deliver(make_clip("A-1", item_group_id="A-1"))
    link = f"{BASE}/{own.video_uris[0].removeprefix(stall.root + '/')}"
    feed = write_feed(tmp_path, "A-1", "A-2", group="A-1")

    assert manifest(stall, split_variants=True) == {"A-1": link}
    assert manifest(stall, feed, split_variants=True) == {"A-1": link}, "of A-2 nothing may be shown"
    assert manifest(stall, feed) == {"A-1": link, "A-2": link}, "made as one product"
