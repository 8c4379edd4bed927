"""Colours of a film as they are seen in what is made of it: poster, judged frames, and the look at the product."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from reelmill.media.colours import to_yuv
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.likeness import LikenessWatch
from reelmill.media.order import Order
from reelmill.media.planes import planes_of
from reelmill.media.poster import to_jpeg
from reelmill.media.renditions import RenditionMaker
from reelmill.media.samples import SampledFrames
from reelmill.media.stitching import stitch
from reelmill.platforms import Platform

RED = (200, 30, 40)
UNTOLD, BT_709 = 2, 1


def flat(colour=RED, colorspace=BT_709, width=64, height=64):
    """A frame of one colour in BT.709, as HD films have it, whether it says so or not."""
    frame = VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = colorspace, 1
    for plane, level in zip(planes_of(frame), to_yuv(np.array([[colour]])), strict=True):
        plane[:] = round(float(level[0, 0]))
    return frame


def tagged(path, tag):
    """Half a second of film whose matrix, primaries and transfer have this number."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = tag
        for number in range(12):
            frame = flat((number * 20, 90, 90), tag, 96, 64)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def tags(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    return frame.colorspace, frame.color_primaries, frame.color_trc


@pytest.mark.parametrize(("tag", "delivered"), [(BT_709, BT_709), (6, 6), (UNTOLD, BT_709)])
@pytest.mark.parametrize("fit", ["crop", "pad", "blur"])
def test_what_is_coded_says_what_its_colours_mean(tmp_path, tag, delivered, fit):
    place = Platform(
        name="here",
        title="Here",
        ratio="1:1",
        native="16:9",
        source="made up for tests",
        width=64,
        height=64,
        fit=fit,
    )
    (tmp_path / "made").mkdir()
    source = tagged(tmp_path / "v.mp4", tag)
    maker = RenditionMaker(Order(source=source, folder=tmp_path / "made", platforms=[place], sound=False))
    inspect_video(source, Expectation(duration_s=0.5, width=96, height=64, audio=False), outputs=maker)
    assert tags(maker.made[0].path) == (delivered,) * 3


def test_a_film_says_what_its_colours_mean(tmp_path):
    scenes = [tagged(tmp_path / f"{number}.mp4", BT_709) for number in (0, 1)]
    stitch(scenes, tmp_path / "film.mp4", crossfade_s=0.1, sound=False)
    assert tags(tmp_path / "film.mp4") == (BT_709,) * 3


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
