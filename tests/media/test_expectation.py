from __future__ import annotations

import pytest

from reelmill.clip import Resolution, VideoRequest
from reelmill.media.expectation import Expectation
from reelmill.platforms import NativeRatio


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        (Resolution.P720, NativeRatio.LANDSCAPE, (1280, 720)),
        (Resolution.P720, NativeRatio.PORTRAIT, (720, 1280)),
        (Resolution.P1080, NativeRatio.LANDSCAPE, (1920, 1080)),
        (Resolution.P1080, NativeRatio.PORTRAIT, (1080, 1920)),
        (Resolution.K4, NativeRatio.LANDSCAPE, (3840, 2160)),
        (Resolution.K4, NativeRatio.PORTRAIT, (2160, 3840)),
    ],
)
def test_sizes(resolution, ratio, size):
    request = VideoRequest(model="m", prompt="p", aspect_ratio=ratio, resolution=resolution)
    expected = Expectation.of(request)
    assert (expected.width, expected.height) == size
    assert (expected.duration_s, expected.fps, expected.audio, expected.longer_is_fine) == (8, 24, True, False)


def test_an_extension_comes_back_with_what_it_extends():
    request = VideoRequest(
        model="m", prompt="p", aspect_ratio=NativeRatio.PORTRAIT, duration_s=7, video="gs://b/v.mp4", audio=False
    )
    expected = Expectation.of(request)
    assert expected.longer_is_fine
    assert not expected.audio
