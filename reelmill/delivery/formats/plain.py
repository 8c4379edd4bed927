"""Plain JSON, NDJSON and CSV: everything there is to know of each deliverable, for systems of your own."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Field, FileKind, Group, Row, Spec

__all__ = ["PLAIN_CSV", "PLAIN_JSON", "PLAIN_NDJSON"]

_FIELDS = (
    Field(
        name="id", meaning="What the video is for: sku/platform/variant. Stays when it is made again.", required=True
    ),
    Field(
        name="status",
        meaning="live; or retired: listed before, or of a vanished product, and not to be shown any more.",
        required=True,
        one_of=("live", "retired"),
    ),
    Field(name="sku", meaning="The product."),
    Field(name="item_group_id", meaning="The group of its variants; empty without one."),
    Field(name="title", meaning="Its title."),
    Field(name="brand", meaning="Its brand; empty without one."),
    Field(name="category", meaning="Its category path."),
    Field(name="campaign", meaning="Campaign name; empty without one."),
    Field(name="platform", meaning="The platform that the file was made for."),
    Field(name="variant", meaning="Number of the variant, from 1."),
    Field(name="aspect_ratio", meaning="Like 9:16."),
    Field(name="width", meaning="Pixels."),
    Field(name="height", meaning="Pixels."),
    Field(name="duration_s", meaning="Seconds."),
    Field(name="uri", meaning="Where the video lies: `gs://` or a path."),
    Field(name="url", meaning="Its public address; empty without public_base_url.", web=True),
    Field(name="poster_uri", meaning="Where its poster (JPEG) lies."),
    Field(name="poster_url", meaning="Public address of the poster.", web=True),
    Field(name="ai_generated", meaning="true: it must be labelled so where the law asks for it."),
    Field(name="clip_id", meaning="The clip in the ledger and the tables."),
    Field(name="intent_id", meaning="The attempt that made it."),
    Field(name="run_id", meaning="The run that made it."),
)


def _rows(group: Group) -> Iterator[Row]:
    for one in group.chosen(()):
        yield {
            "id": one.place,
            "status": "live",
            "sku": one.sku,
            "item_group_id": one.item_group_id,
            "title": one.title,
            "brand": one.brand,
            "category": one.category,
            "campaign": one.campaign,
            "platform": one.platform,
            "variant": one.variant,
            "aspect_ratio": one.aspect_ratio,
            "width": one.width,
            "height": one.height,
            "duration_s": one.duration_s,
            "uri": one.uri,
            "url": group.addresses.url(one.uri),
            "poster_uri": one.poster_uri,
            "poster_url": group.addresses.url(one.poster_uri),
            "ai_generated": one.ai_generated,
            "clip_id": one.clip_id,
            "intent_id": one.intent_id,
            "run_id": one.run_id,
        }


def _retire(earlier: Row) -> Row:
    place = str(earlier["id"])
    sku, platform, variant = place.rsplit("/", 2) if place.count("/") > 1 else (place, "", "")
    number = int(variant) if variant.isascii() and variant.isdecimal() else None
    return {"id": place, "status": "retired", "sku": sku, "platform": platform, "variant": number, "ai_generated": True}


def _gone(one: Deliverable) -> tuple[str, ...]:
    return (one.place,)


def _plain(kind: FileKind, title: str) -> Spec:
    return Spec(
        name=kind.value,
        title=title,
        kind=kind,
        key="id",
        fields=_FIELDS,
        rows=_rows,
        retire=_retire,
        retires_known=_gone,
        retiring="`status` is `retired`, without addresses",
        for_people=kind is FileKind.CSV,
        disclosure="`ai_generated` is true",
    )


PLAIN_JSON = _plain(FileKind.JSON, "plain JSON list")
PLAIN_NDJSON = _plain(FileKind.NDJSON, "plain list of JSON lines")
PLAIN_CSV = _plain(FileKind.CSV, "plain CSV list")
