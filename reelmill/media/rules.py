"""A platform's delivery rules against a coded file: may it be delivered as it is, and what would be refused."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reelmill.delivery_rules import DeliveryRules
from reelmill.media.coded import Coded
from reelmill.media.levelling import CLOSE_LU
from reelmill.media.loudness import Loudness
from reelmill.platforms import Fit, Platform

__all__ = ["begins_at_once", "broken_rules", "delivered_size", "picture_fits", "sound_fits"]

_PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
_ROUGHLY = 0.9  # of the asked rate of sound: AAC's is a mean
_PEAK_DB = 0.1
_AT_ONCE_S = 0.03  # less than a frame, and nobody sees lips out of step
_CHANNELS = 2  # loudness and peaks are measured of stereo: mono has higher peaks than the stereo made of it
_MOST_FPS = 60  # where a platform says nothing


def delivered_size(platform: Platform, width: int, height: int) -> tuple[int, int]:
    """The size in pixels, even, of a file made for the platform from pictures of ``width`` x ``height``.

    The platform's own, or as much of it as the paid pixels fill: enlarging adds bytes and no detail, and platforms do
    it themselves. Only a platform that takes nothing so narrow (its ``min_width``) gets an enlarged picture.
    """
    across, down = width / platform.width, height / platform.height
    filled = min(across, down) if platform.fit is Fit.CROP else max(across, down)
    least = math.ceil((platform.delivery.min_width or 0) / 2) * 2
    share = min(1.0, max(filled, least / platform.width))
    width, height = (max(2, int(side * share / 2 + 1e-6) * 2) for side in (platform.width, platform.height))
    return width, height


def begins_at_once(*first_s: float) -> bool:
    """Whether streams begin with their file. What is coded does, so only such a stream may be copied beside it."""
    return all(abs(at_s) <= _AT_ONCE_S for at_s in first_s)


def picture_fits(platform: Platform, coded: Coded) -> bool:
    """Whether the pictures can be delivered without coding them again."""
    facts, rules = coded.facts, platform.delivery
    return (
        (facts.width, facts.height) == delivered_size(platform, facts.width, facts.height)
        and facts.video_codec == rules.video_codec
        and coded.pixel_format == "yuv420p"
        and coded.profile in _PROFILES
        and begins_at_once(coded.first_s)
        and facts.fps <= (rules.max_fps or _MOST_FPS)
        and (rules.min_video_kbps or 0) <= coded.video_kbps <= (rules.max_video_kbps or math.inf)
    )


def sound_fits(platform: Platform, coded: Coded, loudness: Loudness | None) -> bool:
    """Whether the sound can be delivered without coding it again."""
    rules = platform.delivery
    if coded.facts.audio_codec != rules.audio_codec or coded.audio_channels != _CHANNELS:
        return False
    if coded.audio_kbps < _ROUGHLY * (rules.audio_kbps or 0) or coded.audio_hz < (rules.audio_hz or 0):
        return False
    if rules.loudness_lufs is None or loudness is None:
        return True
    return not any(_off_loudness(rules, loudness))


def broken_rules(platform: Platform, coded: Coded, loudness: Loudness | None = None) -> Iterator[str]:
    """What the platform would refuse of a file, of the ``loudness`` that it has, in words."""
    facts = coded.facts
    measured = {
        "bytes": coded.size,
        "s": facts.duration_s,
        "width": facts.width,
        "fps": facts.fps,
        "video_kbps": coded.video_kbps,
    }
    for found, limit in platform.delivery.broken(measured):
        yield f"{found}; {platform.title} {limit}"
    if loudness is not None:
        for found, limit in _off_loudness(platform.delivery, loudness):
            yield f"{found}; {platform.title} {limit}"


def _off_loudness(rules: DeliveryRules, loudness: Loudness) -> Iterator[tuple[str, str]]:
    """What is off, and the limit, in words, if the platform asks for a loudness."""
    if rules.loudness_lufs is None:
        return
    if abs(loudness.lufs - rules.loudness_lufs) > CLOSE_LU:
        yield f"{loudness.lufs:g} LUFS", f"wants {rules.loudness_lufs:g}, {CLOSE_LU:g} off at most"
    if loudness.true_peak_dbtp > rules.true_peak_dbtp + _PEAK_DB:
        yield f"peaks of {loudness.true_peak_dbtp:g} dBTP", f"takes at most {rules.true_peak_dbtp:g}"
