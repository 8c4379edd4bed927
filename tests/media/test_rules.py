"""Which size a platform's file gets from what was paid for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.media.rules import delivered_size
from reelmill.platforms import Fit, Platform

PORTRAIT_720, PORTRAIT_1080 = (720, 1280), (1080, 1920)


def platform(width, height, fit=Fit.CROP, **delivery):
    return Platform(
        name="here",
        title="Here",
        ratio="1:1",
        native="16:9",
        source="made up for tests",
        width=width,
        height=height,
        fit=fit,
        delivery=delivery,
    )


@pytest.mark.parametrize(
    ("where", "paid", "size"),
    [
        (platform(1080, 1920), PORTRAIT_1080, (1080, 1920)),
        (platform(1080, 1920), PORTRAIT_720, (720, 1280)),  # the platform enlarges by itself
        (platform(1080, 1920, min_width=720), PORTRAIT_720, (720, 1280)),
        (platform(1080, 1920, min_width=1080), PORTRAIT_720, (1080, 1920)),  # it takes nothing narrower
        (platform(1080, 1920, min_width=541), (360, 640), (542, 962)),  # sides are even
        (platform(1080, 1080), PORTRAIT_720, (720, 720)),
        (platform(1080, 1350), PORTRAIT_720, (720, 900)),
        (platform(720, 1280), PORTRAIT_1080, (720, 1280)),
        (platform(1920, 1080, Fit.BLUR), PORTRAIT_1080, (1920, 1080)),  # as tall as it can be, bars beside it
        (platform(1920, 1080, Fit.PAD), (360, 640), (1136, 640)),
    ],
)
def test_nothing_is_enlarged_unless_the_platform_takes_nothing_so_narrow(where, paid, size):
    assert delivered_size(where, *paid) == size


sides = st.integers(64, 4096)


@given(width=sides, height=sides, paid=st.tuples(sides, sides), fit=st.sampled_from(Fit), least=st.integers(0, 4096))
def test_the_size_is_even_of_the_platforms_ratio_and_never_above_it(width, height, paid, fit, least):
    where = platform(width, height, fit, min_width=min(least, width))
    across, down = delivered_size(where, *paid)

    assert across % 2 == down % 2 == 0
    assert min(across, down) >= 2
    assert across <= width
    assert down <= height
    assert across >= min(least, width) - 2
    assert abs(across - down * width / height) <= 2 + 2 * width / height
