"""Loudness and peaks of delivered sound, measured from what a player decodes."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from reelmill.finish import Finish
from reelmill.media.dress import Dress
from reelmill.media.expectation import Expectation
from reelmill.media.findings import FindingCode
from reelmill.media.inspect import inspect_video
from reelmill.media.levelling import levelled
from reelmill.media.loudness import RATE, LoudnessMeter, as_frames, loudness_of
from reelmill.media.order import Order
from reelmill.media.renditions import RenditionMaker
from reelmill.platforms import Platform
from tests.support.videos import make_video

NOISE = np.random.default_rng(3)


def hiss(seconds):
    """White noise, of whose highs AAC takes two loudness units off."""
    return NOISE.normal(0, 0.1, round(seconds * RATE))


def drums(seconds):
    """A beat each quarter of a second, with peaks far above its loudness."""
    beat = NOISE.normal(0, 0.3, RATE // 4) * np.exp(-np.arange(RATE // 4) / 800)
    return np.tile(beat, round(4 * seconds))


def clicks(seconds):
    """So little between the peaks that no limiter brings it up."""
    wave = NOISE.normal(0, 0.004, round(seconds * RATE))
    wave[:: RATE // 2] = 1
    return wave


def music(path, wave):
    """The wave in a file that keeps it as it is."""
    samples = np.stack([wave, wave]).astype(np.float32)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        for frame in as_frames(samples, 4096):
            container.mux(stream.encode(frame))
    return path


@pytest.fixture
def delivered(tmp_path):
    """Findings, the file and its record for one platform, of a clip with this music and a tone this loud."""

    def deliver(wave, *, tone=None, **rules):
        music(tmp_path / "music.wav", wave)
        source = make_video(tmp_path / "v.mp4", seconds=2, width=64, height=64, sound=tone)
        place = Platform(
            name="here",
            title="Here",
            ratio="1:1",
            native="16:9",
            source="made up for tests",
            width=64,
            height=64,
            delivery=rules,
        )
        dress = Dress(Finish(music="music.wav", music_below_lu=0), tmp_path)
        (tmp_path / "made").mkdir()
        order = Order(source=source, folder=tmp_path / "made", platforms=[place], sound=tone is not None, dress=dress)
        maker = RenditionMaker(order)
        inspect_video(source, Expectation(duration_s=2, width=64, height=64, audio=tone is not None), outputs=maker)
        return maker.findings, maker.made[0]

    return deliver


def heard(path):
    meter = LoudnessMeter()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            meter.hear(frame)
    return meter.result()


@pytest.mark.parametrize(("wave", "kbps"), [(hiss, 96), (drums, 128)])
def test_the_delivered_file_is_as_loud_as_asked_and_the_record_says_how_loud(delivered, wave, kbps):
    findings, made = delivered(wave(2), loudness_lufs=-16, audio_kbps=kbps)
    measured = heard(made.path)
    assert measured.lufs == pytest.approx(-16, abs=0.5)
    assert measured.true_peak_dbtp <= -1
    assert made.loudness == measured
    assert findings == []


def test_a_file_whose_loudness_cannot_be_reached_is_told(delivered):
    findings, made = delivered(clicks(2), loudness_lufs=-14)
    assert [finding.code for finding in findings] == [FindingCode.RENDITION_OFF_RULES]
    assert f"{heard(made.path).lufs:g} LUFS; Here wants -14" in findings[0].message


def test_peaks_are_held_down_where_no_loudness_is_asked_for(delivered):
    _, made = delivered(0.9 * np.sin(np.arange(2 * RATE) / 7), tone=0.9, audio_kbps=128)
    assert heard(made.path).true_peak_dbtp <= -1


@pytest.fixture
def untouched(tmp_path):
    """The file and its record for a platform that takes the clip as it is, of a clip with such sound."""

    def deliver(**sound):
        source = make_video(tmp_path / "v.mp4", seconds=2, width=64, height=64, **sound)
        place = Platform(
            name="here", title="Here", ratio="1:1", native="16:9", source="made up for tests", width=64, height=64
        )
        maker = RenditionMaker(Order(source=source, folder=tmp_path, platforms=[place], sound=True))
        inspect_video(source, Expectation(duration_s=2, width=64, height=64, audio=True), outputs=maker)
        return source, maker.made[0]

    return deliver


def sound_of(path):
    with av.open(str(path)) as container:
        return b"".join(bytes(packet) for packet in container.demux(audio=0))


def test_sound_that_fits_is_kept_as_it_is(untouched):
    source, made = untouched(layout="stereo")
    assert sound_of(made.path) == sound_of(source)
    assert made.loudness.lufs == pytest.approx(heard(made.path).lufs, abs=0.1)


@pytest.mark.parametrize("layout", ["mono", "5.1"])
def test_the_record_says_how_loud_a_file_is_whatever_channels_its_clip_has(untouched, layout):
    _, made = untouched(layout=layout, sound=0.9)
    assert made.loudness == heard(made.path)


def test_sound_that_goes_on_beyond_the_pictures_is_cut(untouched):
    _, made = untouched(layout="stereo", sound_seconds=4)
    with av.open(str(made.path)) as container:
        assert container.duration / av.time_base == pytest.approx(2, abs=0.1)


def test_levelling_goes_on_until_it_comes_close():
    wave = drums(1)
    samples = np.stack([wave, wave]).astype(np.float32)
    assert levelled(samples, loudness_of(samples), lufs=-14, true_peak_dbtp=-1).loudness.lufs == pytest.approx(
        -14, abs=0.25
    )
