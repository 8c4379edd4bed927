"""What judges cost: a dated table, shipped as data. A model or a day without a price is refused, never for free."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from reelmill.errors import ChooseAnotherModel
from reelmill.money import TokenPrice

__all__ = ["JudgePrices", "PricePeriod"]

UsdPerMillion = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]


class PricePeriod(BaseModel):
    """USD per million tokens between two UTC days, both included; ``until`` None is open."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    first: dt.date = Field(alias="from")
    until: dt.date | None
    input_usd: UsdPerMillion
    output_usd: UsdPerMillion

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class JudgePrices:
    """The prices of every judge that is known, as read on ``as_of``."""

    as_of: dt.date
    periods: Mapping[str, tuple[PricePeriod, ...]]

    @classmethod
    def shipped(cls) -> Self:
        """The table that comes with the package."""
        text = files("reelmill.judging").joinpath("judges.json").read_text("utf-8")
        table = json.loads(text, parse_float=Decimal)
        periods = {
            judge["id"]: tuple(PricePeriod.model_validate(period) for period in judge["prices"])
            for judge in table["judges"]
        }
        return cls(dt.date.fromisoformat(table["as_of"]), periods)

    def price(self, model: str, day: dt.date) -> TokenPrice:
        """The price in force on a UTC day. Raises ChooseAnotherModel if nobody told us."""
        known = ", ".join(self.periods)
        if model not in self.periods:
            raise ChooseAnotherModel(
                f"The price of the judge {model[:100]!r} is not known.", f"Set judge_model to one of: {known}."
            )
        for period in self.periods[model]:
            if day in period:
                return TokenPrice(period.input_usd, period.output_usd)
        raise ChooseAnotherModel(
            f"No price of the judge {model} is known for {day}.",
            f"Set judge_model to another one of: {known}; or leave it empty.",
        )
