"""A platform's delivery rules against a coded file: may it be delivered as it is, and what would be refused."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.media.coded import Coded
from reelmill.media.levelling import CLOSE_LU
from reelmill.media.loudness import Loudness
from reelmill.platforms import Fit, Platform

__all__ = ["broken_rules", "delivered_size", "number", "picture_fits", "sound_fits"]

_PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
_ROUGHLY = 0.9  # of the asked rate of sound: AAC's is a mean
_PEAK_DB = 0.1


def number(platform: Platform, rule: str, default: float = 0.0) -> float:
    """A rule as a number."""
    value = platform.delivery.get(rule, default)
    return float(value) if not isinstance(value, str) else default


def delivered_size(platform: Platform, width: int, height: int) -> tuple[int, int]:
    """The size in pixels, even, of a file made for the platform from pictures of ``width`` x ``height``.

    The platform's own, or as much of it as the paid pixels fill: enlarging adds bytes and no detail, and platforms do
    it themselves. Only a platform that takes nothing so narrow (its ``min_width``) gets an enlarged picture.
    """
    across, down = width / platform.width, height / platform.height
    filled = min(across, down) if platform.fit is Fit.CROP else max(across, down)
    share = min(1.0, max(filled, number(platform, "min_width") / platform.width))
    width, height = (max(2, int(side * share / 2 + 1e-6) * 2) for side in (platform.width, platform.height))
    return width, height


def picture_fits(platform: Platform, coded: Coded) -> bool:
    """Whether the pictures can be delivered without coding them again."""
    facts = coded.facts
    return (
        (facts.width, facts.height) == delivered_size(platform, facts.width, facts.height)
        and facts.video_codec == platform.delivery.get("video_codec", "h264") == "h264"
        and coded.pixel_format == "yuv420p"
        and coded.profile in _PROFILES
        and facts.fps <= number(platform, "max_fps", 60)
        and coded.video_kbps >= number(platform, "min_video_kbps")
    )


def sound_fits(platform: Platform, coded: Coded, loudness: Loudness | None) -> bool:
    """Whether the sound can be delivered without coding it again."""
    if coded.facts.audio_codec != "aac" or platform.delivery.get("audio_codec", "aac") != "aac":
        return False
    asked = number(platform, "audio_kbps"), number(platform, "audio_hz")
    if coded.audio_kbps < _ROUGHLY * asked[0] or coded.audio_hz < asked[1]:
        return False
    if "loudness_lufs" not in platform.delivery or loudness is None:
        return True
    near = abs(loudness.lufs - number(platform, "loudness_lufs")) <= CLOSE_LU
    return near and loudness.true_peak_dbtp <= number(platform, "true_peak_dbtp") + _PEAK_DB


def broken_rules(platform: Platform, coded: Coded) -> Iterator[str]:
    """What the platform would refuse, in words."""
    facts, rules = coded.facts, platform.delivery
    measured = (
        ("bytes", coded.size, "bytes"),
        ("s", facts.duration_s, "s"),
        ("width", facts.width, "pixels wide"),
        ("fps", facts.fps, "frames a second"),
        ("video_kbps", coded.video_kbps, "kbit/s of picture"),
    )
    for name, value, unit in measured:
        least, most = rules.get(f"min_{name}"), rules.get(f"max_{name}")
        if isinstance(least, int | float) and value < least:
            yield f"{value:,.0f} {unit}; {platform.title} wants at least {least:,g}"
        if isinstance(most, int | float) and value > most:
            yield f"{value:,.0f} {unit}; {platform.title} takes at most {most:,g}"
