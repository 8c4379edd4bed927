"""A few frames from the one decode that everything else uses too."""

import io

import av

from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.samples import LONGEST_SIDE, SampledFrames
from tests.support.videos import make_video


class Counted:
    """What else is made of the video: it sees every frame."""

    def __init__(self):
        self.frames, self.ends = 0, 0

    def begin(self, facts):
        self.began = facts

    def take(self, frame, at_s, luma):
        self.frames += 1

    def end(self, seen):
        self.ends += 1


def test_frames_are_small_evenly_apart_and_taken_from_nobody(tmp_path):
    film = make_video(tmp_path / "film.mp4", width=640, height=1136, seconds=2)
    inner = Counted()
    sampled = SampledFrames(4, inner)
    expected = Expectation(duration_s=2, width=640, height=1136, audio=True)
    plain, judged = inspect_video(film, expected), inspect_video(film, expected, outputs=sampled)

    assert plain.findings == judged.findings
    assert (inner.frames, inner.ends) == (judged.facts.frames, 1)
    assert len(sampled.jpegs) == len(set(sampled.jpegs)) == 4
    for jpeg in sampled.jpegs:
        with av.open(io.BytesIO(jpeg)) as picture:
            frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (432, LONGEST_SIDE)
