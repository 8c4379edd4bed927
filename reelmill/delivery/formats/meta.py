"""Meta catalog (Facebook and Instagram): a supplementary feed with the product's videos."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Field, FileKind, Group, Need, Row, Source, Spec

__all__ = ["META"]

_PLATFORMS = ("instagram_reels", "instagram_feed", "facebook_feed")


def _rows(group: Group) -> Iterator[Row]:
    first: dict[str, Deliverable] = {}
    for one in group.chosen(_PLATFORMS):
        first.setdefault(one.platform, one)  # the first variant of each placement
    if not first:
        return
    row: Row = {}
    for number, one in enumerate(first.values()):
        row[f"video[{number}].url"] = group.addresses.url(one.uri) or one.uri
        row[f"video[{number}].tag[0]"] = one.platform
    for sku in group.ids:
        yield {"id": sku, **row}


def _retire(earlier: Row) -> Row:
    return {"id": earlier["id"]}


def _gone(one: Deliverable) -> tuple[str, ...]:
    return () if one.is_group else (one.sku,)  # what was listed of a group is known by its files


def _fields() -> Iterator[Field]:
    yield Field(
        name="id",
        meaning="The item's id, exactly as in the catalog; items of a group are known with --feed only.",
        required=True,
        most_chars=100,
    )
    for number in range(len(_PLATFORMS)):
        yield Field(
            name=f"video[{number}].url",
            meaning="Where the file itself can be fetched (no player page).",
            required=number == 0,
            web=True,
        )
        yield Field(name=f"video[{number}].tag[0]", meaning="The placement that it was made for.")


META = Spec(
    name="meta",
    title="Meta catalog feed",
    kind=FileKind.CSV,
    key="id",
    needs=(Need.WEB,),
    platforms=_PLATFORMS,
    fields=tuple(_fields()),
    rows=_rows,
    retire=_retire,
    retires_known=_gone,
    carries=tuple(f"video[{number}].url" for number in range(len(_PLATFORMS))),
    most_file_bytes=200_000_000,
    retiring="the id with empty video fields",
    sources=(
        Source(url="https://developers.facebook.com/docs/marketing-api/catalog/reference", read="2026-11"),
        Source(
            url="https://developers.facebook.com/docs/marketing-api/advantage-catalog-ads/dynamic-media/",
            read="2026-11",
        ),
    ),
    unverified=(
        "that an empty video field takes the video away when the feed updates; a feed that replaces does",
        "the 100 characters of an id (read at a third party)",
        "how many videos and tags a product may have",
    ),
    disclosure="no field in catalog feeds was found",
)
