"""What an inspection says about a video: facts, findings with words and a time, and a status."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from reelmill.media.likeness import Likeness
from reelmill.media.loudness import Loudness

__all__ = ["Finding", "FindingCode", "Inspection", "InspectionStatus", "VideoFacts"]


class InspectionStatus(StrEnum):
    """May the video be used? ``review`` wants a person's eye, ``fail`` is not what was paid for."""

    PASS = "pass"  # noqa: S105 - a status, no password
    REVIEW = "review"
    FAIL = "fail"
    SKIPPED = "skipped"


class FindingCode(StrEnum):
    """What can be wrong with a video. The value is what the tables show."""

    NOT_A_VIDEO = "not_a_video"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    WRONG_SIZE = "wrong_size"
    WRONG_DURATION = "wrong_duration"
    NO_AUDIO = "no_audio"
    BLACK = "black"
    FROZEN = "frozen"
    DURATION_OFF = "duration_off"
    FRAME_RATE = "frame_rate"
    WRONG_CODEC = "wrong_codec"
    BLACK_STRETCH = "black_stretch"
    FROZEN_STRETCH = "frozen_stretch"
    SILENT = "silent"
    AUDIO_SHORT = "audio_short"
    AUDIO_NOT_ASKED = "audio_not_asked"
    UNFINISHED = "unfinished"
    LETTERBOX = "letterbox"
    SILENT_STRETCH = "silent_stretch"
    CLIPPED = "clipped"
    QUIET = "quiet"
    RENDITION_FAILED = "rendition_failed"
    RENDITION_OFF_RULES = "rendition_off_rules"
    OVERLAY_LEFT_OUT = "overlay_left_out"
    UNLIKE_PRODUCT = "unlike_product"
    PRODUCT_LABEL = "product_label"
    PRODUCT_LOGO = "product_logo"
    PRODUCT_COLOUR = "product_colour"
    PRODUCT_SHAPE = "product_shape"
    PRODUCT_COUNT = "product_count"
    NOT_JUDGED = "not_judged"

    @property
    def fails(self) -> bool:
        """Whether this alone makes the video unusable; the others ask for a review."""
        return self in _FAILING


_FAILING = frozenset(
    {
        FindingCode.NOT_A_VIDEO,
        FindingCode.TOO_LARGE,
        FindingCode.TRUNCATED,
        FindingCode.CORRUPT,
        FindingCode.WRONG_SIZE,
        FindingCode.WRONG_DURATION,
        FindingCode.NO_AUDIO,
        FindingCode.BLACK,
        FindingCode.FROZEN,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful; ``at_s`` is where it starts, in seconds, if it has a place.

    ``platform`` is set if it is about the file of that platform, and of no other.
    """

    code: FindingCode
    message: str
    at_s: float | None = None
    platform: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        about = {"platform": self.platform} if self.platform else {}
        return {"code": self.code.value, "message": self.message, "at_s": self.at_s, **about}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """What the video is: pixels, frames a second, seconds, codecs; ``audio_codec`` is None without sound."""

    width: int
    height: int
    fps: float
    duration_s: float
    frames: int
    video_codec: str
    audio_codec: str | None

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The result for one video. ``facts`` is None if it could not be opened; ``poster`` is a JPEG.

    ``loudness`` is None without a full look, without sound and for silence, ``likeness`` without a full look and a
    picture to compare with. ``remake`` recommends another attempt.
    """

    status: InspectionStatus
    findings: tuple[Finding, ...] = ()
    facts: VideoFacts | None = None
    poster: bytes | None = None
    loudness: Loudness | None = None
    likeness: Likeness | None = None
    remake: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Status, findings and facts as plain JSON values, for the ledger; without the poster."""
        return {
            "status": self.status.value,
            "findings": [finding.to_dict() for finding in self.findings],
            "facts": self.facts.to_dict() if self.facts else None,
            **({"loudness": asdict(self.loudness)} if self.loudness else {}),
            **({"likeness": self.likeness.to_dict()} if self.likeness else {}),
            **({"recommended": "remake"} if self.remake else {}),
        }
