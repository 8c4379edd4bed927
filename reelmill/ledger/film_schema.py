"""The ledger's tables of films."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, false

from reelmill.ledger.metadata import metadata
from reelmill.ledger.types import Json, UtcTime, Words

__all__ = ["film_scenes", "films"]

# Films that plans asked for, each with what was stitched for it last. NULL in `edition`: nothing yet.
films = Table(
    "films",
    metadata,
    Column("film_id", Text, primary_key=True),
    Column("sku", Words, nullable=False),
    Column("aspect_ratio", Text, nullable=False),
    Column("variant", Integer, nullable=False),
    Column("crossfade_ms", Integer, nullable=False),  # 0: cuts
    Column("duration_ms", Integer, nullable=False),
    Column("draft", Boolean, nullable=False, server_default=false()),  # of drafts: to be looked at, never handed over
    Column("output", Text, nullable=False),
    Column("run_id", Text, ForeignKey("runs.run_id"), nullable=False),  # the first one that planned it
    Column("planned_at", UtcTime, nullable=False),
    Column("edition", Text),
    Column("attempts", Json),
    Column("video_uri", Text),
    Column("poster_uri", Text),
    Column("provenance_uri", Text),
    Column("inspection", Json),
    Column("renditions", Json),
    Column("stitched_at", UtcTime),
    CheckConstraint("crossfade_ms >= 0 AND duration_ms > 0", name="size"),
    Index(None, "output", "film_id"),
    Index(None, "run_id"),
    Index(None, "sku"),
)

# The scenes of each film. A clip may not be in `clips` yet: it is written when it is authorised.
film_scenes = Table(
    "film_scenes",
    metadata,
    Column("film_id", Text, ForeignKey("films.film_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("scene", Text, nullable=False),
    Column("clip_id", Text, nullable=False),
    Index(None, "clip_id"),
    sqlite_with_rowid=False,
)
