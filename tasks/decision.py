"""The form that a person fills in when a run asks before it spends."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Literal

from prefect.input import RunInput
from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema

from reelmill.jobs.approval import Approval
from reelmill.money import MICRO_USD

__all__ = ["Decision"]

# As a plain number, like every amount in our forms; finer than we count is dropped, not refused.
_Usd = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000_000),
    AfterValidator(lambda usd: usd.quantize(MICRO_USD, ROUND_DOWN)),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1_000_000_000}),
    PlainSerializer(float, return_type=float, when_used="json"),
]


class Decision(RunInput):
    """What a person decides. Only the decision itself must be filled in."""

    decision: Literal["approve", "reject"] = Field(
        title="Decision",
        description="approve: spend what is planned, within the limits below. reject: end the run, spend nothing.",
    )
    up_to_usd: _Usd | None = Field(
        None, title="Up to (USD)", description="Stop this run at this amount, in USD. Empty: the whole price."
    )
    first_clips: int | None = Field(
        None,
        ge=1,
        title="First clips only",
        description="Make only so many clips, as a canary; the next run goes on. Empty: all of them.",
    )
    reason: str = Field("", max_length=500, title="Reason", description="Why, for whoever reads the run later.")
    by: str = Field("", max_length=100, title="Decided by", description="Your name, for the books.")

    @property
    def approved(self) -> bool:
        """Whether money may be spent."""
        return self.decision == "approve"

    def approval(self) -> Approval:
        """The yes, with its limits."""
        return Approval(up_to_usd=self.up_to_usd, first_clips=self.first_clips, by=self.by, note=self.reason)
