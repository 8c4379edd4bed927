"""A planned clip as a row of JSON values, and back: for the spool of a run, and for the shards of a plan."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from reelmill.clip import Clip, VideoRequest
from reelmill.planning.actions import PlannedClip

__all__ = ["planned_from_row", "planned_row"]


def planned_row(planned: PlannedClip) -> dict[str, Any]:
    """Everything but ``sources``: whoever may keep signed addresses for a while adds them."""
    clip = planned.clip
    return {
        "again": planned.again,
        "after": planned.after,
        "soften": planned.soften,
        "draft": planned.draft,
        "clip": asdict(clip) | {"request": clip.request.to_dict()},
    }


def planned_from_row(row: dict[str, Any]) -> PlannedClip:
    """The inverse of :func:`planned_row`. Raises KeyError, TypeError or ValueError for a row of another kind."""
    clip, sources = _clip(row["clip"]), row.get("sources", {})
    return PlannedClip(clip, row["again"], row["after"], sources, row["soften"], row["draft"])


def _clip(stored: dict[str, Any]) -> Clip:
    return Clip(
        **stored
        | {
            "request": VideoRequest.from_dict(stored["request"]),
            "unit_price_usd": Decimal(stored["unit_price_usd"]),
            "platforms": tuple(stored["platforms"]),
            "content_hashes": tuple(stored["content_hashes"]),
        }
    )
