"""Google Merchant Center: a supplementary data source that adds ``video_link`` to products that are there."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Field, FileKind, Group, Need, Row, Source, Spec

__all__ = ["MERCHANT"]

_MOST_VIDEOS = 10


def _rows(group: Group) -> Iterator[Row]:
    videos = group.chosen(())
    if not videos:
        return
    # Platforms that share a file list it once; the landscape one leads, as on a product page.
    videos = sorted(videos, key=lambda one: one.width < one.height)
    links = tuple(dict.fromkeys(group.addresses.url(one.uri) or one.uri for one in videos))
    for sku in group.ids:
        yield {"id": sku, "video_link": links}


def _retire(earlier: Row) -> Row:
    return {"id": earlier["id"], "video_link": None}


def _gone(one: Deliverable) -> tuple[str, ...]:
    return () if one.is_group else (one.sku,)  # what was listed of a group is known by its files


MERCHANT = Spec(
    name="merchant",
    title="Google Merchant Center supplementary feed",
    kind=FileKind.TSV,
    key="id",
    needs=(Need.WEB,),
    fields=(
        Field(
            name="id",
            meaning="The item's id, exactly as in the primary feed; items of a group are known with --feed only.",
            required=True,
            most_chars=50,
        ),
        Field(
            name="video_link",
            meaning="Addresses of its videos: http or https, static, public, commas inside written as %2C.",
            required=True,
            web=True,
            most_chars=2000,
            most_items=_MOST_VIDEOS,
            drops=True,
            joined_by=", ",
        ),
    ),
    rows=_rows,
    retire=_retire,
    retires_known=_gone,
    carries=("video_link",),
    retiring="the id with an empty `video_link`",
    sources=(
        Source(url="https://support.google.com/merchants/answer/15216925", read="2026-11"),
        Source(url="https://support.google.com/merchants/answer/9189153", read="2026-11"),
    ),
    unverified=(
        "that an empty cell clears the value at once (a product that is missing from the source has none there either)",
        "the 50 characters of an id (read on Google's page for collections only)",
    ),
    disclosure="no field for videos was found",
)
