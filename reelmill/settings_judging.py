"""The settings of judging: which model compares finished clips with their products, and within which bounds."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

__all__ = ["JudgingSettings"]


class JudgingSettings(BaseSettings):
    """A part of :class:`~reelmill.settings.Settings`, which is read as a whole."""

    # Whether it shows the product
    judge_model: str = Field(
        "",
        max_length=80,
        pattern=r"^([a-z0-9][a-z0-9.-]*)?$",
        description="Gemini model that compares each finished clip with its product's picture, for money (see "
        "media.md); empty: none. Needs inspect = full.",
    )
    judge_location: str = Field(
        "",
        pattern=r"^([a-z]+(-[a-z]+\d+)?)?$",
        description="Vertex AI location of the judge, like us-central1 or global; empty: that of location.",
    )
    judge_frames: int = Field(4, ge=1, le=16, description="Frames of a clip that the judge is shown.")
    judge_max_output_tokens: int = Field(
        2048,
        ge=256,
        le=16_384,
        description="Most tokens that a verdict may take, thinking included; it bounds the price of one.",
    )
    judge_timeout_s: float = Field(60, ge=0.1, le=600, description="Deadline of one question to the judge, in seconds.")
