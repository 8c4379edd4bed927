"""One picture of all posters, each readable, with its words below."""

import io

import av
import numpy as np

from reelmill.gallery import contact_sheet as room
from reelmill.gallery.contact_sheet import Labelled, contact_sheet
from reelmill.platforms import NativeRatio
from tests.support.review_shop import media


def pixels(jpeg):
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
        return next(iter(container.decode(video=0))).to_ndarray(format="gray")


def posters(number):
    ratios = [NativeRatio.PORTRAIT, NativeRatio.LANDSCAPE]
    return [Labelled(media(ratios[index % 2])[1], f"SKU-{index} {ratios[index % 2].value}") for index in range(number)]


def test_the_sheet_shows_every_poster_in_its_ratio_with_words():
    sheet = pixels(contact_sheet(posters(3)))
    assert sheet.shape == (16 + 220 + 26 + 16, 1600)
    top, gap = 16, 16
    for left, width in ((gap, 124), (gap + 124 + gap, 392), (gap + 124 + gap + 392 + gap, 124)):
        assert sheet[top : top + 220, left : left + width].mean() > 50, "a picture"
        assert sheet[top : top + 220, left + width + 4 : left + width + 12].mean() < 40, "ground beside it"
        assert sheet[top + 226 : top + 246, left : left + 60].max() > 150, "words below it"


def test_many_posters_make_rows_and_a_bound_is_told(monkeypatch):
    one, two = pixels(contact_sheet(posters(5))), pixels(contact_sheet(posters(6)))
    assert two.shape[0] > one.shape[0]
    monkeypatch.setattr(room, "MOST", 3)
    bounded = pixels(contact_sheet(posters(6)))
    assert bounded.shape[0] == 16 + 220 + 26 + 16 + 26
    assert np.max(bounded[-26:, :300]) > 150


def test_what_is_no_picture_is_left_out():
    bad = [Labelled(b"", "empty"), Labelled(b"\xff\xd8\xff no jpeg", "broken")]
    assert contact_sheet(bad) is None
    assert contact_sheet([]) is None
    assert pixels(contact_sheet([*bad, *posters(1)])).shape == (16 + 220 + 26 + 16, 1600)


def test_hostile_words_stay_within_their_poster():
    sheet = pixels(contact_sheet([Labelled(media(NativeRatio.PORTRAIT)[1], "</script>\0 ½👟" + "W" * 500)]))
    assert sheet[16 + 226 : 16 + 246, 16 + 124 + 4 :].max() < 60
