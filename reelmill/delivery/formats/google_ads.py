"""Google Ads: video assets, which are YouTube videos by id. There is no way to give it a file or an address."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.spec import Field, FileKind, Group, Need, Row, Source, Spec

__all__ = ["GOOGLE_ADS"]

_PLATFORMS = ("youtube", "youtube_shorts")
_ID = "asset.youtube_video_asset.youtube_video_id"


def _rows(group: Group) -> Iterator[Row]:
    for one in group.chosen(_PLATFORMS):
        yield {
            "action": "add",
            "custom_id": one.key,
            "asset.name": f"{one.sku} {one.platform} {one.variant} {(one.film or one.intent_id)[:8]}",
            "asset.type": "YOUTUBE_VIDEO",
            _ID: group.youtube_ids.get(one.key),
            "sku": one.sku,
            "aspect_ratio": one.aspect_ratio,
            "duration_s": one.duration_s,
            "ai_generated": one.ai_generated,
        }


def _recall(row: Row, earlier: Row) -> Row:
    """The id that the same file is listed with already, where none is given now: a list of new uploads is enough."""
    return row if row[_ID] or earlier.get("action") != "add" else {**row, _ID: earlier.get(_ID)}


def _retire(earlier: Row) -> Row:
    kept = ("custom_id", "asset.name", "asset.type", _ID, "sku")
    return {"action": "remove", **{name: earlier.get(name) for name in kept}}


GOOGLE_ADS = Spec(
    name="google-ads",
    title="Google Ads asset sheet",
    kind=FileKind.CSV,
    key="custom_id",
    needs=(Need.YOUTUBE_IDS,),
    platforms=_PLATFORMS,
    fields=(
        Field(
            name="action",
            meaning="add, or remove from every asset group.",
            required=True,
            one_of=("add", "remove"),
        ),
        Field(name="custom_id", meaning="The custom_id of the YouTube upload sheet.", required=True),
        Field(name="asset.name", meaning="Product, platform, variant and attempt: unique.", required=True),
        Field(name="asset.type", meaning="YOUTUBE_VIDEO.", required=True, one_of=("YOUTUBE_VIDEO",)),
        Field(
            name=_ID,
            meaning="the 11 characters by which YouTube names the upload; give them with --youtube-ids, each once.",
            required=True,
            pattern=r"[A-Za-z0-9_-]{11}",
        ),
        Field(name="sku", meaning="The product."),
        Field(name="aspect_ratio", meaning="Like 16:9."),
        Field(name="duration_s", meaning="Seconds."),
        Field(name="ai_generated", meaning="true: for your own records."),
    ),
    rows=_rows,
    retire=_retire,
    recall=_recall,
    retiring="a row `remove` with the id of the video",
    for_people=True,
    sources=(
        Source(
            url="https://developers.google.com/google-ads/api/reference/rpc/v25/YoutubeVideoAsset.md.txt",
            read="2026-11",
        ),
        Source(
            url="https://developers.google.com/google-ads/scripts/docs/reference/adsapp/adsapp_youtubevideoassetbuilder",
            read="2026-11",
        ),
    ),
    unverified=("a published spreadsheet of assets: the columns are the API's fields, for a script of yours to read",),
    disclosure="no field was found in the asset; `ai_generated` is for your records, and the YouTube video carries it",
)
