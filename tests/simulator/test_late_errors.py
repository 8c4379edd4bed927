from __future__ import annotations

import base64

import pytest

DURATION = "Unsupported output video duration {} seconds, supported durations are {} for feature {}"
INLINE = {"bytesBase64Encoded": base64.b64encode(b"x").decode(), "mimeType": "image/png"}


def test_five_seconds_fail_with_the_service_s_own_words(http, record):
    name = http.accepted(durationSeconds=5)
    assert http.result(name)["error"] == {"code": 3, "message": DURATION.format(5, "[8,4,6]", "text_to_video") + "."}
    assert (record(name)["outcome"], record(name)["returned"], record(name)["amount_usd"]) == ("failed", 0, "0")


def test_references_want_eight_seconds(http):
    references = [{"image": INLINE, "referenceType": "asset"}]
    text = http.error(instance={"referenceImages": references}, durationSeconds=6)[1]
    assert text == DURATION.format(6, "[8]", "reference_to_video")


def test_prompt_enhancement_cannot_be_disabled(http):
    assert http.error(enhancePrompt=False) == (3, "Veo 3 prompt enhancement cannot be disabled.")


@pytest.mark.parametrize(
    "parameters",
    [
        {"aspectRatio": "1:1"},
        {"aspectRatio": "4:5"},
        {"resolution": "8k"},
        {"resolution": "4k"},  # the fast model's card has none
        {"sampleCount": 0},
        {"sampleCount": 5},
        {"sampleCount": "two"},
        {"seed": -1},
        {"seed": 2**32},
        {"durationSeconds": "8"},
        {"durationSeconds": True},
        {"generateAudio": "yes"},
        {"storageUri": "https://example.com/x"},
        {"compressionQuality": "best"},
        {"resizeMode": "stretch"},
        {"task": "dance"},
    ],
)
def test_bad_parameters_fail_only_after_they_were_accepted(http, parameters):
    assert http.error(**parameters)[0] == 3


@pytest.mark.parametrize(
    "instance",
    [
        {"image": INLINE, "video": {**INLINE, "mimeType": "video/mp4"}},
        {"image": INLINE, "referenceImages": [{"image": INLINE, "referenceType": "asset"}]},
        {"lastFrame": INLINE},
        {"cameraControl": "fixed"},
        {"mask": INLINE},
        {"image": {"gcsUri": "gs://b/o", "bytesBase64Encoded": "eA==", "mimeType": "image/png"}},
        {"image": {"mimeType": "image/png"}},
        {"image": {"gcsUri": "gs://b/o"}},
        {"image": {"gcsUri": "gs://b/o", "mimeType": "image/gif"}},
        {"image": {"gcsUri": "https://example.com/o", "mimeType": "image/png"}},
        {"image": {"bytesBase64Encoded": "???", "mimeType": "image/png"}},
        {"referenceImages": [{"image": INLINE, "referenceType": "style"}]},
        {"referenceImages": [{"image": INLINE, "referenceType": "asset"}] * 4},
    ],
)
def test_bad_combinations_fail_only_after_they_were_accepted(http, instance):
    assert http.error(instance=instance)[0] == 3


def test_lite_has_no_references(http):
    references = [{"image": INLINE, "referenceType": "asset"}]
    assert http.error(instance={"referenceImages": references}, model="veo-3.1-lite-generate-001")[0] == 3


@pytest.mark.parametrize("prompt", [None, "", "   "])
def test_text_needs_a_prompt(http, prompt):
    assert http.error(prompt)[0] == 3


@pytest.mark.parametrize(
    "parameters", [{"compressionQuality": "OPTIMIZED"}, {"resizeMode": "PAD"}, {"personGeneration": "any"}]
)
def test_enums_are_read_in_any_case_and_persons_as_anything(http, parameters):
    assert http.result(http.accepted(**parameters))["response"]["videos"]


def test_the_standard_model_makes_4k(http, record):
    name = http.accepted(model="veo-3.1-generate-001", resolution="4K", generateAudio=False)
    assert http.result(name)["response"]["videos"]
    assert record(name)["amount_usd"] == "3.20"
