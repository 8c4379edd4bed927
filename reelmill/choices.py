"""What some settings offer to choose from."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ImageIdentity", "InspectDepth", "ReviewPolicy"]


class ImageIdentity(StrEnum):
    """What identifies an image inside a clip's identity."""

    REFERENCE = "reference"
    CONTENT = "content"


class InspectDepth(StrEnum):
    """How closely a returned video is looked at."""

    FULL = "full"
    HEADER = "header"
    OFF = "off"


class ReviewPolicy(StrEnum):
    """Whether a clip may be published before a person has approved it."""

    REQUIRED = "required"
    OPTIONAL = "optional"
