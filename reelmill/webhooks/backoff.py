"""How long to wait before the next try: doubling, with jitter, and never sooner than the receiver asks."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["pause_s", "retry_after_s"]

_LONGEST_ASKED_S = 86_400.0


def pause_s(tries: int, *, first_s: float, longest_s: float, chance: float, asked_s: float = 0.0) -> float:
    """Seconds from the end of try number ``tries`` (from 1) to the next.

    ``chance`` in [0, 1) spreads them over the upper half of the pause, so that many deliveries that failed together
    do not come back together. ``asked_s`` is what Retry-After asks for: the least, up to a day.
    """
    whole: float = min(longest_s, first_s * 2 ** min(tries - 1, 40))
    return max(whole * (0.5 + chance / 2), min(asked_s, _LONGEST_ASKED_S))


def retry_after_s(header: str, now: datetime) -> float:
    """A Retry-After header in seconds from ``now``: a number, or a date. 0 if it says neither."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_ASKED_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:  # "-0000": a time in UTC of an unknown place
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_ASKED_S)
