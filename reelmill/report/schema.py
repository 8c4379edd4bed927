"""The five output tables: their columns, types and meaning. The page docs/tables.md is made from this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

__all__ = ["MONEY", "TABLES", "Table"]

MONEY = pa.decimal128(12, 6)
_SUM = pa.decimal128(18, 6)  # a plan for a million products passes a million dollars
_MOMENT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())
_FINDING = pa.struct([("code", pa.string()), ("message", pa.string()), ("at_s", pa.float64())])
_INSPECTION = pa.struct([("status", pa.string()), ("findings", pa.list_(_FINDING))])


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, and the Arrow schema whose fields carry their description."""

    name: str
    row: str
    schema: pa.Schema

    @property
    def columns(self) -> list[tuple[str, str, str]]:
        """Name, type and description of each column."""
        return [
            (field.name, str(field.type) + ("" if field.nullable else ", never null"), _description(field))
            for field in self.schema
        ]


def _description(field: Any) -> str:
    text: str = field.metadata[b"description"].decode()
    return text


def _column(name: str, kind: Any, description: str, *, null: bool = False) -> Any:
    return pa.field(name, kind, nullable=null, metadata={"description": description})


_RUN_ID = _column("run_id", pa.string(), "Run that authorised it; a file holds one run.")
_CLIP_ID = _column(
    "clip_id", pa.string(), "Identity of the paid request: equal only if the same thing would be bought."
)
_SKU = _column("sku", pa.string(), "Product, as the feed names it.")
_CATEGORY = _column("category", pa.string(), "Category path of the feed, like `Home & Garden > Cookware`.")
_CAMPAIGN = _column("campaign", pa.string(), "Campaign name; empty without one.")
_PLATFORMS = _column("platforms", _TEXTS, "Platforms that the clip serves; they share its cost.")
_MODEL = _column("model", pa.string(), "Veo model.")
_RESOLUTION = _column("resolution", pa.string(), "720p, 1080p or 4k.")
_AUDIO = _column("audio", pa.bool_(), "Whether sound was asked (and is paid) for.")
_ATTEMPT = _column("attempt", pa.int32(), "1 for the first intent of the clip; each one more was authorised again.")
_OPERATION = _column("operation", pa.string(), "Google's name of the job; null if none was accepted.", null=True)

_RESULTS = pa.schema(
    [
        _RUN_ID,
        _CLIP_ID,
        _SKU,
        _column("item_group_id", pa.string(), "Item group of the feed; empty without one."),
        _column("title", pa.string(), "Product title."),
        _column("brand", pa.string(), "Product brand; empty without one."),
        _column(
            "price",
            pa.string(),
            "Price of the product when the clip was last authorised, like `19.99 EUR`; empty if the feed had none.",
        ),
        _column("sale_price", pa.string(), "Price of the sale that ran then; empty without one."),
        _CATEGORY,
        _CAMPAIGN,
        _PLATFORMS,
        _column("aspect_ratio", pa.string(), "Ratio asked of Veo: 16:9 or 9:16."),
        _column("variant", pa.int32(), "Number of the variant, from 1."),
        _column("scene", pa.string(), "Scene of a storyboard that this clip is; empty for one that stands by itself."),
        _column("film_id", pa.string(), "Film in `films` that it is a scene of, as planned last; empty without one."),
        _MODEL,
        _column("prompt", pa.string(), "Prompt as sent."),
        _column("negative_prompt", pa.string(), "Negative prompt as sent; empty without one."),
        _column(
            "softening",
            pa.int32(),
            "0 if the prompts are the clip's own; else the number of the retry, after filtering, that softened them.",
        ),
        _column(
            "remake", pa.int32(), "0, or the number of the remake that the run made because a finding asked for it."
        ),
        _column("draft", pa.bool_(), "Whether it is a draft: bought to be looked at, never published."),
        _column("template", pa.string(), "Template that made the prompt, like `apparel/9x16`."),
        _column("template_version", pa.string(), "Content version of that template with all it includes."),
        _column("input_hash", pa.string(), "Hash of the product facts that the prompt was made from."),
        _column("seed", pa.int64(), "Seed asked for; null without one.", null=True),
        _column("duration_s", pa.int32(), "Seconds of video asked (and paid) for, per video."),
        _RESOLUTION,
        _AUDIO,
        _column("status", pa.string(), "State of the intent; see below."),
        _column("video_uris", _TEXTS, "Videos that came back; empty if none did, or once they were removed."),
        _column("poster_uri", pa.string(), "Poster image (JPEG); null without one.", null=True),
        _column("renditions", pa.map_(pa.string(), pa.string()), "Platform to the file made for it."),
        _column("removed_at", _MOMENT, "When retention removed its videos; null while they are there.", null=True),
        _column(
            "inspection",
            _INSPECTION,
            "What looking at the videos found: `status` is pass, review, fail or skipped; each finding has a code, "
            "words, and where it starts in seconds. Null before there is a video.",
            null=True,
        ),
        _column(
            "likeness",
            pa.float64(),
            "How much of the product's colours is seen in the video, from 0 to 1; null if it was not compared.",
            null=True,
        ),
        _column(
            "decision",
            pa.string(),
            "What a person decided about it: approve, reject or remake; null if nobody did, or it was taken back.",
            null=True,
        ),
        _column("decision_reason", pa.string(), "Why, in the reviewer's words; empty without any."),
        _column("error_code", pa.string(), "Code of what went wrong; empty if nothing did."),
        _column("error_message", pa.string(), "What went wrong, in words; empty if nothing did."),
        _OPERATION,
        _ATTEMPT,
        _column("submitted_at", _MOMENT, "When Google accepted it; null if it did not.", null=True),
        _column("finished_at", _MOMENT, "When it reached its final state; null before.", null=True),
        _column(
            "cost_usd", MONEY, "What was charged, verdicts included, in USD; the sum over a run is that of `spend`."
        ),
        _column("ai_generated", pa.bool_(), "Always true: these videos must be labelled so where the law asks for it."),
        _column("provenance_uri", pa.string(), "Record of how it was made (JSON); null without one.", null=True),
    ]
)

_SPEND = pa.schema(
    [
        _RUN_ID,
        _CLIP_ID,
        _ATTEMPT,
        _SKU,
        _CATEGORY,
        _PLATFORMS,
        _CAMPAIGN,
        _column("model", pa.string(), "Model that was paid: Veo's, or the judge's."),
        _RESOLUTION,
        _AUDIO,
        _column("seconds", pa.int32(), "Paid seconds of each video; 0 for a verdict."),
        _column("samples", pa.int32(), "Videos that came back; these are paid. 0 for a verdict."),
        _column("unit_price_usd", MONEY, "USD per second of returned video; 0 for a verdict."),
        _column(
            "amount_usd",
            MONEY,
            "In USD. For videos, seconds x samples x unit_price_usd. For a verdict, its tokens at their prices, "
            "rounded up to the millionth; the most that it can cost if no answer told its tokens.",
        ),
        _column(
            "price_date",
            pa.date32(),
            "Day on which the price was read from Google's price list; null if unknown.",
            null=True,
        ),
        _OPERATION,
        _column("charged_at", _MOMENT, "When the charge was booked; for a verdict, when it was asked for."),
        _column(
            "kind", pa.string(), "What was paid: `clip` for videos, `verdict` for comparing them with the product."
        ),
        _column("input_tokens", pa.int64(), "Tokens that a verdict read; null for videos, or if unknown.", null=True),
        _column(
            "output_tokens",
            pa.int64(),
            "Tokens that a verdict wrote, thinking included; null for videos, or if unknown.",
            null=True,
        ),
    ]
)

_FILMS = pa.schema(
    [
        _column("run_id", pa.string(), "Run that planned it first; a file holds one run."),
        _column("film_id", pa.string(), "Identity of the film: equal only for the same clips in the same order."),
        _SKU,
        _column("aspect_ratio", pa.string(), "Ratio of its scenes: 16:9 or 9:16."),
        _column("variant", pa.int32(), "Number of the variant, from 1."),
        _column("scenes", _TEXTS, "Names of its scenes, in order."),
        _column("clip_ids", _TEXTS, "Their clips, in the same order; `results` says what each cost."),
        _column("draft", pa.bool_(), "Of drafts: to be looked at, and never handed over."),
        _column("crossfade_s", pa.float64(), "Seconds by which two scenes overlap; 0 for cuts."),
        _column("planned_s", pa.float64(), "Length that the storyboard asks for, in seconds."),
        _column("status", pa.string(), "stitched, or waiting for a scene."),
        _column("duration_s", pa.float64(), "Length of the video in seconds; null without one.", null=True),
        _column("video_uri", pa.string(), "The film; null while it waits.", null=True),
        _column("poster_uri", pa.string(), "Poster image (JPEG); null without one.", null=True),
        _column("renditions", pa.map_(pa.string(), pa.string()), "Platform to the file made for it."),
        _column("inspection", _INSPECTION, "What looking at it found, as in `results`.", null=True),
        _column("stitched_at", _MOMENT, "When the ledger took it in; null while it waits.", null=True),
        _column("ai_generated", pa.bool_(), "Always true, as in `results`."),
        _column("provenance_uri", pa.string(), "Record of its scenes (JSON); null while it waits.", null=True),
    ]
)

_REJECTS = pa.schema(
    [
        _column("run_id", pa.string(), "Run that read the feed."),
        _column("feed", pa.string(), "Feed file."),
        _column("row_number", pa.int64(), "Data row in that file, from 1; the header is not counted."),
        _column("sku", pa.string(), "Product, if the row names one; else empty."),
        _column("field", pa.string(), "Field that is wrong."),
        _column("reason", pa.string(), "What is wrong with it."),
        _column("remedy", pa.string(), "What to do about it."),
        _column("raw_value", pa.string(), "The value as the feed has it. It is data: never evaluate it as a formula."),
    ]
)

_COUNTS = pa.map_(pa.string(), pa.int64())
_RUNS = pa.schema(
    [
        _column("run_id", pa.string(), "The run."),
        _column("output", pa.string(), "Output root."),
        _column("status", pa.string(), "running, completed, stopped (by a person), capped or failed."),
        _column("parameters", pa.string(), "What the run was started with, as JSON."),
        _column("planned_counts", _COUNTS, "What the plan would do: make, keep, retire, blocked, and so on."),
        _column("counts", _COUNTS, "Intents of the run by status."),
        _column("planned_usd", _SUM, "Most that the plan could cost, in USD."),
        _column("spent_usd", _SUM, "Charged so far, in USD."),
        _column("reserved_usd", _SUM, "Still promised, in USD: it may become a charge."),
        _column("cap_run_usd", _SUM, "Cap of the run in USD; null without one.", null=True),
        _column("cap_day_usd", _SUM, "Cap of the UTC day in USD; null without one.", null=True),
        _column("cap_month_usd", _SUM, "Cap of the UTC month in USD; null without one.", null=True),
        _column("started_at", _MOMENT, "When it started."),
        _column("ended_at", _MOMENT, "When it ended; null while it runs.", null=True),
    ]
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("results", "clip attempt (an intent): one paid request for one product, ratio and variant", _RESULTS),
        Table("spend", "charge: for the videos of an attempt, or for a verdict about them", _SPEND),
        Table("films", "film: scenes of one product, ratio and variant, stitched into one video", _FILMS),
        Table("rejects", "feed row that cannot be made", _REJECTS),
        Table("runs", "run", _RUNS),
    )
}
