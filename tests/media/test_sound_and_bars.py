"""What the full look says about sound and edges, and what a policy makes of it."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.finish import Consequence
from reelmill.media.expectation import Expectation
from reelmill.media.findings import Finding, FindingCode, InspectionStatus
from reelmill.media.inspect import inspect_video
from reelmill.media.levelling import levelled
from reelmill.media.loudness import RATE, Loudness, loudness_of
from reelmill.media.policy import Policy
from reelmill.media.sound import Sound
from tests.support.videos import black, make_video, moving

SECONDS = 3
EXPECTED = Expectation(duration_s=SECONDS, width=160, height=90, audio=True)


def look(path, **how):
    return inspect_video(path, EXPECTED, **how)


def video(tmp_path, wave=None, picture=moving):
    """A video whose sound is the given function of time in seconds, at 48 kHz and a rate that keeps it."""
    source = make_video(tmp_path / "pictures.mp4", picture, seconds=SECONDS, sound=None)
    if wave is None:
        wave = 0.3 * np.sin(times() * 2 * np.pi * 440)
    path = tmp_path / "v.mp4"
    with av.open(str(source)) as pictures, av.open(str(path), "w") as container:
        copied = container.add_stream_from_template(pictures.streams.video[0])
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        sound.bit_rate = 256_000
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = copied
                container.mux(packet)
        for start in range(0, wave.size, 1024):
            piece = wave[start : start + 1024].astype(np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path


def times():
    return np.arange(SECONDS * RATE) / RATE


def only(inspection):
    assert [finding.code for finding in inspection.findings] == [inspection.findings[0].code]
    assert inspection.status is InspectionStatus.REVIEW
    return inspection.findings[0]


def test_loudness_is_that_of_the_standard(tmp_path):
    """A stereo sine of 997 Hz at -23 dB of full scale is -23 LUFS (EBU Tech 3341, case 1; one channel is 3 LU less)."""
    assert look(video(tmp_path, 10 ** (-23 / 20) * np.sin(times() * 2 * np.pi * 997))).loudness.lufs == pytest.approx(
        -26, abs=0.2
    )


def test_a_silent_stretch_is_found_where_it_is(tmp_path):
    wave = 0.3 * np.sin(times() * 2 * np.pi * 440) * ((times() < 0.5) | (times() > 2.4))
    finding = only(look(video(tmp_path, wave)))
    assert (finding.code, finding.at_s) == (FindingCode.SILENT_STRETCH, pytest.approx(0.5, abs=0.1))
    assert re.search(r"for 1\.[89] s", finding.message)


def test_clipping_is_found_where_it_begins(tmp_path):
    wave = np.sin(times() * 2 * np.pi * 300) * np.where(times() > 1, 4.0, 0.3)
    finding = only(look(video(tmp_path, np.clip(wave, -1, 1))))
    assert (finding.code, finding.at_s) == (FindingCode.CLIPPED, pytest.approx(1, abs=0.05))


def test_a_loud_whole_wave_is_not_clipped(tmp_path):
    assert look(video(tmp_path, 0.97 * np.sin(times() * 2 * np.pi * 300))).findings == ()


def test_very_quiet_sound_is_told(tmp_path):
    finding = only(look(video(tmp_path, 0.003 * np.sin(times() * 2 * np.pi * 997))))
    assert finding.code is FindingCode.QUIET


def barred(share, axis, *, both=True):
    def picture(number, width, height):
        frame = moving(number, width, height)
        side = round(share * (height if axis == 0 else width))
        ends = [slice(0, side), slice(-side, None)][: 2 if both else 1]
        for end in ends:
            frame[(end, slice(None)) if axis == 0 else (slice(None), end)] = 16
        return frame

    return picture


@pytest.mark.parametrize(("axis", "where"), [(0, "above and below"), (1, "left and right")])
def test_black_bars_are_found_with_their_size(tmp_path, axis, where):
    finding = only(look(video(tmp_path, picture=barred(0.125, axis))))
    assert finding.code is FindingCode.LETTERBOX
    assert where in finding.message
    share = int(re.search(r"(\d+)%", finding.message)[1])
    assert share == pytest.approx(25, abs=3)


def on_black(number, width, height):
    """A product in the middle of a black ground."""
    frame = black(number, width, height)
    top, left = height // 4, width // 3 + number // 4
    frame[top : 3 * top, left : left + width // 4] = 120 + number
    return frame


@pytest.mark.parametrize("picture", [on_black, barred(0.125, 0, both=False), barred(0.015, 0)])
def test_a_product_on_black_and_one_dark_edge_are_no_bars(tmp_path, picture):
    assert look(video(tmp_path, picture=picture)).findings == ()


def test_a_policy_decides_what_follows(tmp_path):
    path = video(tmp_path, picture=barred(0.125, 0))
    rejecting = look(path, policy=Policy({FindingCode.LETTERBOX: Consequence.REJECT}))
    assert (rejecting.status, rejecting.remake) == (InspectionStatus.FAIL, False)
    passing = look(path, policy=Policy({FindingCode.LETTERBOX: Consequence.PASS}))
    assert (passing.status, [finding.code.value for finding in passing.findings]) == ("pass", ["letterbox"])
    remaking = look(path, policy=Policy({FindingCode.LETTERBOX: Consequence.REMAKE}))
    assert (remaking.status, remaking.to_dict()["recommended"]) == (InspectionStatus.FAIL, "remake")


@given(
    st.dictionaries(st.sampled_from(FindingCode), st.sampled_from(Consequence)), st.sets(st.sampled_from(FindingCode))
)
def test_a_status_is_as_bad_as_the_worst_finding(chosen, codes):
    policy = Policy(chosen)
    order = [InspectionStatus.PASS, InspectionStatus.REVIEW, InspectionStatus.FAIL]
    alone = [order.index(policy.status([Finding(code, "")])) for code in codes]
    assert order.index(policy.status([Finding(code, "") for code in codes])) == max(alone, default=0)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000), volume=st.floats(0.1, 1.5), burst=st.floats(0, 1), lufs=st.sampled_from((-14.0, -16.0))
)
def test_levelling_never_passes_its_peak_and_comes_close(seed, volume, burst, lufs):
    noise = np.random.default_rng(seed).normal(0, 0.1, (2, RATE))
    noise[:, RATE // 3 : RATE // 3 + 200] += burst
    samples = (volume * noise).astype(np.float32)
    level = levelled(samples, loudness_of(samples), lufs=lufs, true_peak_dbtp=-1)
    measured = loudness_of(level.samples)
    assert measured.true_peak_dbtp <= -1.5
    assert measured.lufs == pytest.approx(lufs, abs=0.6)
    assert level.samples.shape == samples.shape


def test_sound_of_many_channels_is_damage_and_does_not_end_the_process():
    """A few changed bytes make 31 channels of two."""
    frame = AudioFrame(format="fltp", layout="7.1", samples=1024)
    frame.sample_rate = RATE
    with pytest.raises(ValueError, match="too many channels"):
        Sound().hear(frame)


def test_silence_stays_silence():
    samples = np.zeros((2, RATE), np.float32)
    assert levelled(samples, loudness_of(samples), lufs=-14, true_peak_dbtp=-1).samples is samples


def test_gain_alone_changes_no_shape():
    samples = (0.05 * np.sin(np.arange(2 * RATE).reshape(2, -1) / 7)).astype(np.float32)
    level = levelled(samples, Loudness(-30, -26), lufs=-16, true_peak_dbtp=-1)
    assert not level.limited
    assert np.allclose(level.samples, samples * 10 ** (14 / 20))
