"""Films of small real videos, judged by what is decoded from them again."""

import av
import numpy as np
import pytest

from reelmill.media.encoder import PictureEncoder
from reelmill.media.loudness import RATE
from reelmill.media.stitching import stitch
from tests.support.videos import make_video

LEVELS = (50, 120, 200)


def flat(level):
    """One brightness, with a mark whose column is the number of the frame."""

    def picture(number, width, height):
        drawn = np.full((height, width), level, np.uint8)
        drawn[:10, number % width] = 255
        return drawn

    return picture


@pytest.fixture
def scenes(tmp_path):
    def make(*, sound=(0.3, 0.3, 0.3), fps=(24, 24, 24)):
        return [
            make_video(tmp_path / f"{n}.mp4", flat(level), seconds=1, sound=sound[n], fps=fps[n], crf=10)
            for n, level in enumerate(LEVELS)
        ]

    return make


def brightness(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [round(frame.time * 24) for frame in frames] == list(range(len(frames)))
    return np.array([np.median(frame.to_ndarray(format="yuv420p")[45:90]) for frame in frames])


def sound(path):
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def loud(samples, start_s, end_s):
    return float(np.sqrt(np.mean(np.square(samples[:, round(start_s * RATE) : round(end_s * RATE)]))))


def test_cuts_keep_every_frame_and_bring_scenes_to_one_loudness(tmp_path, scenes):
    target = tmp_path / "film.mp4"
    seconds = stitch(scenes(sound=(0.02, 0.1, 0.5)), target, crossfade_s=0, sound=True)

    assert seconds == 3.0
    assert np.abs(brightness(target) - np.repeat(LEVELS, 24)).max() <= 3
    samples = sound(target)
    assert abs(samples.shape[1] / RATE - 3) < 0.05
    levels = [loud(samples, second + 0.2, second + 0.8) for second in range(3)]
    assert max(levels) / min(levels) < 10 ** (1.0 / 20)  # they were 28 dB apart


def test_a_cross_fade_overlaps_pictures_and_sound(tmp_path, scenes):
    target = tmp_path / "film.mp4"
    seconds = stitch(scenes(), target, crossfade_s=0.25, sound=True)

    assert seconds == 2.5  # two overlaps of 6 frames
    seen = brightness(target)
    assert len(seen) == 60
    fades = {
        18 + 18 * n + step: np.interp((step + 1) / 7, (0, 1), LEVELS[n : n + 2]) for n in (0, 1) for step in range(6)
    }
    whole = np.array([50.0] * 18 + [0] * 6 + [120.0] * 12 + [0] * 6 + [200.0] * 18)
    for number, level in fades.items():
        whole[number] = level
    assert np.abs(seen - whole).max() <= 3
    samples = sound(target)
    assert abs(samples.shape[1] / RATE - 2.5) < 0.05
    parts = [loud(samples, start, start + 0.1) for start in np.arange(0.1, 2.3, 0.1)]
    assert min(parts) > 0.4 * max(parts)  # nowhere a gap


def test_a_film_without_sound_and_a_scene_without_any(tmp_path, scenes):
    silent, gap = tmp_path / "silent.mp4", tmp_path / "gap.mp4"
    stitch(scenes(), silent, crossfade_s=0, sound=False)
    stitch(scenes(sound=(0.3, None, 0.3)), gap, crossfade_s=0, sound=True)

    assert sound(silent) is None
    samples = sound(gap)
    assert loud(samples, 1.2, 1.8) < 0.001
    assert loud(samples, 2.2, 2.8) > 0.05


def test_scenes_that_do_not_go_together_are_refused(tmp_path, scenes):
    with pytest.raises(ValueError, match="another frame rate"):
        stitch(scenes(fps=(24, 12, 24)), tmp_path / "film.mp4", crossfade_s=0, sound=True)
    with pytest.raises(ValueError, match="shorter than its cross-fade"):
        stitch(scenes(), tmp_path / "film.mp4", crossfade_s=2, sound=True)


def test_a_film_that_fails_leaves_no_file_open(tmp_path, scenes, monkeypatch):
    abandoned = []
    abandon = PictureEncoder.abandon
    monkeypatch.setattr(PictureEncoder, "abandon", lambda self: (abandoned.append(self.path), abandon(self)))
    with pytest.raises(ValueError, match="another frame rate"):
        stitch(scenes(fps=(24, 12, 24)), tmp_path / "film.mp4", crossfade_s=0, sound=True)
    assert abandoned == [tmp_path / "film-pictures.mp4"]


def test_one_video_alone_is_bound_anew_and_not_coded_again(scenes, tmp_path):
    alone = scenes()[0]
    assert stitch([alone], tmp_path / "film.mp4", crossfade_s=0.5, sound=True) == 1.0
    with av.open(str(alone)) as before, av.open(str(tmp_path / "film.mp4")) as after:
        assert [bytes(packet) for packet in before.demux(video=0)] == [bytes(packet) for packet in after.demux(video=0)]
        assert after.streams.audio[0].codec_context.name == "aac"
        assert after.metadata["digital_source_type"]
