"""The terms of judging that the settings ask for: which model, at what price, and the most that it can cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from reelmill.choices import InspectDepth
from reelmill.errors import FixConfiguration
from reelmill.judging.prices import JudgePrices
from reelmill.judging.question import most_input_tokens
from reelmill.money import TokenPrice
from reelmill.settings import Settings

__all__ = ["ATTEMPTS", "JudgeTerms"]

ATTEMPTS = 2
"""Questions about one attempt at a clip: another only if nobody can tell what became of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTerms:
    """What one question costs on a UTC day: ``most_usd`` is the most of it, whatever is answered."""

    model: str
    price: TokenPrice
    as_of: dt.date
    most_usd: Decimal

    @classmethod
    def of(cls, settings: Settings, day: dt.date, prices: JudgePrices | None = None) -> Self | None:
        """None if nothing is judged. Raises ChooseAnotherModel without a price, FixConfiguration without frames."""
        if not settings.judge_model:
            return None
        if settings.inspect is not InspectDepth.FULL:
            raise FixConfiguration(
                f"judge_model is set, but inspect is {settings.inspect.value}: there are no frames to compare.",
                "Set inspect to full, or leave judge_model empty.",
            )
        if settings.inspect_later:
            raise FixConfiguration(
                "judge_model is set, and so is inspect_later: there are no frames to compare before a clip is settled.",
                "Leave one of them out.",
            )
        prices = prices or JudgePrices.shipped()
        price = prices.price(settings.judge_model, day)
        most = price.amount(most_input_tokens(settings.judge_frames), settings.judge_max_output_tokens)
        return cls(model=settings.judge_model, price=price, as_of=prices.as_of, most_usd=most)

    @property
    def most_of_clip_usd(self) -> Decimal:
        """The most that all questions about one attempt at a clip can cost."""
        return self.most_usd * ATTEMPTS

    def warnings(self, today: dt.date, max_age_days: int) -> tuple[str, ...]:
        """A warning if the prices were read more than ``max_age_days`` days before ``today``."""
        age = (today - self.as_of).days
        if age <= max_age_days:
            return ()
        return (f"The prices of judges were read on {self.as_of}, {age} days ago. Compare them with Google's page.",)
