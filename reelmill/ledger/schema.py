"""The ledger's tables. Changing one means a new migration beside the others; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from reelmill.ledger.film_schema import film_scenes, films
from reelmill.ledger.metadata import metadata
from reelmill.ledger.records import BudgetScope, Decision, DeliveryStatus, RemovalKind, ReviewedVia, RunStatus
from reelmill.ledger.states import State, VerdictState
from reelmill.ledger.types import Choice, Json, Usd, UtcTime, Words

__all__ = [
    "budgets",
    "charges",
    "clips",
    "deliveries",
    "film_scenes",
    "films",
    "intents",
    "landings",
    "metadata",
    "pauses",
    "products",
    "publications",
    "quota",
    "rejects",
    "removals",
    "reviews",
    "runs",
    "verdicts",
]

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("output", Text, nullable=False),
    Column("status", Choice(RunStatus), nullable=False),
    Column("parameters", Json, nullable=False),
    Column("cap_run", Usd),
    Column("cap_day", Usd),
    Column("cap_month", Usd),
    Column("counts", Json, nullable=False),
    Column("planned", Usd, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("alive_at", UtcTime),  # the last sign of life of its process
    Column("webhooks", Boolean, nullable=False, server_default=false()),  # its ends are to be told
    Column("planned_at", UtcTime),  # when its planning began; NULL: nobody wrote it down
    Column("catalog", Text),  # that it planned as a whole; NULL: a part of one, or none
    Index(None, "output", "started_at"),
    Index(None, "started_at"),
    Index(None, "planned_at"),
)

# One row per clip ever authorised: the request it buys, and the latest facts that describe it.
clips = Table(
    "clips",
    metadata,
    Column("clip_id", Text, primary_key=True),
    Column("request", Json, nullable=False),
    Column("variant", Integer, nullable=False),
    Column("sku", Words, nullable=False),
    Column("item_group_id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("brand", Words, nullable=False),
    Column("category", Words, nullable=False),
    Column("campaign", Words, nullable=False),
    Column("platforms", Json, nullable=False),
    Column("template", Words, nullable=False),
    Column("template_version", Words, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("content_hashes", Json, nullable=False),
    Column("unit_price", Usd, nullable=False),
    Column("price_date", Text, nullable=False),
    Column("picture", Words, nullable=False, server_default=""),  # of the product, for people to compare with
    Column("price", Words, nullable=False, server_default=""),  # of the product, as captions show it
    Column("sale_price", Words, nullable=False, server_default=""),
    Column("scene", Text, nullable=False, server_default=""),  # of a storyboard; empty: it stands by itself
    # The latest attempt, so that planning asks about a million clips by primary keys alone.
    Column("latest_attempt", Integer, nullable=False),
    Column("latest_intent_id", Text),
    CheckConstraint("latest_attempt >= 0", name="attempt"),
    Index(None, "sku"),
)

intents = Table(
    "intents",
    metadata,
    Column("intent_id", Text, primary_key=True),
    Column("clip_id", Text, ForeignKey("clips.clip_id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run_id", Text, ForeignKey("runs.run_id"), nullable=False),
    # The day and month that were reserved against; settlement books into the same ones.
    Column("day_key", Text, nullable=False),
    Column("month_key", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("output_prefix", Text, nullable=False),
    Column("state", Choice(State), nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("reserved", Usd, nullable=False),
    Column("charged", Usd, nullable=False),
    Column("model", Text, nullable=False),
    Column("unit_price", Usd, nullable=False),
    Column("price_date", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("operation", Text),
    Column("refusals", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sending_at", UtcTime),
    Column("submitted_at", UtcTime),
    Column("unclear_since", UtcTime),
    Column("finished_at", UtcTime),
    Column("error_code", Words, nullable=False),
    Column("error_message", Words, nullable=False),
    Column("video_uris", Json, nullable=False),
    Column("poster_uri", Text),
    Column("provenance_uri", Text),
    Column("inspection", Json),
    Column("renditions", Json, nullable=False),
    # Which retry of a filtered clip this is, with the words that it sends instead of the clip's own; 0 and NULL: those.
    Column("softening", Integer, nullable=False, server_default="0"),
    Column("sent_prompt", Words),
    Column("sent_negative_prompt", Words),
    Column("sent_video", Text),  # that of the scene that it continues; NULL: as the clip's request says
    Column("filter_causes", Json),
    Column("remake", Integer, nullable=False, server_default="0"),  # delivered ones before it that asked for another
    Column("draft", Boolean, nullable=False, server_default=false()),  # bought to be looked at, never to be published
    Column("kept_at", UtcTime),  # when a plan last found it there and kept it
    UniqueConstraint("clip_id", "attempt"),
    UniqueConstraint("output_prefix"),
    UniqueConstraint("operation"),
    CheckConstraint("attempt >= 1", name="attempt"),
    CheckConstraint("reserved >= 0 AND charged >= 0", name="money"),
    CheckConstraint("seconds > 0 AND samples > 0", name="size"),
    CheckConstraint("softening >= 0 AND (softening = 0) = (sent_prompt IS NULL)", name="softening"),
    CheckConstraint("remake >= 0", name="remake"),
    Index(None, "state", "lease_until"),
    Index(None, "created_at", "intent_id"),
    Index(None, "run_id", "created_at", "intent_id"),
    Index(None, "output", "created_at", "intent_id"),
)

charges = Table(
    "charges",
    metadata,
    Column("intent_id", Text, ForeignKey("intents.intent_id"), primary_key=True),
    Column("clip_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("returned", Integer, nullable=False),
    Column("unit_price", Usd, nullable=False),
    Column("price_date", Text, nullable=False),
    Column("amount", Usd, nullable=False),
    Column("operation", Text),
    Column("charged_at", UtcTime, nullable=False),
    CheckConstraint("amount >= 0 AND returned > 0", name="money"),
    Index(None, "charged_at", "intent_id"),
    Index(None, "run_id", "charged_at", "intent_id"),
)

# Each time a clip was compared with its product's picture for money. What is asked counts as charged at its most
# from the start, here and in the intent's own ``charged``; the answer brings it down to what it cost.
verdicts = Table(
    "verdicts",
    metadata,
    Column("verdict_id", Text, primary_key=True),
    Column("intent_id", Text, ForeignKey("intents.intent_id"), nullable=False),
    Column("number", Integer, nullable=False),  # the how-manieth of its intent, from 1
    Column("run_id", Text, ForeignKey("runs.run_id"), nullable=False),
    Column("day_key", Text, nullable=False),
    Column("month_key", Text, nullable=False),
    Column("state", Choice(VerdictState), nullable=False),
    Column("model", Text, nullable=False),
    Column("input_price", Usd, nullable=False),  # of a million tokens
    Column("output_price", Usd, nullable=False),
    Column("price_date", Text, nullable=False),
    Column("most", Usd, nullable=False),
    Column("charged", Usd, nullable=False),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("asked_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("error", Words, nullable=False),
    Column("answer", Json),
    UniqueConstraint("intent_id", "number"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("most > 0 AND charged >= 0", name="money"),
    Index(None, "asked_at", "verdict_id"),
    Index(None, "run_id", "asked_at", "verdict_id"),
)

budgets = Table(
    "budgets",
    metadata,
    Column("scope", Choice(BudgetScope), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("reserved", Usd, nullable=False),
    Column("spent", Usd, nullable=False),
    CheckConstraint("reserved >= 0 AND spent >= 0", name="money"),
    sqlite_with_rowid=False,
)

# What planning remembers of each product, so that an unchanged catalog is recognised without planning it.
products = Table(
    "products",
    metadata,
    Column("catalog", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("fingerprint", Text),
    Column("clips", Integer, nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("run_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

rejects = Table(
    "rejects",
    metadata,
    Column("run_id", Text, ForeignKey("runs.run_id"), primary_key=True),
    Column("file", Words, primary_key=True),
    Column("row", BigInteger, primary_key=True),
    Column("digest", Text, primary_key=True),  # of the rest, so that planning a run again adds nothing twice
    Column("sku", Words, nullable=False),
    Column("field", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("remedy", Words, nullable=False),
    Column("raw_value", Words, nullable=False),
)

# Times in whole microseconds since 1970, so that the pacing is exact integer arithmetic on both databases.
quota = Table(
    "quota",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tat_us", BigInteger, nullable=False),  # theoretical arrival time: where the next slot begins
    Column("seen_us", BigInteger, nullable=False),  # the clock at the last slot; a clock that went back shows here
    Column("streak", Integer, nullable=False),  # penalties in a row
    Column("blocked_until_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What has ended and is to be told, written in the transaction that ended it. What it says is read when it is sent.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),  # the webhook-id, the same on each try
    Column("event", Text, nullable=False),
    Column("run_id", Text, ForeignKey("runs.run_id"), nullable=False),
    Column("intent_id", Text, ForeignKey("intents.intent_id")),  # NULL: the run itself ended
    Column("status", Choice(DeliveryStatus), nullable=False),
    Column("tries", Integer, nullable=False),  # begun since it was written or redriven
    Column("next_at", UtcTime, nullable=False),  # not to be sent before; while somebody sends it, their lease
    Column("holder", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("error", Words, nullable=False),
    CheckConstraint("tries >= 0", name="tries"),
    Index(None, "status", "next_at", "delivery_id"),
)

# Until when nothing of a kind is done, because whoever it is sent to asked for a pause.
pauses = Table(
    "pauses",
    metadata,
    Column("what", Text, primary_key=True),  # deliveries
    Column("until", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

# Attempts whose videos retention removes or has removed. Rows are only added, and ended once.
removals = Table(
    "removals",
    metadata,
    Column("intent_id", Text, ForeignKey("intents.intent_id"), primary_key=True),
    Column("kind", Choice(RemovalKind), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),  # NULL: some of its objects may still be there
)

# What a sensor saw of each feed at its last look, and the last version of it that was announced.
landings = Table(
    "landings",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("told", Text),
)

# What was published where, once and for good: rows are added and never changed.
publications = Table(
    "publications",
    metadata,
    Column("target", Text, primary_key=True),  # like cms:https://cms.example.com
    Column("intent_id", Text, ForeignKey("intents.intent_id"), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("uri", Text, primary_key=True),  # the file that was sent
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("address", Words, nullable=False),  # where the target keeps it
    Column("published_at", UtcTime, nullable=False),
    CheckConstraint("size >= 0", name="size"),
)

# What people decided about delivered clips. Rows are only added: the newest of an intent counts.
reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Text, primary_key=True),  # given by whoever decided, so that the same one is kept once
    Column("intent_id", Text, ForeignKey("intents.intent_id"), nullable=False),
    Column("decision", Choice(Decision), nullable=False),
    Column("reason", Words, nullable=False),
    Column("reviewer", Words, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("via", Choice(ReviewedVia), nullable=False),
    Index(None, "intent_id", "decided_at", "review_id"),
)
