from dataclasses import fields, replace
from decimal import Decimal

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from reelmill.clip import Clip, Mode, Resolution, VideoRequest
from reelmill.platforms import NativeRatio
from tests.support.production import clip

TEXT = st.text(max_size=40)
REQUESTS = st.builds(
    VideoRequest,
    model=TEXT,
    prompt=TEXT,
    aspect_ratio=st.sampled_from(NativeRatio),
    duration_s=st.sampled_from([4, 6, 8]),
    resolution=st.sampled_from(Resolution),
    audio=st.booleans(),
    samples=st.integers(1, 4),
    negative_prompt=TEXT,
    seed=st.none() | st.integers(0, 2**32 - 1),
    image=st.none() | TEXT,
    last_frame=st.none() | TEXT,
    reference_images=st.lists(TEXT, max_size=3).map(tuple),
    video=st.none() | TEXT,
)


@given(REQUESTS)
def test_a_stored_request_comes_back_whole(request_):
    assert VideoRequest.from_dict(orjson.loads(orjson.dumps(request_.to_dict()))) == request_


@given(REQUESTS, REQUESTS, st.text(min_size=1, max_size=10), st.integers(1, 10))
def test_different_purchases_have_different_identities(one, other, sku, variant):
    assume(one != other)
    assert Clip.identify(one, sku, variant) != Clip.identify(other, sku, variant)


@given(REQUESTS, st.text(max_size=10), st.text(max_size=10), st.integers(1, 5), st.integers(1, 5))
def test_identity_is_stable_and_tells_products_and_variants_apart(request_, sku, other_sku, variant, other_variant):
    identity = Clip.identify(request_, sku, variant)
    assert identity == Clip.identify(replace(request_), sku, variant)
    same = (sku, variant) == (other_sku, other_variant)
    assert (identity == Clip.identify(request_, other_sku, other_variant)) is same


def test_every_field_of_the_request_belongs_to_the_identity():
    asked = clip().request
    changes = {
        "prompt": "x",
        "model": "x",
        "aspect_ratio": NativeRatio.LANDSCAPE,
        "resolution": Resolution.K4,
        "reference_images": ("x",),
        "audio": False,
        "duration_s": 6,
        "samples": 2,
        "seed": 1,
    }
    identities = {
        Clip.identify(replace(asked, **{field.name: changes.get(field.name, "x")}), "sku", 1) for field in fields(asked)
    }
    assert len(identities | {Clip.identify(asked, "sku", 1)}) == len(fields(asked)) + 1


def test_the_estimate_is_the_most_it_can_cost():
    asked = clip(samples=3, duration_s=8)
    assert asked.estimated_usd == Decimal("0.05") * 8 * 3


def test_content_of_pictures_can_belong_to_the_identity():
    asked = clip().request
    assert Clip.identify(asked, "s", 1, ("a",)) != Clip.identify(asked, "s", 1, ("b",)) != Clip.identify(asked, "s", 1)


def test_the_mode_is_what_the_media_imply():
    asked = clip().request
    assert asked.mode is Mode.TEXT
    assert replace(asked, image="i").mode is Mode.FIRST_FRAME
    assert replace(asked, image="i", last_frame="l").mode is Mode.FIRST_LAST_FRAME
    assert replace(asked, reference_images=("r",)).mode is Mode.REFERENCES
    assert replace(asked, video="v").mode is Mode.EXTENSION
