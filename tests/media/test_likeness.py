"""A product's picture and films that show the product, something else, or no longer the product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reelmill.finish import Consequence
from reelmill.media.expectation import Expectation
from reelmill.media.findings import FindingCode, InspectionStatus
from reelmill.media.inspect import inspect_video
from reelmill.media.policy import Policy
from reelmill.media.product_picture import ProductPicture
from reelmill.settings import InspectDepth
from tests.support.pictures import bottle, file_of
from tests.support.videos import make_video

EXPECTED = Expectation(duration_s=4, width=90, height=160, audio=True)


def grey_bottle() -> Image.Image:
    return bottle(0.1).convert("L").convert("RGBA")


def scene(product: Image.Image | None, *, size: int = 70, light: float = 1.0, at=(10, 60), ground=150):
    """A frame of a film with the product somewhere in it, over a soft grey slope."""

    def picture(number: int, width: int, height: int):
        slope = ground + np.linspace(-30, 30, width)[None, :] + np.linspace(0, 20, height)[:, None]
        film = Image.fromarray(np.repeat(slope[..., None], 3, axis=2).astype(np.uint8))
        if product is not None:
            film.paste(shown := product.resize((size, size)), (at[0] + number % 5, at[1]), shown)
        return (np.asarray(film) * light).clip(0, 255).astype(np.uint8)

    return picture


def look(path, product, policy=None):
    return inspect_video(
        path, EXPECTED, InspectDepth.FULL, policy=policy, product=ProductPicture.read(file_of(product))
    )


def codes(inspection):
    return {finding.code for finding in inspection.findings}


@pytest.mark.parametrize("hue", [0.0, 0.21, 0.45, 0.6, 0.83])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_product_is_found_in_another_size_place_and_light_and_no_product_of_other_colours_is(hue, kind):
    product = ProductPicture.read(file_of(bottle(hue).convert("RGB"), kind))
    here = [
        product.found_in(scene(bottle(hue, ground=None), size=size, light=light, at=at)(0, 90, 160))
        for size, light, at in [(70, 1.0, (10, 60)), (50, 0.75, (35, 100)), (85, 1.15, (2, 5))]
    ]
    other = [product.found_in(scene(bottle(hue + turn, ground=None))(0, 90, 160)) for turn in (0.25, 0.5, 0.7)]
    assert min(here) > 0.5
    assert max(other) < min(here) / 2
    assert product.found_in(scene(None)(0, 90, 160)) < 0.1


def test_a_transparent_picture_is_seen_as_on_white():
    seen = [ProductPicture.read(file_of(bottle(0.6, ground=ground))) for ground in ("white", None)]
    assert np.allclose(seen[0].colours, seen[1].colours)
    assert np.allclose(seen[0].shares, seen[1].shares)


def test_a_product_without_colours_and_a_file_that_is_no_picture_are_not_compared(tmp_path):
    film = make_video(tmp_path / "film.mp4", scene(grey_bottle()), width=90, height=160)
    assert look(film, grey_bottle()).likeness is None
    assert ProductPicture.read(file_of(bottle(0.3))[:200]) is None
    assert ProductPicture.read(b"") is None
    assert ProductPicture.read(file_of(bottle(0.3).convert("RGB"), "GIF")) is None, "only what is fetched is decoded"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_comparison(data):
    whole = file_of(bottle(0.3, size=20))
    for read in (data, whole[:40] + data, data + whole):
        assert ProductPicture.read(read) is None or data == b""


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60))
def test_likeness_lies_between_nothing_and_all_of_it(seed, width, height):
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert 0 <= ProductPicture.read(file_of(bottle(0.3, size=40))).found_in(picture) <= 1


def test_a_film_that_shows_its_product_passes_and_says_how_like_it_is(tmp_path):
    inspection = look(
        make_video(tmp_path / "film.mp4", scene(bottle(0.6, ground=None)), width=90, height=160), bottle(0.6)
    )
    assert FindingCode.UNLIKE_PRODUCT not in codes(inspection)
    assert inspection.likeness.score > 0.6
    assert len(inspection.likeness.looks) == 8
    assert inspection.to_dict()["likeness"]["score"] == inspection.likeness.score


def test_a_film_of_another_product_wants_a_person_or_what_the_policy_says(tmp_path):
    film = make_video(tmp_path / "film.mp4", scene(bottle(0.1, ground=None)), width=90, height=160)
    inspection = look(film, bottle(0.6))
    (finding,) = [one for one in inspection.findings if one.code is FindingCode.UNLIKE_PRODUCT]
    assert inspection.status is InspectionStatus.REVIEW
    assert "hardly to be seen" in finding.message
    strict = look(film, bottle(0.6), Policy({FindingCode.UNLIKE_PRODUCT: Consequence.REJECT}))
    assert strict.status is InspectionStatus.FAIL


def test_a_product_that_is_lost_on_the_way_is_told_with_its_second(tmp_path):
    with_it, without = scene(bottle(0.6, ground=None)), scene(bottle(0.1, ground=None))

    def film(number, width, height):
        return (with_it if number < 48 else without)(number, width, height)

    inspection = look(make_video(tmp_path / "film.mp4", film, width=90, height=160), bottle(0.6))
    (finding,) = [one for one in inspection.findings if one.code is FindingCode.UNLIKE_PRODUCT]
    assert 2.0 <= finding.at_s <= 2.5
    assert "lost from here on" in finding.message
