"""The settings of retention: how long paid videos of no use are kept. Unset is for ever, 0 is at once."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

__all__ = ["RetentionSettings"]


class RetentionSettings(BaseSettings):
    """A part of :class:`~reelmill.settings.Settings`, which is read as a whole."""

    # How long it stays
    keep_orphans_days: int | None = Field(
        None, ge=0, le=36_500, description="Days that `reelmill prune` keeps superseded videos; unset: for ever."
    )
    keep_unfit_days: int | None = Field(
        None, ge=0, le=36_500, description="Days that `reelmill prune` keeps superseded unfit videos; unset: for ever."
    )
    keep_rejected_days: int | None = Field(
        None,
        ge=0,
        le=36_500,
        description="Days that `reelmill prune` keeps videos that a person rejected; unset: for ever.",
    )
