"""The models that the simulator serves, with prices of its own: the other side of the bill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources

__all__ = ["JudgePrice", "PriceList", "ServedJudge", "ServedModel"]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One Veo model as the service would serve it. Prices are USD per second of returned video."""

    id: str
    launch_stage: str
    references: int
    resolutions: tuple[str, ...]
    audio_on: Mapping[str, Decimal]
    audio_off: Mapping[str, Decimal]

    def unit_price(self, resolution: str, *, audio: bool) -> Decimal:
        """USD per second. Raises KeyError for a resolution without a price."""
        return (self.audio_on if audio else self.audio_off)[resolution]


@dataclass(frozen=True, slots=True)
class JudgePrice:
    """USD per million tokens from a UTC day on; what is thought is paid as output."""

    first: date
    input_usd: Decimal
    output_usd: Decimal


@dataclass(frozen=True, slots=True)
class ServedJudge:
    """One Gemini model that answers questions about pictures; its prices, the oldest first."""

    id: str
    prices: tuple[JudgePrice, ...]

    def price(self, day: date) -> JudgePrice:
        """The latest price that began on the day or before it; the first one earlier than that."""
        return next((price for price in reversed(self.prices) if price.first <= day), self.prices[0])


@dataclass(frozen=True, slots=True)
class PriceList:
    """All known models and the day their prices were read."""

    price_as_of: str
    models: Mapping[str, ServedModel]
    judges: Mapping[str, ServedJudge]

    @classmethod
    def load(cls) -> PriceList:
        """Read the price list that is shipped beside this file."""
        values = json.loads(resources.files(__package__).joinpath("prices.json").read_text("utf-8"))
        models = {
            name: ServedModel(
                name,
                facts["launch_stage"],
                facts["references"],
                tuple(facts["resolutions"]),
                {resolution: Decimal(usd) for resolution, usd in facts["audio_on"].items()},
                {resolution: Decimal(usd) for resolution, usd in facts["audio_off"].items()},
            )
            for name, facts in values["models"].items()
        }
        judges = {
            name: ServedJudge(
                name,
                tuple(
                    JudgePrice(date.fromisoformat(first), Decimal(into), Decimal(out_of))
                    for first, (into, out_of) in prices.items()
                ),
            )
            for name, prices in values["judges"].items()
        }
        return cls(values["price_as_of"], models, judges)
