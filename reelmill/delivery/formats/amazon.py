"""Amazon: a work list for a person in Seller Central, which offers no upload in bulk."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.spec import Field, FileKind, Group, Row, Source, Spec

__all__ = ["AMAZON"]

_PLATFORMS = ("amazon",)
_ADDRESS = r"(?i)(?:https?://|\bwww\.)\S*"


def _rows(group: Group) -> Iterator[Row]:
    extra = group.product.extra if group.product is not None else {}
    for one in group.chosen(_PLATFORMS):
        yield {
            "action": "upload",
            "key": one.key,
            "sku": one.sku,
            "asin": extra.get("asin", "").strip().upper(),
            "title": one.title,
            "video": group.addresses.url(one.uri) or one.uri,
            "thumbnail": group.addresses.url(one.poster_uri) or one.poster_uri,
            "width": one.width,
            "height": one.height,
            "duration_s": one.duration_s,
            "ai_generated": one.ai_generated,
        }


def _retire(earlier: Row) -> Row:
    return {
        "action": "delete",
        "key": earlier["key"],
        "sku": earlier.get("sku"),
        "asin": earlier.get("asin"),
        "title": earlier.get("title"),
    }


AMAZON = Spec(
    name="amazon",
    title="Amazon upload sheet",
    kind=FileKind.CSV,
    key="key",
    platforms=_PLATFORMS,
    fields=(
        Field(
            name="action",
            meaning="upload, or delete what was uploaded for this row before.",
            required=True,
            one_of=("upload", "delete"),
        ),
        Field(name="key", meaning="Names this very file; a clip that is made again gets another.", required=True),
        Field(name="sku", meaning="The product, as your feed names it.", required=True),
        Field(
            name="asin",
            meaning="Amazon's number of it, ten letters and digits: from a feed column `asin`, or for you to fill in.",
            pattern=r"[A-Z0-9]{10}",
        ),
        Field(name="title", meaning="Title, without addresses.", required=True, without=_ADDRESS),
        Field(name="video", meaning="The video: a public address, or where it lies in storage.", required=True),
        Field(name="thumbnail", meaning="Its poster (JPEG)."),
        Field(name="width", meaning="Pixels."),
        Field(name="height", meaning="Pixels."),
        Field(name="duration_s", meaning="Seconds."),
        Field(name="ai_generated", meaning="true: for your own records."),
    ),
    rows=_rows,
    most_rows=6,
    retire=_retire,
    retiring="a row `delete`, with the title under which you find it",
    for_people=True,
    sources=(
        Source(url="https://sellercentral.amazon.es/gp/help/external/help.html?itemID=Y4LL3M3WJEFE8MZ", read="2026-11"),
    ),
    unverified=("limits of a title, and of a file's size (Seller Central shows them behind a login)",),
    disclosure="no field of Amazon's was found; `ai_generated` is for your records",
)
