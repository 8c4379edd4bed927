"""Renditions of small real videos, judged by what is decoded from them again."""

from __future__ import annotations

import io
import subprocess
import sys

import av
import numpy as np
import pytest
from PIL import Image

from reelmill.delivery_rules import DeliveryRules
from reelmill.finish import Finish
from reelmill.media.ai_mark import SOURCE_TYPE, has_xmp
from reelmill.media.coded import read_coded
from reelmill.media.dress import Dress, Frame, fill_caption
from reelmill.media.expectation import Expectation
from reelmill.media.findings import FindingCode
from reelmill.media.inspect import inspect_video
from reelmill.media.loudness import LoudnessMeter
from reelmill.media.order import Order
from reelmill.media.renditions import RenditionMaker
from reelmill.platforms import Platform, SafeZones
from tests.support.making import CONTENT
from tests.support.videos import make_video, moving

FONT = "fonts/Geist.ttf"


def platform(name="here", width=96, height=96, **more):
    return Platform(
        name=name,
        title=name.title(),
        ratio="1:1",
        native="16:9",
        source="made up for tests",
        **{"width": width, "height": height, **more},
    )


def make(tmp_path, source, *platforms, dress=None, sound=True, size=(160, 90), seconds=2):
    folder = tmp_path / "made"
    folder.mkdir(exist_ok=True)
    maker = RenditionMaker(
        Order(source=source, folder=folder, platforms=platforms, sound=sound, dress=dress or Dress())
    )
    expected = Expectation(duration_s=seconds, width=size[0], height=size[1], audio=sound)
    inspection = inspect_video(source, expected, outputs=maker)
    return maker, {made.platform: made for made in maker.made}, inspection


def pictures(path):
    """The brightness of every frame as it is coded: a conversion to grey depends on what the colours mean."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="yuv420p")[: frame.height] for frame in container.decode(video=0)]
    return np.stack(frames).astype(np.int16)


def colours(path, number=0):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return frames[number].to_ndarray(format="rgb24").astype(np.int16)


def heard(path):
    meter = LoudnessMeter()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            meter.hear(frame)
    return meter.result()


def test_a_clip_that_fits_is_bound_anew_and_not_encoded(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=2)
    _, made, _ = make(tmp_path, source, platform(width=160, height=90))
    assert not made["here"].encoded
    assert np.array_equal(pictures(source), pictures(made["here"].path))


def test_a_crop_keeps_the_scale_and_every_frame(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=2)
    _, made, _ = make(tmp_path, source, platform(width=90, height=90, crop="centre"))
    got = pictures(made["here"].path)
    assert made["here"].encoded
    assert got.shape == (48, 90, 90)
    wanted = pictures(source)[:, :, 35:125]
    assert np.abs(got - wanted).mean() < 2


def lit(number, width, height):
    """A patterned square that walks from the left to the right over a calm ground."""
    frame = np.full((height, width), 70, np.uint8)
    side = height // 3
    left = round((width - side) * number / 47)
    pattern = 120 + 100 * (np.indices((side, side)).sum(axis=0) // 4 % 2)
    frame[height // 3 : height // 3 + side, left : left + side] = pattern
    return frame


def test_a_crop_follows_what_moves_and_a_centred_one_loses_it(tmp_path):
    source = make_video(tmp_path / "v.mp4", lit, seconds=2, width=320, height=180)
    narrow = {"width": 100, "height": 180}
    _, made, _ = make(
        tmp_path,
        source,
        platform("follow", **narrow),
        platform("centre", **narrow, crop="centre"),
        size=(320, 180),
    )
    share = {}
    for name, rendition in made.items():
        bright = (pictures(rendition.path) > 150).sum(axis=(1, 2))
        share[name] = (bright > 0.7 * np.median((pictures(source) > 150).sum(axis=(1, 2)))).mean()
    assert share["follow"] > 0.9
    assert share["centre"] < 0.6


@pytest.mark.parametrize("fit", ["pad", "blur"])
def test_padding_keeps_the_whole_picture(tmp_path, fit):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    dress = Dress(Finish(box_colour="#336699"))
    _, made, _ = make(tmp_path, source, platform(width=160, height=160, fit=fit), dress=dress, seconds=1)
    path = made["here"].path
    assert np.abs(pictures(path)[:, 34:124] - pictures(source)).mean() < 2
    above = colours(path)[:30]
    if fit == "pad":
        assert np.abs(above - (0x33, 0x66, 0x99)).mean() < 4
    else:  # soft, darker than the picture, and lighter to the right as the picture is
        grey = above.mean(axis=2)
        assert np.abs(np.diff(grey, axis=1)).max() < 12
        assert 5 < grey[:, :30].mean() < grey[:, -30:].mean() < colours(source).mean()


@pytest.mark.parametrize(("volume", "lufs"), [(0.02, -16), (0.3, -14), (0.9, -20)])
def test_sound_is_delivered_as_loud_as_asked_below_its_peak(tmp_path, volume, lufs):
    source = make_video(tmp_path / "v.mp4", seconds=2, sound=volume)
    rules = {"loudness_lufs": lufs, "true_peak_dbtp": -1, "audio_kbps": 128}
    _, made, _ = make(tmp_path, source, platform(delivery=rules))
    measured = heard(made["here"].path)
    assert measured.lufs == pytest.approx(lufs, abs=0.7)
    assert measured.true_peak_dbtp <= -1


def test_sound_that_was_not_paid_for_or_is_not_wanted_is_left_out(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    _, made, _ = make(tmp_path, source, platform("loud"), platform("mute", audio=False), seconds=1)
    assert made["mute"].coded.facts.audio_codec is None
    assert made["loud"].coded.facts.audio_codec == "aac"
    _, made, _ = make(tmp_path, source, platform("unpaid"), sound=False, seconds=1)
    assert made["unpaid"].coded.facts.audio_codec is None


def test_music_is_alone_where_there_is_no_sound(tmp_path):
    make_video(tmp_path / "music.mp4", seconds=1, sound=0.2)
    dress = Dress(Finish(music="music.mp4"), tmp_path)
    source = make_video(tmp_path / "v.mp4", seconds=2, sound=None)
    rules = {"loudness_lufs": -16, "true_peak_dbtp": -1}
    _, made, _ = make(tmp_path, source, platform(delivery=rules), dress=dress, sound=False)
    assert heard(made["here"].path).lufs == pytest.approx(-16, abs=0.7)


def level_db(path, hertz):
    """How loud one tone is in the middle of a film, where music does not fade, in decibels."""
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        middle = samples[len(samples) // 3 : 2 * len(samples) // 3]
        beat = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / container.streams.audio[0].rate)
    return 20 * np.log10(abs(np.dot(middle * np.hanning(len(middle)), beat)))


def test_music_lies_as_far_under_the_sound_as_asked(tmp_path):
    """Two tones tell sound and music apart; at both of them one decibel is one loudness unit."""
    make_video(tmp_path / "music.mp4", seconds=5, sound=0.5, hertz=640)
    source = make_video(tmp_path / "v.mp4", seconds=5, sound=0.1)
    dress = Dress(Finish(music="music.mp4", music_below_lu=9), tmp_path)
    _, made, _ = make(tmp_path, source, platform(), dress=dress, seconds=5)
    path = made["here"].path
    assert level_db(path, 440) - level_db(path, 640) == pytest.approx(9, abs=1)
    assert level_db(path, 640) - level_db(path, 1000) > 30


def test_every_file_says_that_it_was_made_by_ai(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    maker, made, inspection = make(
        tmp_path, source, platform("copied", 160, 90), platform("encoded", delivery={"edit_lists": False}), seconds=1
    )
    files = [made["copied"].path, made["encoded"].path, maker.preview]
    for path in files:
        with av.open(str(path)) as container:
            assert container.metadata["digital_source_type"] == SOURCE_TYPE
            assert "AI-generated" in container.metadata["comment"]
        assert has_xmp(path)
        assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")
    assert b"elst" not in made["encoded"].path.read_bytes()
    assert not has_xmp(source)
    with Image.open(io.BytesIO(inspection.poster)) as poster:
        poster.load()
        assert poster.size == (160, 90)
        assert SOURCE_TYPE.encode() in poster.info["xmp"]


def test_words_and_logo_lie_in_the_safe_zone_and_nowhere_else(tmp_path):
    (tmp_path / "fonts").mkdir()
    (tmp_path / FONT).write_bytes((CONTENT / FONT).read_bytes())
    Image.new("RGB", (40, 20), "#ff0000").save(tmp_path / "logo.png")
    finish = Finish(disclosure="AI-generated", caption="x", font=FONT, logo="logo.png")
    zones = SafeZones(top=0.2, bottom=0.25, left=0.1, right=0.15)
    size = {"width": 240, "height": 400}
    source = make_video(tmp_path / "v.mp4", lambda n, w, h: np.full((h, w), 60 + n, np.uint8), seconds=1, **size)
    where = platform(**size, safe_zones=zones)
    plain = make(tmp_path, source, uncovered(where), size=(240, 400), seconds=1)[1]["here"].path
    before = colours(plain, 12)
    dress = Dress(finish, tmp_path, "Linen shirt, sand\nMarrow & Pine")
    after = colours(make(tmp_path, source, where, dress=dress, size=(240, 400), seconds=1)[1]["here"].path, 12)
    changed = np.abs(after - before).max(axis=2) > 25
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    left, top, right, bottom = Frame(240, 400, zones).safe
    assert top - 3 <= rows.min() < top + 8
    assert bottom - 8 < rows.max() <= bottom + 3
    assert left - 3 <= columns.min() < left + 8
    assert right - 8 < columns.max() <= right + 3
    red = (after[..., 0] > 180) & (after[..., 1] < 90)
    assert red[:, 120:].sum() > 200
    assert red[:, :120].sum() == 0


def uncovered(where):
    return where.model_copy(update={"safe_zones": SafeZones()})


def test_a_film_ends_on_its_card(tmp_path):
    Image.new("RGB", (32, 18), "#00ff00").save(tmp_path / "card.png")
    dress = Dress(Finish(end_card="card.png", end_card_s=0.5), tmp_path)
    source = make_video(tmp_path / "v.mp4", seconds=2)
    _, made, _ = make(tmp_path, source, platform(width=160, height=90), dress=dress)
    first, last = colours(made["here"].path), colours(made["here"].path, 47)
    assert last[40:50, 70:90, 1].mean() > 230
    assert np.abs(first - colours(source)).mean() < 4


def test_a_caption_without_letters_for_it_is_left_out_and_told(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    dress = Dress(Finish(caption="{title}", font=FONT), CONTENT, "日本")
    maker, made, _ = make(tmp_path, source, platform(), dress=dress, seconds=1)
    assert [finding.code for finding in maker.findings] == [FindingCode.OVERLAY_LEFT_OUT]
    assert "日 (U+65E5)" in maker.findings[0].message
    assert made["here"].path.exists()


def test_a_caption_that_is_cut_is_told(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=0.5)
    dress = Dress(Finish(caption="{title}", font=FONT), CONTENT, "word " * 60)
    maker, made, _ = make(tmp_path, source, platform("one"), platform("two", 90, 90), dress=dress, seconds=0.5)
    assert [finding.code for finding in maker.findings] == [FindingCode.OVERLAY_LEFT_OUT]
    assert "The caption is too long for one, two and is cut there" in maker.findings[0].message
    assert set(made) == {"one", "two"}


@pytest.mark.parametrize(
    ("template", "words", "caption"),
    [
        ("{title}", {"title": " Linen \n shirt "}, "Linen shirt"),
        ("{title}\n{brand}", {"title": "Shirt", "brand": ""}, "Shirt"),
        ("Only {brand}", {"title": "{sku}", "brand": "{title}"}, "Only {title}"),
        ("", {}, ""),
        ("{title}\n{price}", {"title": "Shirt", "price": "19.99 EUR"}, "Shirt\n19.99 EUR"),
        ("{title}\n{title} for {price}", {"title": "Shirt", "price": ""}, "Shirt"),
        ("{title}\n{sale_price} instead of {price}", {"title": "Shirt", "price": "9.00 EUR"}, "Shirt"),
    ],
)
def test_a_caption_is_filled_with_words_that_stay_words(template, words, caption):
    assert fill_caption(template, words) == caption


def test_one_failing_file_costs_only_itself(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    dress = Dress(Finish(music="gone.mp3"), tmp_path)
    maker, made, inspection = make(
        tmp_path, source, platform("good", audio=False), platform("bad"), dress=dress, seconds=1
    )
    assert inspection.findings == ()
    assert set(made) == set()
    assert {finding.code for finding in maker.findings} == {FindingCode.RENDITION_FAILED}
    assert maker.preview.exists()


def test_a_picture_of_too_many_pixels_costs_only_the_files_that_wear_it(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # beyond twice as many Pillow takes it for an attack
    Image.new("RGB", (40, 40)).save(tmp_path / "logo.png")
    source = make_video(tmp_path / "v.mp4", seconds=0.5)
    dress = Dress(Finish(logo="logo.png"), tmp_path)
    maker, made, _ = make(tmp_path, source, platform(), dress=dress, seconds=0.5)
    assert made == {}
    assert [finding.code for finding in maker.findings] == [FindingCode.RENDITION_FAILED]
    assert "more than 40,000,000 pixels" in maker.findings[0].message


def test_what_a_platform_would_refuse_is_told(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    maker, _, _ = make(tmp_path, source, platform(delivery={"min_s": 5, "max_bytes": 100}), seconds=1)
    assert {finding.code for finding in maker.findings} == {FindingCode.RENDITION_OFF_RULES}
    assert [("at least 5" in f.message, "at most 100" in f.message) for f in maker.findings] == [
        (False, True),
        (True, False),
    ]


def test_platforms_of_the_same_size_share_one_encoding_that_keeps_out_of_both_zones(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=1)
    dress = Dress(Finish(disclosure="AI", font=FONT), CONTENT)
    zones = {"first": SafeZones(left=0.3), "second": SafeZones(top=0.3)}
    both = [platform(name, 200, 200, safe_zones=zone) for name, zone in zones.items()]
    _, made, _ = make(tmp_path, source, *both, dress=dress, seconds=1)
    assert np.array_equal(pictures(made["first"].path), pictures(made["second"].path))


def test_the_same_video_always_gives_the_same_pictures(tmp_path):
    """x264 itself does not repeat every byte."""
    source = make_video(tmp_path / "v.mp4", seconds=1)
    first = pictures(make(tmp_path, source, platform(), seconds=1)[1]["here"].path)
    again = pictures(make(tmp_path, source, platform(), seconds=1)[1]["here"].path)
    assert np.abs(first - again).mean() < 0.5


def test_a_rejected_video_is_not_rendered(tmp_path):
    maker, made, inspection = make(tmp_path, make_video(tmp_path / "v.mp4", seconds=1), platform(), seconds=4)
    assert inspection.status == "fail"
    assert (made, maker.preview, maker.findings) == ({}, None, [])


def test_a_fit_video_whose_headers_lie_about_its_length_has_its_files(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=4)
    data = bytearray(source.read_bytes())
    length = data.index(b"mdhd") + 20
    data[length : length + 4] = (int.from_bytes(data[length : length + 4]) // 4).to_bytes(4)
    source.write_bytes(data)
    Image.new("RGB", (32, 18), "#00ff00").save(tmp_path / "card.png")
    dress = Dress(Finish(end_card="card.png", end_card_s=0.5), tmp_path)
    maker, made, inspection = make(tmp_path, source, platform(width=160, height=90), dress=dress, seconds=4)
    assert read_coded(source).facts.duration_s < 2
    assert (inspection.status, inspection.facts.duration_s, maker.findings) == ("pass", 4, [])
    assert len(pictures(made["here"].path)) == 96
    assert np.abs(colours(made["here"].path, 70) - colours(source, 70)).mean() < 4  # the card comes later
    assert maker.preview is not None


def test_full_range_pictures_are_brought_to_the_range_of_platforms(tmp_path):
    source = tmp_path / "full.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.codec_context.color_range = 2
        for number in range(24):
            frame = av.VideoFrame(64, 64, "yuvj420p")
            frame.color_range = 2
            for plane, level in zip(frame.planes, (255, 128, 128), strict=True):
                plane.update(bytes([level]) * (plane.line_size * plane.height))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    _, made, _ = make(tmp_path, source, platform(), sound=False, size=(64, 64), seconds=1)
    with av.open(str(made["here"].path)) as container:
        frame = next(container.decode(video=0))
        level = np.frombuffer(memoryview(frame.planes[0]), np.uint8)[: frame.width].mean()
    assert level == pytest.approx(235, abs=2)


def test_the_preview_is_three_silent_small_seconds(tmp_path):
    source = make_video(tmp_path / "v.mp4", moving, seconds=4, width=640, height=480)
    maker, _, _ = make(tmp_path, source, size=(640, 480), seconds=4)
    with av.open(str(maker.preview)) as container:
        frames = list(container.decode(video=0))
        assert not container.streams.audio
    assert (len(frames), frames[0].width, frames[0].height) == (72, 480, 360)
    assert frames[-1].time == pytest.approx(71 / 24, abs=0.001)


def test_a_plan_needs_no_ffmpeg():
    """Reading feeds and planning must start quickly; only what looks at videos brings the libraries for it."""
    code = "import sys, reelmill.jobs.engine; sys.exit('PIL' in sys.modules or 'av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def grainy(number, width, height):
    """A calm picture with a grain so fine that only a fine coding keeps it."""
    grain = np.random.default_rng(number).integers(0, 4, (height, width), np.uint8)
    return moving(number, width, height) + grain


@pytest.mark.parametrize(("picture", "crf"), [(moving, 40), (grainy, 5)], ids=["as paid", "once they are coded"])
def test_the_rate_of_easy_pictures_is_kept_above_a_floor(tmp_path, picture, crf):
    source = make_video(tmp_path / "v.mp4", picture, seconds=2, width=320, height=180, crf=crf)
    assert (read_coded(source).video_kbps * 180 / 320 < 100) == (crf == 40)
    rules = {"min_video_kbps": 100}
    where = platform(width=180, height=180, delivery=rules)
    free = where.model_copy(update={"name": "free", "width": 178, "delivery": DeliveryRules()})
    maker, made, _ = make(tmp_path, source, where, free, size=(320, 180))
    assert made["free"].coded.video_kbps < 100 <= made["here"].coded.video_kbps
    assert maker.findings == []
    assert len(pictures(made["here"].path)) == 48


def noise(number, width, height):
    """As hard to code as anything."""
    return np.random.default_rng(number).integers(0, 255, (height, width), np.uint8)


def test_the_rate_of_hard_pictures_is_kept_below_the_most_that_a_platform_takes(tmp_path):
    source = make_video(tmp_path / "v.mp4", noise, seconds=1, width=320, height=180)
    places = [platform("free", 180, 180), platform("narrow", 180, 180, delivery={"max_video_kbps": 400})]
    whole = platform("whole", 320, 180, delivery={"max_video_kbps": 700})
    maker, made, _ = make(tmp_path, source, *places, whole, size=(320, 180), seconds=1)
    rates = {name: one.coded.video_kbps for name, one in made.items()}
    assert rates["free"] > 700
    assert 200 < rates["narrow"] <= 400
    assert 350 < rates["whole"] <= 700
    assert made["whole"].encoded  # though the clip has its size
    assert maker.findings == []


def test_time_bases_that_differ_are_kept_in_step(tmp_path):
    source = make_video(tmp_path / "v.mp4", seconds=2, fps=30, sound=0.4, sound_seconds=1)
    _, made, _ = make(tmp_path, source, platform())
    with av.open(str(made["here"].path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert np.allclose(np.diff(times), 1 / 30, atol=1e-4)
