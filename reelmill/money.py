"""Exact amounts of US dollars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

__all__ = ["MICRO_USD", "split_evenly"]

MICRO_USD = Decimal("0.000001")
"""The smallest amount that is kept."""


def split_evenly(amount: Decimal, names: Sequence[str]) -> dict[str, Decimal]:
    """Share an amount among distinct names to the micro-dollar, what is left over to the first; they sum to it."""
    if not names:
        return {}
    share = (amount / len(names)).quantize(MICRO_USD, rounding=ROUND_DOWN)
    shares = dict.fromkeys(names, share)
    shares[names[0]] += amount - share * len(shares)
    return shares
