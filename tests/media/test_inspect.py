"""Real small videos with known defects, and what is said about them."""

from __future__ import annotations

import io
import re

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.media.expectation import Expectation
from reelmill.media.findings import FindingCode, InspectionStatus
from reelmill.media.inspect import inspect_video
from reelmill.settings import InspectDepth
from tests.support.videos import black, make_video, moving, still

EXPECTED = Expectation(duration_s=4, width=160, height=90, audio=True)


def codes(inspection):
    return {finding.code for finding in inspection.findings}


def look(path, expected=EXPECTED, depth=InspectDepth.FULL):
    return inspect_video(path, expected, depth)


def test_a_good_video_passes_with_its_facts(tmp_path):
    inspection = look(make_video(tmp_path / "v.mp4"))
    assert inspection.status is InspectionStatus.PASS
    assert inspection.findings == ()
    assert inspection.facts.to_dict() == {
        "width": 160,
        "height": 90,
        "fps": 24.0,
        "duration_s": 4.0,
        "frames": 96,
        "video_codec": "h264",
        "audio_codec": "aac",
    }


@pytest.mark.parametrize(
    ("options", "code", "status"),
    [
        ({"picture": black}, FindingCode.BLACK, "fail"),
        ({"picture": still}, FindingCode.FROZEN, "fail"),
        ({"picture": still, "key_frame_every": 24, "crf": 30}, FindingCode.FROZEN, "fail"),
        ({"seconds": 2}, FindingCode.WRONG_DURATION, "fail"),
        ({"seconds": 3.5}, FindingCode.DURATION_OFF, "review"),
        ({"seconds": 6}, FindingCode.WRONG_DURATION, "fail"),
        ({"width": 90, "height": 160}, FindingCode.WRONG_SIZE, "fail"),
        ({"fps": 30}, FindingCode.FRAME_RATE, "review"),
        ({"codec": "mpeg4"}, FindingCode.WRONG_CODEC, "review"),
        ({"sound_codec": "libmp3lame"}, FindingCode.WRONG_CODEC, "review"),
        ({"sound": None}, FindingCode.NO_AUDIO, "fail"),
        ({"sound": 0}, FindingCode.SILENT, "review"),
        ({"sound_seconds": 2}, FindingCode.AUDIO_SHORT, "review"),
    ],
    ids=lambda value: value.value if isinstance(value, FindingCode) else None,
)
def test_one_defect_is_one_finding(tmp_path, options, code, status):
    inspection = look(make_video(tmp_path / "v.mp4", **options))
    assert codes(inspection) == {code}
    assert inspection.status == status
    assert inspection.findings[0].message.endswith(".")


def test_a_slightly_different_length_passes(tmp_path):
    assert look(make_video(tmp_path / "v.mp4", seconds=4.2)).status is InspectionStatus.PASS


def test_a_long_film_may_have_as_many_bytes_as_its_length_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr("reelmill.media.inspect._MAX_BYTES", 1_000)
    path = make_video(tmp_path / "v.mp4", seconds=2)
    most = round(4 * 160 * 90 * 4_000_000 / (1080 * 1920))
    assert path.stat().st_size < most
    assert FindingCode.TOO_LARGE not in codes(look(path))
    path.write_bytes(bytes(most + 1))
    assert codes(look(path)) == {FindingCode.TOO_LARGE}


def test_an_extension_may_be_longer_and_not_shorter(tmp_path):
    extended = Expectation(duration_s=4, width=160, height=90, audio=True, longer_is_fine=True)
    assert look(make_video(tmp_path / "long.mp4", seconds=12), extended).status is InspectionStatus.PASS
    assert codes(look(make_video(tmp_path / "short.mp4", seconds=2), extended)) == {FindingCode.WRONG_DURATION}


def test_a_video_that_does_not_end_is_not_looked_at_to_the_end(tmp_path):
    inspection = look(make_video(tmp_path / "v.mp4", seconds=60, width=64, height=36, sound=None))
    assert FindingCode.WRONG_DURATION in codes(inspection)
    assert inspection.facts.frames <= 13.1 * 24


def test_sound_that_was_not_asked_for_is_reviewed(tmp_path):
    quiet = Expectation(duration_s=4, width=160, height=90, audio=False)
    assert codes(look(make_video(tmp_path / "v.mp4"), quiet)) == {FindingCode.AUDIO_NOT_ASKED}
    assert look(make_video(tmp_path / "w.mp4", sound=None), quiet).status is InspectionStatus.PASS


@pytest.mark.parametrize(
    ("bad", "code"), [(black, FindingCode.BLACK_STRETCH), (still, FindingCode.FROZEN_STRETCH)], ids=["black", "frozen"]
)
def test_a_bad_stretch_is_reviewed_at_its_time(tmp_path, bad, code):
    def picture(number, width, height):
        return (bad if 36 <= number < 72 else moving)(number, width, height)

    inspection = look(make_video(tmp_path / "v.mp4", picture))
    assert inspection.status is InspectionStatus.REVIEW
    stretch = next(finding for finding in inspection.findings if finding.code is code)
    assert stretch.at_s == pytest.approx(1.5, abs=0.15)
    assert re.search(r"for 1\.[45] s", stretch.message)


def test_a_fade_from_black_passes(tmp_path):
    def picture(number, width, height):
        return (16 + (moving(number, width, height) - 16.0) * min(1, number / 12)).astype(np.uint8)

    assert look(make_video(tmp_path / "v.mp4", picture)).status is InspectionStatus.PASS


def test_a_small_thing_that_turns_on_white_is_no_freeze(tmp_path):
    def picture(number, width, height):
        frame = np.full((height, width), 235, np.uint8)
        x = round(width / 2 + width / 12 * np.cos(number / 6))
        frame[height // 2 - 4 : height // 2 + 4, x - 4 : x + 4] = 90
        return frame

    assert look(make_video(tmp_path / "v.mp4", picture)).status is InspectionStatus.PASS


def test_a_slow_move_in_a_large_picture_is_no_freeze(tmp_path):
    def picture(number, width, height):
        return moving(number // 3, width, height)  # a pixel a frame, and repeated pictures

    expected = Expectation(duration_s=1, width=1280, height=720, audio=False)
    path = make_video(tmp_path / "v.mp4", picture, width=1280, height=720, seconds=1, sound=None)
    assert look(path, expected).status is InspectionStatus.PASS


def jewel(number, width, height):
    """A bright thing on 1.2 % of the picture, which turns on black."""
    frame = black(number, width, height)
    frame[40:53, 60:73] = 70 + np.random.default_rng(number).integers(0, 150, (13, 13))
    return frame


def sparks(number, width, height):
    """As many bright points, that lie apart."""
    frame = black(number, width, height)
    at = np.random.default_rng(number).integers(0, width * height // 4, 169)
    frame[::2, ::2].flat[at] = 200
    return frame


def test_a_small_bright_product_on_black_is_not_black_and_noise_is(tmp_path):
    assert FindingCode.BLACK not in codes(look(make_video(tmp_path / "jewel.mp4", jewel)))
    assert FindingCode.BLACK in codes(look(make_video(tmp_path / "sparks.mp4", sparks, crf=10)))


def test_a_dark_product_on_black_is_not_black(tmp_path):
    def picture(number, width, height):
        return np.maximum(black(number, width, height), moving(number, width, height) - 120).astype(np.uint8)

    assert look(make_video(tmp_path / "v.mp4", picture)).status is InspectionStatus.PASS


@pytest.mark.parametrize("data", [b"", b"not a video", b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", b"\0" * 5000])
@pytest.mark.parametrize("depth", [InspectDepth.FULL, InspectDepth.HEADER])
def test_what_is_no_video_fails(tmp_path, data, depth):
    path = tmp_path / "v.mp4"
    path.write_bytes(data)
    inspection = look(path, depth=depth)
    assert (inspection.status, codes(inspection)) == (InspectionStatus.FAIL, {FindingCode.NOT_A_VIDEO})
    assert inspection.facts is inspection.poster is None


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 24_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert codes(look(path)) == {FindingCode.NOT_A_VIDEO}


@pytest.mark.parametrize("depth", [InspectDepth.FULL, InspectDepth.HEADER])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_cut_off_video_fails(tmp_path, share, depth):
    path = make_video(tmp_path / "v.mp4")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    inspection = look(path, depth=depth)
    assert inspection.status is InspectionStatus.FAIL
    assert FindingCode.TRUNCATED in codes(inspection)


def test_a_cut_off_video_without_its_index_fails(tmp_path):
    path = make_video(tmp_path / "v.mp4", faststart=False)
    path.write_bytes(path.read_bytes()[:-200])
    assert look(path).status is InspectionStatus.FAIL


def test_overwritten_pictures_are_corrupt(tmp_path):
    path = make_video(tmp_path / "v.mp4", crf=10)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + len(data) // 3
    data[start : start + 4000] = b"\xff" * 4000
    path.write_bytes(data)
    inspection = look(path)
    assert inspection.status is InspectionStatus.FAIL
    found = next(finding for finding in inspection.findings if finding.code is FindingCode.CORRUPT)
    assert 0 <= found.at_s <= 4


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("video") / "v.mp4", seconds=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_never_raises(tmp_path, undamaged, data):
    damaged = bytearray(undamaged.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        damaged[at : at + len(piece)] = piece
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged)
    for depth in (InspectDepth.FULL, InspectDepth.HEADER):
        assert look(path, Expectation(duration_s=1, width=160, height=90, audio=True), depth).status in InspectionStatus


def test_headers_alone_tell_size_length_and_sound(tmp_path):
    good = look(make_video(tmp_path / "v.mp4"), depth=InspectDepth.HEADER)
    assert good.status is InspectionStatus.PASS
    assert good.poster is not None
    bad = make_video(tmp_path / "w.mp4", black, width=90, height=160, seconds=2, sound=None)
    assert codes(look(bad, depth=InspectDepth.HEADER)) == {
        FindingCode.WRONG_SIZE,
        FindingCode.WRONG_DURATION,
        FindingCode.NO_AUDIO,
    }


def test_off_looks_at_nothing(tmp_path):
    inspection = look(tmp_path / "not even there", depth=InspectDepth.OFF)
    assert inspection.to_dict() == {"status": "skipped", "findings": [], "facts": None}


def test_a_missing_file_is_our_mistake(tmp_path):
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "missing.mp4")


def test_findings_serialise_for_the_ledger(tmp_path):
    values = look(make_video(tmp_path / "v.mp4", sound=None)).to_dict()
    assert values["status"] == "fail"
    assert values["findings"] == [
        {"code": "no_audio", "message": "It has no sound, which was asked and paid for.", "at_s": None}
    ]


def test_the_poster_is_a_jpeg_of_a_good_frame(tmp_path):
    def picture(number, width, height):
        return moving(number, width, height) if 36 <= number < 60 else black(number, width, height)

    inspection = look(make_video(tmp_path / "v.mp4", picture))
    with av.open(io.BytesIO(inspection.poster)) as image:
        frame = next(image.decode(video=0))
    assert (frame.width, frame.height) == (160, 90)
    assert frame.to_ndarray(format="gray").mean() > 60


def test_the_poster_of_a_black_video_is_still_there(tmp_path):
    assert look(make_video(tmp_path / "v.mp4", black)).poster[:2] == b"\xff\xd8"
