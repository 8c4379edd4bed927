"""Sound and pictures stay in step in every file, wherever the paid clip begins."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from reelmill.media.dress import Dress
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.loudness import RATE, as_frames
from reelmill.media.order import Order
from reelmill.media.renditions import RenditionMaker
from reelmill.platforms import Platform
from tests.support.videos import moving

ONSET_S = 0.5  # from the first picture to the first sound
SIDE = 96


def clip(path, *, pictures_s, sound_s):
    """A second of pictures from ``pictures_s`` on, and sound that begins at ``sound_s``, first silent, then a tone."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = SIDE, SIDE, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="stereo")
        audio.bit_rate = 128_000
        for number in range(24):
            grey = np.vstack([moving(number, SIDE, SIDE), np.full((SIDE // 2, SIDE), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
            frame.pts, frame.time_base = number + round(pictures_s * 24), Fraction(1, 24)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        wave = 0.3 * np.sin(np.arange(round((pictures_s + 1 - sound_s) * RATE)) / 7)
        wave[: round((pictures_s + ONSET_S - sound_s) * RATE)] = 0
        for frame in as_frames(np.stack([wave, wave]).astype(np.float32), 1024):
            frame.pts += round(sound_s * RATE)
            container.mux(audio.encode(frame))
        container.mux(audio.encode())
    return path


def onset_s(path):
    """Seconds from the first picture to the first sound above silence."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()[0]) > 0.05
            if loud.any():
                return frame.time + float(np.argmax(loud)) / frame.sample_rate - first
    return None


@pytest.mark.parametrize(("pictures_s", "sound_s"), [(0.5, 0.0), (0.0, 0.25), (0.0, 0.0)])
def test_sound_begins_where_it_did(tmp_path, pictures_s, sound_s):
    source = clip(tmp_path / "v.mp4", pictures_s=pictures_s, sound_s=sound_s)
    assert onset_s(source) == pytest.approx(ONSET_S, abs=0.03)
    loud = {"loudness_lufs": -20}
    kinds = {
        "pictures_coded": (64, {}),
        "sound_coded": (SIDE, loud),
        "both_coded": (64, loud),
        "neither": (SIDE, {}),
        "no_edit_lists": (64, {"edit_lists": False}),
        "neither_nor_lists": (SIDE, {"edit_lists": False}),
    }
    platforms = [
        Platform(
            name=name,
            title=name,
            ratio="1:1",
            native="16:9",
            source="made up for tests",
            width=side,
            height=side,
            delivery=rules,
        )
        for name, (side, rules) in kinds.items()
    ]
    (tmp_path / "made").mkdir()
    maker = RenditionMaker(
        Order(source=source, folder=tmp_path / "made", platforms=platforms, sound=True, dress=Dress(), preview=False)
    )
    inspect_video(source, Expectation(duration_s=1, width=SIDE, height=SIDE, audio=True), outputs=maker)
    found = {made.platform: onset_s(made.path) for made in maker.made}
    assert found == {name: pytest.approx(ONSET_S, abs=0.04) for name in kinds}
