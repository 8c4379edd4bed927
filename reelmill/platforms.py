"""Where a video is shown: platforms, and how their ratios map to what Veo can make.

Veo makes 16:9 and 9:16 only (facts: model card, July 2026; a request for 1:1 fails after it was
accepted). Every other ratio is *derived* from a native clip and never sent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from reelmill.delivery_rules import DeliveryRules
from reelmill.errors import FixConfiguration
from reelmill.toml import toml_tables

__all__ = [
    "CropPosition",
    "Fit",
    "MediaUse",
    "NativeRatio",
    "Platform",
    "SafeZones",
    "load_platforms",
    "select_platforms",
]


class NativeRatio(StrEnum):
    """An aspect ratio that Veo can generate."""

    LANDSCAPE = "16:9"
    PORTRAIT = "9:16"

    @property
    def slug(self) -> str:
        """The ratio as it may stand in a file or object name: ``16x9``."""
        return self.value.replace(":", "x")


class MediaUse(StrEnum):
    """How a product's own pictures (or a video) enter the request, when the feed has them."""

    NONE = "none"
    FIRST_FRAME = "first_frame"
    FIRST_LAST_FRAME = "first_last_frame"
    REFERENCES = "references"
    EXTEND_VIDEO = "extend_video"


class Fit(StrEnum):
    """How a picture is brought to another ratio."""

    CROP = "crop"
    PAD = "pad"
    BLUR = "blur"


class CropPosition(StrEnum):
    """Where a crop lies: on what is to be seen, or in the middle."""

    FOLLOW = "follow"
    CENTRE = "centre"


class SafeZones(BaseModel):
    """Shares of the frame (0 to 0.5) that the platform covers with its own controls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top: float = Field(0, ge=0, le=0.5)
    bottom: float = Field(0, ge=0, le=0.5)
    left: float = Field(0, ge=0, le=0.5)
    right: float = Field(0, ge=0, le=0.5)


class Platform(BaseModel):
    """One place where videos are shown, with its delivery rules and where those rules were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    title: str
    ratio: str = Field(pattern=r"^[1-9][0-9]?:[1-9][0-9]?$", description="Ratio delivered, like 4:5.")
    native: NativeRatio = Field(description="The Veo ratio that the delivered one is cut from.")
    duration_s: int = Field(8, description="Seconds of video asked of Veo: 4, 6 or 8.")
    audio: bool = Field(True, description="Generate sound. Silent clips cost less.")
    media_use: MediaUse | None = Field(None, description="Overrides the setting media_use for this platform.")
    width: int = Field(ge=64, le=4096, description="Delivered width in pixels.")
    height: int = Field(ge=64, le=4096, description="Delivered height in pixels.")
    fit: Fit = Field(
        Fit.CROP, description="Fill the frame by cropping, or keep all and pad it, or blur what is around."
    )
    crop: CropPosition = Field(CropPosition.FOLLOW, description="Where a crop lies: follow the subject, or centre.")
    safe_zones: SafeZones = SafeZones()
    delivery: DeliveryRules = DeliveryRules()
    source: Annotated[str, Field(min_length=8, description="Where the rules were read, and when.")]

    @field_validator("duration_s")
    @classmethod
    def _veo_duration(cls, value: int) -> int:
        if value not in (4, 6, 8):
            raise ValueError("Veo 3.1 makes 4, 6 or 8 seconds")
        return value

    @model_validator(mode="after")
    def _native_ratio_stays_native(self) -> Self:
        if self.ratio in tuple(NativeRatio) and self.ratio != self.native:
            raise ValueError(f"{self.ratio} is native to Veo; set native = {self.ratio!r}")
        return self

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        if (self.delivery.min_width or 0) > self.width:
            raise ValueError("delivery.min_width is above width")
        return self

    @property
    def derived(self) -> bool:
        """Whether the delivered ratio has to be cut from the native clip."""
        return self.ratio != self.native.value


def load_platforms(path: Path) -> dict[str, Platform]:
    """Read ``platforms.toml``: one ``[name]`` table per platform.

    Raises FixConfiguration naming the file, platform and field.
    """
    try:
        tables = toml_tables(path.read_text("utf-8"))
    except OSError as error:
        raise FixConfiguration(
            f"{path}: cannot be read ({error.strerror}).", "Point catalogs_dir at a folder with platforms.toml."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixConfiguration(f"{path}: is not valid TOML: {error}.", "Correct that line.") from None
    return {name: _platform(path, name, table) for name, table in tables.items()}


def _platform(path: Path, name: str, table: object) -> Platform:
    if not isinstance(table, dict):
        raise FixConfiguration(f"{path}: {name} is not a table.", f"Write it as [{name}] with its fields below.")
    try:
        return Platform.model_validate({"name": name, **table})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the table"
        what = "is no field that is known" if first["type"] == "extra_forbidden" else first["msg"]
        what = what.removeprefix("Value error, ")
        raise FixConfiguration(f"{path}: platform {name}: {field}: {what}.", _remedy(first)) from None


def _remedy(wrong: ErrorDetails) -> str:
    *table, field = wrong["loc"] or ("",)
    if wrong["type"] == "literal_error":
        return f"Write {wrong['ctx']['expected']} or leave it out: nothing else is made."
    if wrong["type"] != "extra_forbidden":
        return "Correct that field."
    models: dict[object, type[BaseModel]] = {"delivery": DeliveryRules, "safe_zones": SafeZones}
    known = [one for one in models.get(table[0] if table else "", Platform).model_fields if one != "name"]
    near = get_close_matches(str(field), known, n=1, cutoff=0.6)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Take it out, or write one of: {', '.join(known)}."


def select_platforms(known: Mapping[str, Platform], names: list[str]) -> list[Platform]:
    """The platforms called ``names``, in that order, each once. Raises FixConfiguration for an unknown one."""
    if not names:
        raise FixConfiguration("No platform was chosen.", f"Choose from: {', '.join(sorted(known))}.")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise FixConfiguration(
            f"Unknown platform {', '.join(map(repr, unknown))}.", f"Choose from: {', '.join(sorted(known))}."
        )
    return [known[name] for name in dict.fromkeys(names)]
