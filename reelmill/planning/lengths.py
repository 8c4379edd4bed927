"""Lengths of clips and films held against what platforms take, before a row of the feed is read."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.errors import FixRequest
from reelmill.planning.building import ClipBuilder
from reelmill.planning.shapes import ClipShape
from reelmill.platforms import MediaUse

__all__ = ["check_lengths", "off_length"]


def off_length(builder: ClipBuilder, platform: str, seconds: float) -> str:
    """What the platform takes, in words, if a video of so many seconds is too short or too long for it."""
    least, most = builder.shortest_s.get(platform, seconds), builder.longest_s.get(platform, seconds)
    if seconds < least:
        return f"{platform} takes {least:g} s at least"
    return f"{platform} takes {most:g} s" if seconds > most else ""


def check_lengths(builder: ClipBuilder) -> list[str]:
    """Hold every clip's length against its platforms.

    Raises FixRequest, or warns where storyboards may make films of other lengths. How long an extended video gets is
    not known before it is read.
    """
    problems = [words for shape in builder.shapes for words in _off(builder, shape)]
    if problems and not builder.storyboards:
        raise FixRequest(
            f"{problems[0]}.", "Set duration_s or min_s and max_s in platforms.toml, or leave the platform out."
        )
    return [f"Without a storyboard {words[0].lower()}{words[1:]}." for words in problems]


def _off(builder: ClipBuilder, shape: ClipShape) -> Iterator[str]:
    if shape.media_use is MediaUse.EXTEND_VIDEO:
        return
    for platform in shape.platforms:
        if off := off_length(builder, platform, shape.duration_s):
            shared = f", which {', '.join(shape.platforms)} share" if len(shape.platforms) > 1 else ""
            yield f"A clip of {shape.native.value} lasts {shape.duration_s} s{shared}; {off}"
