"""What a platform takes as a file: the ``delivery`` rules of ``platforms.toml``.

Each of them is read by what makes files or by what checks them; a rule that nobody keeps is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DeliveryRules"]

_RANGES = ("bytes", "s", "width", "fps", "video_kbps")
_UNITS = {
    "bytes": "bytes",
    "s": "s",
    "width": "pixels wide",
    "fps": "frames a second",
    "video_kbps": "kbit/s of picture",
}


class DeliveryRules(BaseModel):
    """Limits are None where the platform publishes none; then nothing is held against them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    container: Literal["mp4"] = Field("mp4", description="The only one that is made.")
    video_codec: Literal["h264"] = Field("h264", description="The only one that is made.")
    audio_codec: Literal["aac"] = Field("aac", description="The only one that is made.")
    audio_kbps: int | None = Field(None, ge=32, le=512, description="Rate of sound that is aimed at, in kbit/s.")
    audio_hz: int | None = Field(None, ge=8000, le=48_000, description="Samples a second, at least; 48,000 are made.")
    min_bytes: int | None = Field(None, ge=0, description="Smallest file.")
    max_bytes: int | None = Field(None, ge=1, description="Largest file.")
    min_s: float | None = Field(None, ge=0, description="Shortest film, in seconds.")
    max_s: float | None = Field(None, gt=0, description="Longest film, in seconds.")
    min_width: int | None = Field(None, ge=0, description="Narrowest picture, in pixels; it is enlarged to this.")
    max_width: int | None = Field(None, ge=1, description="Widest picture, in pixels.")
    min_fps: float | None = Field(None, gt=0, description="Fewest frames a second.")
    max_fps: float | None = Field(None, gt=0, description="Most frames a second.")
    min_video_kbps: int | None = Field(None, ge=1, description="Lowest mean rate of pictures, in kbit/s.")
    max_video_kbps: int | None = Field(None, ge=100, description="Highest mean rate of pictures, in kbit/s.")
    loudness_lufs: float | None = Field(None, ge=-40, le=-5, description="Loudness to level to (EBU R 128), in LUFS.")
    true_peak_dbtp: float = Field(-1.0, ge=-20, le=0, description="Highest true peak, in dBTP.")
    edit_lists: bool = Field(True, description="Whether it takes files with edit lists.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in _RANGES:
            least, most = self._range(name)
            if least is not None and most is not None and least > most:
                raise ValueError(f"min_{name} is above max_{name}")
        return self

    def broken(self, measured: Mapping[str, float]) -> Iterator[tuple[str, str]]:
        """What of a file is off a limit, and the limit, in words; what is not ``measured`` is not judged.

        Measured are ``bytes``, ``s``, ``width``, ``fps`` and ``video_kbps``.
        """
        for name in _RANGES:
            least, most = self._range(name)
            value = measured.get(name)
            if value is None:
                continue
            if least is not None and value < least:
                yield f"{_plain(value)} {_UNITS[name]}", f"wants at least {least:,g}"
            if most is not None and value > most:
                yield f"{_plain(value)} {_UNITS[name]}", f"takes at most {most:,g}"

    def _range(self, name: str) -> tuple[float | None, float | None]:
        return getattr(self, f"min_{name}"), getattr(self, f"max_{name}")


def _plain(value: float) -> str:
    """To thousandths: rounded to whole ones, 60.4 s would not be more than 60."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")
