"""Manifests of an output as a person asks for them, read back with strict readers; what is gone is taken away."""

import csv
import json
from pathlib import Path

import pytest

from reelmill.delivery.formats import FORMATS
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.manifests import ManifestRequest, make_manifests
from reelmill.ledger.ledger import Ledger
from reelmill.platforms import NativeRatio
from reelmill.settings import load_settings
from tests.delivery.making import make_clip
from tests.ledger.making import RUN
from tests.support.making import copy_content

BASE = "https://cdn.example.com/reels"
WEB = {"public_base_url": BASE}
HEADER = ["id", "title", "description", "link", "image_link", "availability", "price", "brand", "product_type"]


def make(stall, *formats, review="optional", feed=None, settings=WEB, **options):
    request = ManifestRequest(formats=formats, feed=feed, **options)
    return make_manifests(stall.ledger, load_settings(**settings, review=review), stall.root, request)


def table(stall, name, folder="manifests"):
    spec = FORMATS[name]
    with (Path(stall.root) / folder / spec.file).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if name == "merchant" else ",", strict=True))


def url(stall, uri):
    return f"{BASE}/{uri.removeprefix(stall.root + '/')}"


def write_feed(tmp_path, *rows, header=HEADER):
    path = tmp_path / "feed.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return catalog(path)


def catalog(path):
    from reelmill.jobs.catalog import CatalogRequest

    return CatalogRequest(feed=str(path))


def row(sku, title="Lamp", **facts):
    values = {
        "description": "Made well.",
        "link": "https://shop.example.com/p",
        "image_link": "https://shop.example.com/p.jpg",
        "availability": "in_stock",
        "price": "19.00 EUR",
        "brand": "Orrin",
        "product_type": "Home",
    } | facts
    return [sku, title, *(values[name] for name in HEADER[2:])]


def test_a_ledger_that_no_run_of_an_output_is_in_retires_nothing_there(stall, tmp_path):
    stall.deliver(make_clip("A-1"))
    make(stall, "json", "merchant")
    files = list((Path(stall.root) / "manifests").iterdir())
    before = [path.read_bytes() for path in files]
    with Ledger.open(f"sqlite:///{tmp_path / 'fresh.db'}") as fresh:
        asked = ManifestRequest(formats=("json", "merchant"))
        with pytest.raises(FixConfiguration, match=r"lists rows already.*retired\. Check REELMILL_LEDGER_URL"):
            make_manifests(fresh, load_settings(**WEB), stall.root, asked)
    assert [path.read_bytes() for path in files] == before


def test_a_rehearsal_retires_nothing_that_was_bought(stall, tmp_path):
    bought = stall.deliver(make_clip("A-1"))
    make(stall, "merchant")
    simulated = WEB | {"vertex_base_url": "http://127.0.0.1:4500"}
    with pytest.raises(FixConfiguration, match=r"is a rehearsal.*would be retired\. Unset REELMILL_VERTEX_BASE_URL"):
        make(stall, "merchant", settings=simulated)
    assert table(stall, "merchant") == [{"id": "A-1", "video_link": url(stall, bought.video_uris[0])}]
    assert make(stall, "merchant", settings=simulated, to=str(tmp_path / "elsewhere")).manifests[0].rows == 0


def test_merchant_lists_every_file_of_a_product_once_the_wide_one_first(stall):
    portrait = stall.deliver(make_clip("A-1"))
    landscape = stall.deliver(make_clip("A-1", ratio=NativeRatio.LANDSCAPE))
    other = stall.deliver(make_clip("B,2"))
    make(stall, "merchant")
    assert (Path(stall.root) / "manifests/merchant.tsv").read_text().startswith("id\tvideo_link\n")
    both = f"{url(stall, landscape.video_uris[0])}, {url(stall, portrait.video_uris[0])}"
    assert table(stall, "merchant") == [
        {"id": "A-1", "video_link": both},
        {"id": "B,2", "video_link": url(stall, other.video_uris[0])},
    ]


def test_more_videos_than_merchant_takes_are_told(stall):
    for variant in range(1, 13):
        stall.deliver(make_clip(variant=variant, prompt=f"Number {variant}."))
    made = make(stall, "merchant")
    ((one,), manifest) = table(stall, "merchant"), made.manifests[0]
    assert len(one["video_link"].split(", ")) == 10
    assert (manifest.rows, manifest.changed, manifest.refused) == (1, 1, 0)
    assert "2 left out" in made.troubles[0].reason


def test_more_videos_than_amazon_takes_are_told(stall):
    for variant in range(1, 9):
        facts = {"ratio": NativeRatio.LANDSCAPE, "platforms": ("amazon",)}
        stall.deliver(make_clip(variant=variant, prompt=f"Number {variant}.", **facts))
    made = make(stall, "amazon")
    assert len(table(stall, "amazon")) == made.manifests[0].rows == 6
    (trouble,) = made.troubles
    assert (trouble.row, trouble.key, trouble.refused) == (6, "SKU-1", False)
    assert trouble.reason == "takes 6 videos of a product at most; 2 left out"


def test_what_vanished_is_retired_in_each_way_that_the_format_has(stall):
    for ratio in NativeRatio:
        stall.deliver(make_clip("GONE", ratio=ratio))
        stall.deliver(make_clip("STAYS", ratio=ratio))
    make(stall)
    listed = {name: table(stall, name) for name in ("youtube", "amazon")}
    stall.retire("GONE")
    made = make(stall)

    assert {one["id"]: bool(one["video_link"]) for one in table(stall, "merchant")} == {"STAYS": True, "GONE": False}
    assert {one["id"]: bool(one["video[0].url"]) for one in table(stall, "meta")} == {"STAYS": True, "GONE": False}
    for name, key, action in (("youtube", "custom_id", "take_down"), ("amazon", "key", "delete")):
        gone = {one[key] for one in listed[name] if one["sku"] == "GONE"}
        assert gone
        assert {one[key] for one in table(stall, name) if one["action"] == action} == gone
        assert {one["sku"] for one in table(stall, name) if one["action"] == "upload"} == {"STAYS"}
    for items in (
        json.loads((Path(stall.root) / "manifests/json.json").read_text())["items"],
        [json.loads(line) for line in (Path(stall.root) / "manifests/ndjson.ndjson").read_text().splitlines()],
        table(stall, "csv"),
    ):
        assert {one["sku"] for one in items if one["status"] == "retired"} == {"GONE"}
        assert {one["sku"] for one in items if one["status"] == "live"} == {"STAYS"}
        assert not [one for one in items if one["status"] == "retired" and (one["uri"] or one["url"])]
    assert {one.format: one.retired for one in made.manifests}["merchant"] == 1

    before = {path.name: path.read_bytes() for path in (Path(stall.root) / "manifests").iterdir()}
    make(stall)
    assert {path.name: path.read_bytes() for path in (Path(stall.root) / "manifests").iterdir()} == before


def test_a_product_that_comes_back_is_live_again(stall):
    stall.deliver(make_clip("A-1"))
    make(stall, "merchant", "json")
    make(stall, "merchant", "json", review="required")
    assert [one["video_link"] for one in table(stall, "merchant")] == [""]
    make(stall, "merchant", "json")
    assert [bool(one["video_link"]) for one in table(stall, "merchant")] == [True]
    items = json.loads((Path(stall.root) / "manifests/json.json").read_text())["items"]
    assert {one["status"] for one in items} == {"live"}


def test_a_catalog_that_was_retired_before_the_first_manifest_is_said_too(stall):
    stall.deliver(make_clip("GONE"))
    stall.retire("GONE")
    make(stall, "merchant", "json", "youtube")
    assert table(stall, "merchant") == [{"id": "GONE", "video_link": ""}]
    assert table(stall, "youtube") == []  # nothing that we know of was ever uploaded


def test_a_clip_made_again_is_another_upload_and_the_old_one_is_taken_down(stall):
    clip = make_clip("A-1", ratio=NativeRatio.LANDSCAPE, platforms=("youtube",))
    first = stall.deliver(clip)
    make(stall, "youtube", "csv")
    second = stall.deliver(clip, again=True, after=first.intent_id)
    make(stall, "youtube", "csv")
    assert {one["custom_id"]: one["action"] for one in table(stall, "youtube")} == {
        f"{second.intent_id}-youtube": "upload",
        f"{first.intent_id}-youtube": "take_down",
    }
    assert [(one["id"], one["status"], one["intent_id"]) for one in table(stall, "csv")] == [
        ("A-1/youtube/1", "live", second.intent_id)
    ]


def test_a_run_lists_its_own_in_a_folder_of_its_own_and_retires_nothing(stall):
    stall.run("run-2")
    stall.deliver(make_clip("ONE"))
    stall.deliver(make_clip("GONE"))
    make(stall, "json", "merchant")
    stall.retire("GONE")
    stall.deliver(make_clip("TWO"), run_id="run-2")
    made = make(stall, "merchant", run_id="run-2")
    assert [one["id"] for one in table(stall, "merchant", "manifests/runs/run-2")] == ["TWO"]
    assert (made.manifests[0].rows, made.manifests[0].retired) == (1, 0)
    assert {one["id"] for one in table(stall, "merchant")} == {"ONE", "GONE"}


def test_elsewhere_if_asked(stall, tmp_path):
    stall.deliver(make_clip("ONE"))
    made = make(stall, "csv", to=str(tmp_path / "hand-over"))
    assert made.manifests[0].uri == str(tmp_path / "hand-over" / "csv.csv")
    assert (tmp_path / "hand-over" / "csv.csv").exists()


def test_a_bucket_keeps_them_as_well(stall, gcs):
    stall.deliver(make_clip("A-1"))
    to, cloud = f"gs://{gcs.bucket()}/hand-over", WEB | {"storage_emulator_host": gcs.url, "project": "local"}
    make(stall, "merchant", to=to, settings=cloud)
    made = make(stall, "merchant", to=to, settings=cloud, review="required")
    assert (made.manifests[0].uri, made.manifests[0].retired) == (f"{to}/merchant.tsv", 1)
    assert gcs.read(f"{to}/merchant.tsv") == b"id\tvideo_link\nA-1\t\n"
    assert gcs.read(made.problems_uri) == b""


def test_meta_flattens_its_videos(stall):
    made = {"instagram_feed": f"{stall.root}/renditions/a b.mp4"}
    intent = stall.deliver(make_clip("A-1", platforms=("instagram_reels", "instagram_feed")), renditions=made)
    make(stall, "meta")
    (one,) = table(stall, "meta")
    assert one == {
        "id": "A-1",
        "video[0].url": url(stall, intent.video_uris[0]),
        "video[0].tag[0]": "instagram_reels",
        "video[1].url": f"{BASE}/renditions/a%20b.mp4",
        "video[1].tag[0]": "instagram_feed",
        "video[2].url": "",
        "video[2].tag[0]": "",
    }


def test_a_file_larger_than_meta_takes_is_held_back_and_told(stall):
    sizes = {"instagram_reels": 200_000_001, "facebook_feed": 200_000_000}
    for sku, platforms in (("BOTH", tuple(sizes)), ("LARGE", ("instagram_reels",))):
        made = [{"platform": name, "bytes": sizes[name]} for name in platforms]
        seen = {"status": "pass", "findings": [], "videos": [], "renditions": made}
        files = {name: f"{stall.root}/{sku}-{name}.mp4" for name in platforms}
        stall.deliver(make_clip(sku, platforms=platforms), inspection=seen, renditions=files)
    told = make(stall, "meta", "merchant")
    assert [(one["id"], one["video[0].tag[0]"], one["video[1].url"]) for one in table(stall, "meta")] == [
        ("BOTH", "facebook_feed", "")
    ]
    assert (told.refused, len(table(stall, "merchant"))) == (2, 2)
    assert [(one.key, one.refused) for one in told.troubles] == [("BOTH", True), ("LARGE", True)]
    assert "of 200,000,001 bytes; the Meta catalog feed takes 200,000,000" in told.troubles[0].reason


def test_settings_and_brand_say_whether_a_clip_may_go_as_it_came(stall, tmp_path):
    stall.deliver(make_clip("SEEN", platforms=("tiktok",)), bare=True)
    stall.deliver(make_clip("UNSEEN", platforms=("tiktok",)), bare=True, inspection=None)
    plain = {"catalogs_dir": copy_content(tmp_path / "content")}  # the brand that ships adds a disclosure
    for settings, listed in (
        ({"renditions": False}, []),
        (plain, []),
        (plain | {"renditions": False}, ["SEEN"]),
        (plain | {"inspect": "off"}, ["SEEN", "UNSEEN"]),
    ):
        made = make(stall, "csv", settings=settings)
        assert [one["sku"] for one in table(stall, "csv") if one["status"] == "live"] == listed
        assert made.tally.withheld == (settings.get("inspect") != "off")


def test_tiktok_takes_the_fields_that_it_requires_from_the_feed(stall, tmp_path):
    intent = stall.deliver(make_clip("A-1"))
    stall.deliver(make_clip("B-2"))
    stall.deliver(make_clip("NOT-IN-FEED"))
    feed = write_feed(tmp_path, row("A-1", "=Lamp"), row("B-2", price=""), row("C-3"))
    made = make(stall, "tiktok", feed=feed)
    assert table(stall, "tiktok") == [
        {
            "sku_id": "A-1",
            "title": "=Lamp",  # a machine's feed: left as it is
            "description": "Made well.",
            "availability": "in stock",
            "condition": "new",
            "price": "19.00 EUR",
            "link": "https://shop.example.com/p",
            "image_link": "https://shop.example.com/p.jpg",
            "brand": "Orrin",
            "item_group_id": "",
            "video_link": url(stall, intent.video_uris[0]),
        }
    ]
    (trouble,) = made.troubles
    assert (trouble.file, trouble.row, trouble.key, trouble.field, trouble.refused) == (
        "tiktok.csv", 2, "B-2", "price", True,
    )  # fmt: skip
    problems = (Path(stall.root) / "manifests/problems.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in problems] == [trouble.to_dict()]


def test_youtube_is_told_what_ai_made_and_gets_titles_that_it_takes(stall, tmp_path):
    long = "A lamp <of> brass " * 10
    intent = stall.deliver(make_clip("A-1", title=long, ratio=NativeRatio.LANDSCAPE, platforms=("youtube",)))
    facts = {"title": "=HYPERLINK(1)", "category": "Uncategorised"}
    stall.deliver(make_clip("B-2", **facts, ratio=NativeRatio.LANDSCAPE, platforms=("youtube",)))
    made = make(stall, "youtube", feed=write_feed(tmp_path, row("A-1", description="Warm light.")))
    one, other = table(stall, "youtube")
    assert one["custom_id"] == f"{intent.intent_id}-youtube"
    assert one["snippet.title"].startswith("A lamp ‹of› brass")  # noqa: RUF001 - as YouTube writes them itself
    assert len(one["snippet.title"]) <= 100
    assert one["snippet.description"] == "Warm light.\n\nhttps://shop.example.com/p"
    assert one["snippet.tags"] == "Orrin|Home & Garden|Lamps"
    assert (one["status.privacyStatus"], one["status.containsSyntheticMedia"]) == ("private", "true")
    assert (other["snippet.title"], other["snippet.tags"]) == ("'=HYPERLINK(1)", "Orrin")
    assert (made.manifests[0].rows, made.manifests[0].changed, made.refused) == (2, 1, 0)


def test_google_ads_takes_youtube_ids_and_waits_for_the_others(stall, tmp_path):
    both = [stall.deliver(make_clip(sku, ratio=NativeRatio.LANDSCAPE, platforms=("youtube",))) for sku in "AB"]
    ids = tmp_path / "ids.csv"
    ids.write_text(f"custom_id,video_id\n{both[0].intent_id}-youtube,dQw4w9WgXcQ\n{both[1].intent_id}-youtube,short\n")
    made = make(stall, "google-ads", youtube_ids=str(ids))
    (one,) = table(stall, "google-ads")
    assert one["asset.youtube_video_asset.youtube_video_id"] == "dQw4w9WgXcQ"
    assert made.refused == 1
    assert "--youtube-ids" in made.troubles[0].remedy
    make(stall, "google-ads", youtube_ids=str(ids), review="required")
    (gone,) = table(stall, "google-ads")
    assert (gone["action"], gone["asset.youtube_video_asset.youtube_video_id"]) == ("remove", "dQw4w9WgXcQ")


def test_google_ads_remembers_the_ids_that_it_was_given(stall, tmp_path):
    """A list of tonight's uploads takes nothing away that was listed before."""
    path, ids = tmp_path / "ids.csv", ("abcdefghij1", "abcdefghij2")
    for sku, video_id in zip("AB", ids, strict=True):
        intent = stall.deliver(make_clip(sku, ratio=NativeRatio.LANDSCAPE, platforms=("youtube",)))
        path.write_text(f"custom_id,video_id\n{intent.intent_id}-youtube,{video_id}\n")
        made = make(stall, "google-ads", youtube_ids=str(path))
    rows = table(stall, "google-ads")
    assert [(one["action"], one["asset.youtube_video_asset.youtube_video_id"]) for one in rows] == [
        ("add", video_id) for video_id in ids
    ]
    assert (made.manifests[0].rows, made.manifests[0].retired, made.refused) == (2, 0, 0)

    stall.retire("A")
    make(stall, "google-ads", youtube_ids=str(path))
    assert {one["action"]: one["sku"] for one in table(stall, "google-ads")} == {"add": "B", "remove": "A"}


@pytest.mark.parametrize("content", ["a,b\n1,2\n", None])
def test_a_file_that_holds_no_ids_is_refused(stall, tmp_path, content):
    path = tmp_path / "ids.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FixConfiguration, match="custom_id"):
        make(stall, "google-ads", youtube_ids=str(path))


def test_the_items_of_a_group_share_its_video_and_stand_while_no_feed_is_given(stall, tmp_path):
    clip = make_clip("LAMPS", item_group_id="LAMPS")
    first = stall.deliver(clip)
    header = [*HEADER, "item_group_id"]
    prices = {"A-1": "1.00 EUR", "A-2": "2.00 EUR"}
    feed = write_feed(tmp_path, *([*row(sku, price=price), "LAMPS"] for sku, price in prices.items()), header=header)
    make(stall, "merchant", "tiktok", feed=feed)
    video = url(stall, first.video_uris[0])
    assert table(stall, "merchant") == [{"id": sku, "video_link": video} for sku in prices]
    assert {one["sku_id"]: one["price"] for one in table(stall, "tiktok")} == prices

    made = make(stall, "merchant")  # the group's own id is no id of the catalog
    assert table(stall, "merchant") == [{"id": sku, "video_link": video} for sku in prices]
    assert (made.manifests[0].rows, made.manifests[0].carried, made.refused) == (0, 2, 1)
    assert "--feed" in made.troubles[0].remedy

    stall.deliver(clip, again=True, after=first.intent_id)
    make(stall, "merchant")  # their video is another now, and nobody says whose it is
    assert table(stall, "merchant") == [{"id": sku, "video_link": ""} for sku in prices]


GROUPED = [*HEADER, "item_group_id"]


def grouped_feed(tmp_path, **prices):
    return write_feed(tmp_path, *([*row(sku, price=price), "LAMPS"] for sku, price in prices.items()), header=GROUPED)


def test_a_rejected_row_is_still_in_the_feed_and_its_item_keeps_the_video(stall, tmp_path):
    formats = ("merchant", "meta", "tiktok")
    clip = make_clip("LAMPS", item_group_id="LAMPS")
    first = stall.deliver(clip)
    make(stall, *formats, feed=grouped_feed(tmp_path, A1="1.00 EUR", A2="2.00 EUR", A3="3.00 EUR"))
    before = {name: table(stall, name) for name in formats}

    made = make(stall, *formats, feed=grouped_feed(tmp_path, A1="1.00 EUR", A2="ask us"))  # A3 is gone
    for name in formats:
        stands = [one for one in table(stall, name) if one.get("video_link") or one.get("video[0].url")]
        assert stands == before[name][:2]
    assert [(one.rows, one.carried, one.refused) for one in made.manifests] == [(1, 1, 0)] * 3
    assert [(one.key, one.refused, "stands as it stood" in one.reason) for one in made.troubles] == [
        ("A2", False, True)
    ] * 3

    stall.deliver(clip, again=True, after=first.intent_id)  # what A2 showed is not shown any more
    made = make(stall, *formats, feed=grouped_feed(tmp_path, A1="1.00 EUR", A2="ask us"))
    assert [(one.key, one.refused) for one in made.troubles] == [("A2", True)] * 3
    assert {one["id"] for one in table(stall, "merchant") if one["video_link"]} == {"A1"}


def test_every_row_stands_while_nobody_can_tell_which_product_was_rejected(stall, tmp_path):
    stall.deliver(make_clip("LAMPS", item_group_id="LAMPS"))
    make(stall, "merchant", feed=grouped_feed(tmp_path, A1="1.00 EUR", A2="2.00 EUR"))
    before = table(stall, "merchant")
    nameless = [[*row("", price="2.00 EUR"), "LAMPS"], [*row("A1"), "LAMPS"]]
    made = make(stall, "merchant", feed=write_feed(tmp_path, *nameless, header=GROUPED))
    assert table(stall, "merchant") == before
    assert made.manifests[0].carried == len(made.troubles) == 1


def test_without_a_feed_a_row_stands_only_while_all_its_videos_are_shown(stall, tmp_path):
    files = {name: f"{stall.root}/{name}.mp4" for name in ("instagram_reels", "facebook_feed")}
    clip = make_clip("LAMPS", item_group_id="LAMPS", platforms=tuple(files))
    first = stall.deliver(clip, renditions=files)
    make(stall, "meta", feed=grouped_feed(tmp_path, A1="1.00 EUR"))
    assert table(stall, "meta")[0]["video[1].url"] == f"{BASE}/facebook_feed.mp4"
    del files["facebook_feed"]
    stall.deliver(clip, again=True, after=first.intent_id, bare=True, renditions=files)
    make(stall, "meta")
    assert [(one["id"], one["video[0].url"], one["video[1].url"]) for one in table(stall, "meta")] == [("A1", "", "")]


def test_a_group_that_vanished_takes_its_items_with_it(stall, tmp_path):
    stall.deliver(make_clip("LAMPS", item_group_id="LAMPS"))
    feed = write_feed(tmp_path, [*row("A-1"), "LAMPS"], header=[*HEADER, "item_group_id"])
    make(stall, "merchant", feed=feed)
    stall.retire("LAMPS")
    make(stall, "merchant")
    assert table(stall, "merchant") == [{"id": "A-1", "video_link": ""}]


def test_without_a_public_address_it_is_said_what_to_set(stall):
    stall.deliver(make_clip("A-1"))
    with pytest.raises(FixConfiguration, match="REELMILL_PUBLIC_BASE_URL"):
        make(stall, "merchant", settings={})
    with pytest.raises(FixConfiguration, match="--feed"):
        make(stall, "tiktok")
    made = make(stall, settings={})
    assert set(made.left_out) == {"merchant", "meta", "tiktok", "google-ads"}
    assert {one["uri"].startswith(stall.root) and not one["url"] for one in table(stall, "csv")} == {True}


def test_a_file_elsewhere_has_no_public_address_and_its_row_is_refused(stall):
    stall.deliver(make_clip("A-1", platforms=("tiktok",)), renditions={"tiktok": "gs://other/a.mp4"})
    made = make(stall, "merchant")
    assert (made.refused, table(stall, "merchant")) == (1, [])
    assert "no http(s) address" in made.troubles[0].reason


def test_what_is_no_manifest_is_not_overwritten(stall):
    stall.deliver(make_clip("A-1"))
    path = Path(stall.root) / "manifests" / "csv.csv"
    path.parent.mkdir(parents=True)
    path.write_text("my,own\n1,2\n")
    with pytest.raises(FixConfiguration, match="Move it away"):
        make(stall, "csv")
    assert path.read_text() == "my,own\n1,2\n"


def test_one_place_is_listed_once(stall):
    """Two clips of one place, as when a SKU is a variant of another product."""
    stall.deliver(make_clip("A-1", platforms=("tiktok",)))
    stall.deliver(make_clip("A-1", platforms=("tiktok",), variant=1, ratio=NativeRatio.PORTRAIT, samples=2))
    made = make(stall, "csv")
    assert len(table(stall, "csv")) == made.manifests[0].rows == 1


def test_the_command_writes_and_says_so(stall, reelmill, reelmill_json, monkeypatch):
    stall.deliver(make_clip("A-1", platforms=("tiktok", "instagram_feed")))
    monkeypatch.setenv("REELMILL_REVIEW", "optional")  # inspection decides
    monkeypatch.setenv("REELMILL_PUBLIC_BASE_URL", f"{BASE}/")
    code, said = reelmill_json("manifest", "merchant", "csv", "--output", stall.root)
    assert code == ExitCode.OK
    assert [(one["format"], one["rows"]) for one in said["manifests"]] == [("merchant", 1), ("csv", 1)]
    assert said["listed"]["unrendered"] == {"instagram_feed": 1}
    code, printed, _ = reelmill("manifest", "--run", RUN)
    assert code == ExitCode.OK
    assert "Left out for instagram_feed (1): no file was made" in printed
    assert "tiktok was left out. Give --feed" in printed
    assert f"{stall.root}/manifests/runs/{RUN}/merchant.tsv" in printed
    code, _, problem = reelmill("manifest", "google-ads", "--output", stall.root)
    assert (code, "--youtube-ids" in problem) == (ExitCode.USAGE, True)
    assert reelmill("manifest", "myspace", "--output", stall.root)[0] == ExitCode.USAGE


def test_refused_rows_ask_for_attention(stall, reelmill, monkeypatch):
    stall.deliver(make_clip("A" * 60))
    monkeypatch.setenv("REELMILL_REVIEW", "optional")  # inspection decides
    monkeypatch.setenv("REELMILL_PUBLIC_BASE_URL", BASE)
    code, printed, _ = reelmill("manifest", "merchant", "--output", stall.root)
    assert code == ExitCode.ATTENTION
    assert "merchant.tsv row 1" in printed
    assert "is longer than 50 characters. Shorten it in the feed." in printed.replace("\n", " ").replace("    ", "")
