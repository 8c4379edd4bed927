"""YouTube: a sheet of uploads whose columns are the fields of the YouTube Data API's ``videos.insert``.

It is a sheet of our own: the templates of YouTube's Content Manager are shown to its partners only.
"""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.spec import Field, FileKind, Group, Row, Source, Spec
from reelmill.product import UNCATEGORISED
from reelmill.signatures import unsigned

__all__ = ["YOUTUBE"]

_PLATFORMS = ("youtube", "youtube_shorts")
# What YouTube itself does to them in its delivery spreadsheets; its API refuses them.
_LOOK_ALIKES = {"<": "‹", ">": "›"}  # noqa: RUF001 - that they look alike is the point


def _rows(group: Group) -> Iterator[Row]:
    product = group.product
    description = product.description if product is not None else ""
    link = product.link if product is not None and unsigned(product.link) == product.link else ""
    for one in group.chosen(_PLATFORMS):
        yield {
            "action": "upload",
            "custom_id": one.key,
            "sku": one.sku,
            "file": group.addresses.url(one.uri) or one.uri,
            "thumbnail": group.addresses.url(one.poster_uri) or one.poster_uri,
            "snippet.title": one.title,
            "snippet.description": "\n\n".join(filter(None, (description or one.title, link))),
            "snippet.tags": tuple(dict.fromkeys(filter(None, (one.brand, *_levels(one.category))))),
            "status.privacyStatus": "private",
            "status.containsSyntheticMedia": one.ai_generated,
        }


def _levels(category: str) -> tuple[str, ...]:
    levels = tuple(category.split(" > "))
    return () if levels == UNCATEGORISED else levels


def _retire(earlier: Row) -> Row:
    return {"action": "take_down", "custom_id": earlier["custom_id"], "sku": earlier.get("sku")}


YOUTUBE = Spec(
    name="youtube",
    title="YouTube upload sheet",
    kind=FileKind.CSV,
    key="custom_id",
    platforms=_PLATFORMS,
    fields=(
        Field(
            name="action",
            meaning="upload, or take_down what was uploaded under this custom_id.",
            required=True,
            one_of=("upload", "take_down"),
        ),
        Field(name="custom_id", meaning="Names this very file; a clip that is made again gets another.", required=True),
        Field(name="sku", meaning="The product."),
        Field(name="file", meaning="The video: a public address, or where it lies in storage.", required=True),
        Field(name="thumbnail", meaning="Its poster (JPEG)."),
        Field(
            name="snippet.title",
            meaning="Title, without < and >.",
            required=True,
            most_chars=100,
            cut=True,
            swaps=_LOOK_ALIKES,
        ),
        Field(
            name="snippet.description",
            meaning="The feed's description, if a feed is given, and the product's page; without < and >.",
            most_bytes=5000,
            cut=True,
            lines=True,
            swaps=_LOOK_ALIKES,
        ),
        Field(
            name="snippet.tags",
            meaning="Brand and category, separated by a vertical bar.",
            most_items=100,
            most_together=500,
            drops=True,
            swaps={"|": "/", "<": "‹", ">": "›"},  # noqa: RUF001 - as above
        ),
        Field(
            name="status.privacyStatus",
            meaning="private: a person publishes it.",
            one_of=("private", "public", "unlisted"),
        ),
        Field(name="status.containsSyntheticMedia", meaning="true: YouTube's own field for what AI made."),
    ),
    rows=_rows,
    retire=_retire,
    retiring="a row `take_down` with its `custom_id`",
    for_people=True,
    sources=(
        Source(url="https://developers.google.com/youtube/v3/docs/videos", read="2026-11"),
        Source(url="https://developers.google.com/youtube/v3/revision_history", read="2026-11"),
        Source(url="https://support.google.com/youtube/answer/6080480", read="2026-11"),
    ),
    unverified=(
        "the 5,000 bytes of a description and the 500 characters of all tags (read at third parties)",
        "the 100 characters of a title (read in a client library's copy of the API's page)",
    ),
    disclosure="`status.containsSyntheticMedia` is true",
)
