"""One video model: what it can do, what it costs and since when we know, and whether it is still offered."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from reelmill.clip import Mode, Resolution
from reelmill.errors import ChooseAnotherModel
from reelmill.money import ABSURD_USD_PER_SECOND
from reelmill.platforms import NativeRatio

__all__ = ["Evidence", "Extension", "Model", "Prices", "Retirement", "RetirementKind"]

UsdPerSecond = Annotated[Decimal, Field(gt=0, lt=ABSURD_USD_PER_SECOND, decimal_places=6)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RetirementKind(StrEnum):
    """How sure a retirement date is."""

    RETIRED = "retired"  # gone on that day (or on an unknown day in the past)
    NOT_BEFORE = "not_before"  # "this day or later": a floor, no appointment


class Retirement(_Value):
    """When Google stops, or may stop, serving a model."""

    kind: RetirementKind
    date: dt.date | None = None


class Prices(_Value):
    """USD per second of each returned video, by resolution, as read on ``as_of``."""

    as_of: dt.date
    audio_on: dict[Resolution, UsdPerSecond] = Field(default_factory=dict)
    audio_off: dict[Resolution, UsdPerSecond] = Field(default_factory=dict)
    source: str = ""


class Extension(_Value):
    """What continuing an existing video takes and gives; all lengths in seconds."""

    adds_s: int = Field(7, ge=1)
    input_min_s: int = 1
    input_max_s: int = 30
    result_max_s: int = 37
    input_mime: str = "video/mp4"


class Evidence(_Value):
    """A dated sign that the model was alive."""

    date: dt.date
    kind: str
    source: str


class Model(_Value):
    """A Veo model on Vertex AI. Empty capabilities mean that nothing may be asked of it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{2,79}$")
    stage: str = "GA"
    released: dt.date | None = None
    retirement: Retirement | None = None
    replacement: str | None = None
    live_replacement: str | None = Field(None, description="End of the chain of replacements; set by the registry.")

    regions: tuple[str, ...] = ()
    durations_s: tuple[int, ...] = ()
    durations_with_references_s: tuple[int, ...] = ()
    aspect_ratios: tuple[NativeRatio, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    resolutions_priced_not_on_card: tuple[Resolution, ...] = ()
    resolutions_needing_8_s: tuple[Resolution, ...] = ()
    fps: int = 24
    audio: bool = False
    audio_can_be_off: bool = True
    text_to_video: bool = False
    image_to_video: bool = False
    first_last_frame: bool = False
    reference_images_max: int = Field(0, ge=0)
    extension: Extension | None = None
    samples_max: int = Field(1, ge=1)
    seed_max: int = Field(4_294_967_295, ge=0)
    prompt_max_tokens: int = Field(1024, ge=1)
    image_max_bytes: int = Field(20_971_520, ge=1)
    image_mime_types: tuple[str, ...] = ("image/jpeg", "image/png")
    default_quota_per_minute: float = Field(50, gt=0)

    prices: Prices | None = None
    evidence: tuple[Evidence, ...] = ()
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def price_as_of(self) -> dt.date | None:
        """The day on which the prices were read; None if no price is known."""
        return self.prices.as_of if self.prices else None

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The generation modes that the model has."""
        has = {
            Mode.TEXT: self.text_to_video,
            Mode.FIRST_FRAME: self.image_to_video,
            Mode.FIRST_LAST_FRAME: self.first_last_frame,
            Mode.REFERENCES: self.reference_images_max > 0,
            Mode.EXTENSION: self.extension is not None,
        }
        return tuple(mode for mode, able in has.items() if able)

    def unit_price(self, resolution: Resolution, audio: bool) -> Decimal:
        """USD per second of one returned video.

        Raises ChooseAnotherModel if nobody told us: an unknown price is never taken for nothing.
        """
        table = {} if self.prices is None else self.prices.audio_on if audio else self.prices.audio_off
        price = table.get(resolution)
        if price is None:
            sound = "with" if audio else "without"
            raise ChooseAnotherModel(
                f"The price of {self.id} at {resolution} {sound} sound is not known.",
                f"Known: {self._known_prices()}. Choose one of those, or add the price to models.toml.",
            )
        return price

    def _known_prices(self) -> str:
        if self.prices is None:
            return "none"
        known = [f"{resolution} with sound" for resolution in self.prices.audio_on]
        known += [f"{resolution} without sound" for resolution in self.prices.audio_off]
        return ", ".join(known) or "none"

    def retired(self, today: dt.date) -> bool:
        """Whether the model is known to be gone by ``today``."""
        gone = self.retirement
        if gone is None or gone.kind is not RetirementKind.RETIRED:
            return False
        return gone.date is None or gone.date <= today

    def check_alive(self, today: dt.date) -> tuple[str, ...]:
        """Warnings about the model's end of life.

        Raises ChooseAnotherModel, naming a replacement that is still offered, if the model is retired.
        """
        if self.retired(today):
            since = f" on {self.retirement.date}" if self.retirement and self.retirement.date else ""
            remedy = f"Use {self.live_replacement}" if self.live_replacement else "Choose another model"
            raise ChooseAnotherModel(
                f"{self.id} was retired{since}; Google answers 404 for it.", f"{remedy} (setting model)."
            )
        if self.retirement is None or self.retirement.date is None:
            return ()
        day = self.retirement.date
        if self.retirement.kind is RetirementKind.RETIRED:
            return (
                f"{self.id} will be retired on {day}; plan the move to {self.live_replacement or 'another model'}.",
            )
        if day > today:
            return ()
        last = max((sign.date for sign in self.evidence), default=None)
        seen = f" (last sign of life known to us: {last})" if last else ""
        warning = f'{self.id} may be retired: Google announced "{day} or later", and that day has passed{seen}.'
        return (f"{warning} Run `reelmill doctor` to ask Google whether it is still published.",)

    def price_warnings(self, today: dt.date, max_age_days: int) -> tuple[str, ...]:
        """A warning if the prices were read more than ``max_age_days`` days before ``today``."""
        if self.prices is None:
            return ()
        age = (today - self.prices.as_of).days
        if age <= max_age_days:
            return ()
        warning = f"The prices of {self.id} were read on {self.prices.as_of}, {age} days ago."
        return (f"{warning} Compare them with Google's price page and put the current ones into models.toml.",)
