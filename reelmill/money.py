"""Exact amounts of US dollars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal

__all__ = ["ABSURD_USD_PER_SECOND", "MICRO_USD", "TokenPrice", "split_evenly", "up_to_micro"]

MICRO_USD = Decimal("0.000001")
"""The smallest amount that is kept."""

ABSURD_USD_PER_SECOND = 100
"""No second of video costs as much; Veo's dearest costs less than one. Neither a model nor a record may say so."""


def split_evenly(amount: Decimal, names: Sequence[str]) -> dict[str, Decimal]:
    """Share an amount among distinct names to the micro-dollar, what is left over to the first; they sum to it."""
    if not names:
        return {}
    share = (amount / len(names)).quantize(MICRO_USD, rounding=ROUND_DOWN)
    shares = dict.fromkeys(names, share)
    shares[names[0]] += amount - share * len(shares)
    return shares


def up_to_micro(amount: Decimal) -> Decimal:
    """The amount as it is kept if it is finer than that: rounded up, so that no bill is above the books."""
    return amount.quantize(MICRO_USD, rounding=ROUND_UP)


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD for a million tokens in, and for a million out; a model's thinking counts as output."""

    input_usd: Decimal
    output_usd: Decimal

    def exact(self, input_tokens: int, output_tokens: int) -> Decimal:
        """What so many tokens cost in USD, which may be finer than a millionth."""
        return (self.input_usd * input_tokens + self.output_usd * output_tokens).scaleb(-6)

    def amount(self, input_tokens: int, output_tokens: int) -> Decimal:
        """The same as it is booked: rounded up to the millionth."""
        return up_to_micro(self.exact(input_tokens, output_tokens))
