from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.clip import Mode, Resolution, VideoRequest
from reelmill.errors import FixConfiguration, FixRequest
from reelmill.platforms import NativeRatio
from reelmill.veo.checks import PERSON_GENERATION, check_region, check_request, estimate_tokens
from reelmill.veo.registry import Registry

SHIPPED = Registry.shipped()
STD, FAST, LITE = "veo-3.1-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"
A, B = "https://shop.example/a.jpg", "gs://shop/b.png"


def check(model=STD, **fields):
    request = VideoRequest(**{"model": model, "prompt": "A kettle.", "aspect_ratio": NativeRatio.PORTRAIT, **fields})
    check_request(request, SHIPPED.model(model))


@pytest.mark.parametrize("model", [STD, FAST, LITE])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"duration_s": 4},
        {"duration_s": 6, "audio": False, "samples": 4, "seed": 4294967295},
        {"resolution": Resolution.P1080},
        {"image": A, "prompt": ""},
        {"image": A, "last_frame": B, "duration_s": 4},
        {"video": "gs://shop/a.mp4", "duration_s": 7, "resolution": Resolution.P1080, "prompt": ""},
        {"prompt": "x" * 4096},
        {"person_generation": "ALLOW_ALL"},
    ],
)
def test_what_every_offered_model_takes(model, fields):
    check(model, **fields)


def test_what_only_some_take():
    check(STD, resolution=Resolution.K4)
    check(STD, reference_images=(A, B, "gs://shop/c.png"))
    check(FAST, reference_images=(A,))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"duration_s": 5}, "4, 6, 8 seconds"),
        ({"duration_s": 0}, "duration_s = 0"),
        ({"aspect_ratio": "1:1"}, "16:9, 9:16"),
        ({"resolution": Resolution.P1080, "duration_s": 6}, "8 seconds, or 720p"),
        ({"resolution": Resolution.K4, "duration_s": 4}, "8 seconds, or 720p"),
        ({"resolution": "360p"}, "720p, 1080p, 4k"),
        ({"reference_images": (A, A, B, B)}, "up to 3 asset images"),
        ({"reference_images": (A,), "duration_s": 6}, "8 seconds with reference images"),
        ({"reference_images": (A,), "prompt": " "}, "prompt is empty"),
        ({"reference_images": (A,), "image": B}, "image and reference_images"),
        ({"reference_images": (A,), "last_frame": B}, "last_frame was given without image"),
        ({"reference_images": (A,), "video": "gs://shop/a.mp4"}, "reference_images and video"),
        ({"image": A, "video": "gs://shop/a.mp4"}, "image and video"),
        ({"last_frame": A}, "without image"),
        ({"video": "gs://shop/a.mp4"}, "7 for an extension"),
        ({"video": "https://shop.example/a.mp4", "duration_s": 7}, "gs:// address of an MP4"),
        ({"video": "gs://shop/a.MOV", "duration_s": 7}, "MP4"),
        ({"image": "http://shop.example/a.jpg"}, "https:// or gs://"),
        ({"image": "/etc/passwd"}, "https:// or gs://"),
        ({"samples": 0}, "1 to 4"),
        ({"samples": 5}, "1 to 4"),
        ({"seed": -1}, "0 to 4294967295"),
        ({"seed": 4294967296}, "0 to 4294967295"),
        ({"person_generation": "everyone"}, "allow_adult"),
        ({"prompt": ""}, "prompt is empty"),
        ({"prompt": "x" * 4097}, "1024"),
        ({"prompt": "茶" * 1025}, "1025 tokens"),
    ],
)
def test_what_none_takes_is_refused_with_what_is_allowed(fields, said):
    with pytest.raises(FixRequest, match=said) as caught:
        check(STD, **fields)
    assert caught.value.remedy


def test_4k_on_fast_is_priced_but_not_on_the_card():
    with pytest.raises(FixRequest, match="has a price for it, but the model card"):
        check(FAST, resolution=Resolution.K4)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"resolution": Resolution.K4}, "720p, 1080p"), ({"reference_images": (A,)}, "for veo-3.1-lite")],
)
def test_lite_takes_less(fields, said):
    with pytest.raises(FixRequest, match=said):
        check(LITE, **fields)


def test_a_retired_model_takes_nothing():
    with pytest.raises(FixRequest):
        check("veo-2.0-generate-001")


def test_a_request_for_another_model_is_refused():
    request = VideoRequest(model=FAST, prompt="A kettle.", aspect_ratio=NativeRatio.PORTRAIT)
    with pytest.raises(FixRequest, match=STD):
        check_request(request, SHIPPED.model(STD))


def test_models_that_lack_the_sound_switch():
    silent = SHIPPED.model(STD).model_copy(update={"audio": False})
    loud = SHIPPED.model(STD).model_copy(update={"audio_can_be_off": False})
    request = VideoRequest(model=STD, prompt="A kettle.", aspect_ratio=NativeRatio.PORTRAIT)
    with pytest.raises(FixRequest, match="silent"):
        check_request(request, silent)
    with pytest.raises(FixRequest, match="always makes sound"):
        check_request(VideoRequest(**{**request.to_dict(), "audio": False}), loud)


def test_secrets_of_an_address_stay_out_of_the_message():
    with pytest.raises(FixRequest) as caught:
        check(STD, image="http://user:pw@shop.example/a.jpg?token=abc")
    assert "pw" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_regions():
    check_region("us-central1", SHIPPED.model(STD))
    for elsewhere in ("global", "europe-west4"):
        with pytest.raises(FixConfiguration, match="us-central1"):
            check_region(elsewhere, SHIPPED.model(STD))


def test_tokens_grow_with_the_text():
    assert estimate_tokens("") == 0
    assert estimate_tokens("abcd") == 1
    assert estimate_tokens("abcde") == 2
    assert estimate_tokens("küche") == 2


@settings(max_examples=150)
@given(
    model=st.sampled_from([STD, FAST, LITE]),
    duration_s=st.integers(0, 10),
    resolution=st.sampled_from(Resolution),
    audio=st.booleans(),
    samples=st.integers(-1, 6),
    seed=st.none() | st.integers(-1, 2**32),
    person_generation=st.sampled_from([*PERSON_GENERATION, "x"]),
    image=st.sampled_from([None, A, "http://x"]),
    last_frame=st.sampled_from([None, B]),
    reference_images=st.lists(st.sampled_from([A, B]), max_size=4).map(tuple),
    video=st.sampled_from([None, "gs://shop/a.mp4"]),
    prompt=st.sampled_from(["", "A kettle."]),
)
def test_whatever_passes_obeys_every_rule(model, **fields):
    request = VideoRequest(model=model, aspect_ratio=NativeRatio.LANDSCAPE, **fields)
    try:
        check_request(request, SHIPPED.model(model))
    except FixRequest:
        return
    assert 1 <= request.samples <= 4
    assert request.seed is None or 0 <= request.seed < 2**32
    assert sum([request.image is not None, bool(request.reference_images), request.video is not None]) <= 1
    assert request.last_frame is None or request.image is not None
    assert request.prompt or request.mode not in (Mode.TEXT, Mode.REFERENCES)
    assert request.duration_s == 7 if request.mode is Mode.EXTENSION else request.duration_s in (4, 6, 8)
    eight_only = request.mode is Mode.REFERENCES or (
        request.resolution is not Resolution.P720 and request.mode is not Mode.EXTENSION
    )
    assert request.duration_s == 8 or not eight_only
    assert model != LITE or not request.reference_images
    assert model == STD or request.resolution is not Resolution.K4
