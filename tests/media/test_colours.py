"""Colours of a film as they are seen in what is made of it: poster, judged frames, and the look at the product."""

from __future__ import annotations

import io

import numpy as np
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from reelmill.media.colours import to_yuv
from reelmill.media.likeness import LikenessWatch
from reelmill.media.planes import planes_of
from reelmill.media.poster import to_jpeg
from reelmill.media.samples import SampledFrames

RED = (200, 30, 40)
UNTOLD, BT_709 = 2, 1


def flat(colour=RED, colorspace=BT_709, width=64, height=64):
    """A frame of one colour in BT.709, as HD films have it, whether it says so or not."""
    frame = VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = colorspace, 1
    for plane, level in zip(planes_of(frame), to_yuv(np.array([[colour]])), strict=True):
        plane[:] = round(float(level[0, 0]))
    return frame


def colour_of(jpeg):
    with Image.open(io.BytesIO(jpeg)) as picture:
        return picture.convert("RGB").getpixel((20, 20))


@pytest.mark.parametrize("colorspace", [BT_709, UNTOLD])
def test_a_poster_and_the_frames_of_a_judge_have_the_films_colours(colorspace):
    sampled = SampledFrames(1)
    sampled.take(flat(colorspace=colorspace, width=64, height=1600), 0.0, np.zeros((1, 1), np.int16))
    for jpeg in (to_jpeg(flat(colorspace=colorspace)), *sampled.jpegs):
        assert np.abs(np.subtract(colour_of(jpeg), RED)).max() <= 4


@pytest.mark.parametrize("colorspace", [BT_709, UNTOLD])
def test_a_product_is_looked_for_in_the_films_colours(colorspace):
    class Remembered:
        def found_in(self, picture):
            self.picture = picture
            return 1.0

    product = Remembered()
    LikenessWatch(product, 0.0).see(flat(colorspace=colorspace), 0.0)
    assert np.abs(product.picture[20, 20] - np.array(RED)).max() <= 4
