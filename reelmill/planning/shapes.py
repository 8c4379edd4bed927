"""Which clips a product needs: platforms grouped so that each group is paid once.

Platforms that share a native ratio and a use of product media share one clip. The clip is as long as the
longest of them wants and has sound if any of them wants it; silent deliveries leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reelmill.platforms import MediaUse, NativeRatio, Platform
from reelmill.prompts.storyboard import EXTENSION_S
from reelmill.settings import Settings

__all__ = ["ClipShape", "shapes_for"]

_REFERENCE_SECONDS = 8  # Veo 3.1 takes reference images for 8 s only


@dataclass(frozen=True, slots=True)
class ClipShape:
    """What one clip must be to serve its platforms; seconds are paid seconds."""

    native: NativeRatio
    media_use: MediaUse
    duration_s: int
    audio: bool
    platforms: tuple[str, ...]


def shapes_for(platforms: Sequence[Platform], settings: Settings) -> list[ClipShape]:
    """One shape per native ratio and media use among ``platforms``, in the order they first appear."""
    groups: dict[tuple[NativeRatio, MediaUse], list[Platform]] = {}
    for platform in platforms:
        groups.setdefault((platform.native, platform.media_use or settings.media_use), []).append(platform)
    return [
        ClipShape(
            native=native,
            media_use=media_use,
            duration_s=_duration(media_use, members),
            audio=any(member.audio for member in members) if settings.audio is None else settings.audio,
            platforms=tuple(member.name for member in members),
        )
        for (native, media_use), members in groups.items()
    ]


def _duration(media_use: MediaUse, members: Sequence[Platform]) -> int:
    if media_use is MediaUse.EXTEND_VIDEO:
        return EXTENSION_S
    if media_use is MediaUse.REFERENCES:
        return _REFERENCE_SECONDS
    return max(member.duration_s for member in members)
