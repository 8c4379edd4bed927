"""What reaches Vertex AI for every mode, field by field."""

from __future__ import annotations

import base64

import pytest

from reelmill.clip import Resolution, VideoRequest
from reelmill.platforms import NativeRatio
from reelmill.settings import Settings
from reelmill.veo.backend import MediaInput
from reelmill.veo.outcomes import Accepted, Refusal, Refused
from reelmill.veo.vertex import VertexBackend
from tests.support.postcount import OPERATION, answer, post_counter

MODEL = "veo-3.1-generate-001"
PNG = MediaInput("image/png", data=b"\x89PNG picture")
IN_CLOUD = MediaInput("image/jpeg", uri="gs://shop/a.jpg")


@pytest.fixture(scope="module")
def server():
    with post_counter(answer(200, {"name": OPERATION})) as counter:
        yield counter


@pytest.fixture(scope="module")
def vertex(server):
    with VertexBackend.from_settings(Settings(project="my-project", vertex_base_url=server.url)) as backend:
        yield backend


@pytest.fixture
def send(server, vertex):
    def send(media=None, storage_uri=None, labels=None, **fields):
        server.seen.clear()
        request = VideoRequest(model=MODEL, aspect_ratio=NativeRatio.PORTRAIT, **{"prompt": "A kettle.", **fields})
        outcome = vertex.submit(
            request, media=media or {}, storage_uri=storage_uri, labels=labels or {}, before_send=lambda: True
        )
        assert outcome == Accepted(OPERATION)
        assert len(server.seen) == 1
        return server.seen[0]

    return send


def test_the_request_goes_to_the_documented_address(send):
    seen = send()
    assert (
        seen.path
        == f"/v1/projects/my-project/locations/us-central1/publishers/google/models/{MODEL}:predictLongRunning"
    )
    assert seen.headers["authorization"] == "Bearer rehearsal"
    assert seen.headers["connection"] == "close"


def test_text_to_video_sends_every_choice_and_nothing_else(send):
    seen = send(
        duration_s=6,
        resolution=Resolution.P720,
        audio=False,
        samples=3,
        negative_prompt="text, logos",
        seed=0,
        storage_uri="gs://bucket/prefix",
        labels={"sku": "A/1", "run": "r1"},
    )
    assert seen.json() == {
        "instances": [{"prompt": "A kettle."}],
        "parameters": {
            "sampleCount": 3,
            "storageUri": "gs://bucket/prefix",
            "durationSeconds": 6,
            "seed": 0,
            "aspectRatio": "9:16",
            "resolution": "720p",
            "personGeneration": "allow_adult",
            "negativePrompt": "text, logos",
            "generateAudio": False,
        },
        "labels": {"sku": "a_1", "run": "r1"},
    }


def test_sound_is_said_even_when_it_is_the_default(send):
    assert send().json()["parameters"]["generateAudio"] is True


def test_no_storage_no_labels_no_seed_unless_given(send):
    body = send().json()
    assert set(body) == {"instances", "parameters"}
    assert not {"storageUri", "seed", "negativePrompt", "fps", "enhancePrompt"} & set(body["parameters"])


def test_first_frame_as_bytes(send):
    instance = send(image="https://shop/a.png", media={"https://shop/a.png": PNG}).json()["instances"][0]
    assert instance["image"] == {
        "bytesBase64Encoded": base64.b64encode(b"\x89PNG picture").decode(),
        "mimeType": "image/png",
    }


def test_first_and_last_frame_from_cloud_storage(send):
    media = {"gs://shop/a.jpg": IN_CLOUD, "https://shop/a.png": PNG}
    instance = send(image="gs://shop/a.jpg", last_frame="https://shop/a.png", media=media).json()["instances"][0]
    assert instance["image"] == {"gcsUri": "gs://shop/a.jpg", "mimeType": "image/jpeg"}
    assert instance["lastFrame"]["mimeType"] == "image/png"


def test_three_reference_images(send):
    media = {f"gs://shop/{n}.jpg": MediaInput("image/jpeg", uri=f"gs://shop/{n}.jpg") for n in range(3)}
    instance = send(reference_images=tuple(media), media=media).json()["instances"][0]
    assert [entry["image"]["gcsUri"] for entry in instance["referenceImages"]] == list(media)
    assert {entry["referenceType"].lower() for entry in instance["referenceImages"]} == {"asset"}


def test_extension_sends_the_video_and_no_duration(send):
    media = {"gs://shop/a.mp4": MediaInput("video/mp4", uri="gs://shop/a.mp4")}
    body = send(video="gs://shop/a.mp4", duration_s=7, resolution=Resolution.P1080, media=media).json()
    assert body["instances"][0]["video"] == {"gcsUri": "gs://shop/a.mp4", "mimeType": "video/mp4"}
    assert "durationSeconds" not in body["parameters"]
    assert body["parameters"]["resolution"] == "1080p"


@pytest.mark.parametrize(
    ("media", "problem"),
    [
        ({}, "was not made ready"),
        ({"https://shop/a.webp": MediaInput("image/webp", data=b"x")}, "is image/webp"),
        ({"https://shop/a.webp": MediaInput("image/png", uri="https://shop/a.webp")}, "not in Cloud Storage"),
        ({"https://shop/a.webp": MediaInput("image/png", data=b"")}, "was not made ready"),
    ],
)
def test_media_that_cannot_be_sent_are_refused_before_any_connection(server, vertex, media, problem):
    before = server.connections
    request = VideoRequest(
        model=MODEL, prompt="A kettle.", aspect_ratio=NativeRatio.PORTRAIT, image="https://shop/a.webp"
    )
    outcome = vertex.submit(request, media=media, storage_uri=None, labels={}, before_send=lambda: True)
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.BAD_REQUEST
    assert problem in outcome.message
    assert server.connections == before
