from __future__ import annotations

import re

import pytest

from tests.support.services import simulator
from tests.support.vertex_http import MODEL, VertexHttp

NAME = re.compile(
    rf"projects/p/locations/us-central1/publishers/google/models/{MODEL}/operations/"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)


def status(answer):
    envelope = answer.json()["error"]
    assert envelope["code"] == answer.status_code
    return answer.status_code, envelope["status"], envelope["message"]


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_submit_answers_with_a_name_only_in_both_versions(veo, version):
    assert NAME.fullmatch(VertexHttp(veo.url, version=version).accepted())


def test_every_accepted_post_is_a_new_operation(http):
    assert http.accepted("Same") != http.accepted("Same")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}]
)
def test_without_a_bearer_nothing_is_accepted(veo, http, header):
    for verb in ("predictLongRunning", "fetchPredictOperation"):
        code, name, text = status(http.request("POST", http.path(verb), json={}, headers=header))
        assert (code, name) == (401, "UNAUTHENTICATED")
        assert "Expected OAuth 2 access token" in text
    assert http.request("GET", f"/v1/publishers/google/models/{MODEL}", headers=header).status_code == 401


@pytest.mark.parametrize("model", ["veo-3.0-generate-001", "veo-3.1-generate-preview", "nonsense"])
def test_a_retired_or_unknown_model_is_not_found(http, model):
    code, name, text = status(http.submit(model=model))
    assert (code, name) == (404, "NOT_FOUND")
    assert text.startswith(
        f"Publisher Model `projects/p/locations/us-central1/publishers/google/models/{model}` was not found or your "
        "project does not have access to it. Please ensure you are using a valid model version."
    )


def test_another_region_is_not_found(veo):
    assert VertexHttp(veo.url, location="europe-west4").submit().status_code == 404
    assert VertexHttp(veo.url, location="global").submit().status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/:fetchPredictOperation"),
        ("POST", f"/v1/projects/p/locations/us-central1/models/{MODEL}:predictLongRunning"),
        ("GET", f"/v1/projects/p/locations/us-central1/publishers/google/models/{MODEL}:predictLongRunning"),
        ("PUT", f"/v1/projects/p/locations/us-central1/publishers/google/models/{MODEL}:predictLongRunning"),
        ("POST", f"/v2/projects/p/locations/us-central1/publishers/google/models/{MODEL}:predictLongRunning"),
        ("POST", "/v1/projects/p/locations/us-central1/:fetchPredictOperation"),
        ("GET", f"/v1beta1/projects/p/locations/us-central1/publishers/google/models/{MODEL}/operations/1"),
    ],
)
def test_wrong_paths_fail_loudly(http, method, path):
    assert http.request(method, path, json={}).status_code == 404


def test_the_two_documented_400_texts(http):
    express = http.request("POST", f"/v1/publishers/google/models/{MODEL}:predictLongRunning", json={})
    assert status(express) == (400, "INVALID_ARGUMENT", "Invalid resource field value in the request.")
    short = http.request("GET", "/v1/projects/p/locations/us-central1/operations/abc-1")
    assert status(short)[2] == "The Operation ID must be a Long, but was instead: abc-1"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"instances": []}', b'{"instances": [{}, {}]}', b'{"instances": ["x"]}',
        b'{"instances": [{"prompt": "x"}], "parameters": []  , "extra": 1}',
        b'{"instances": [{"prompt": "x"}], "parameters": [1]}',
        b'{"instances": [{"prompt": "x"}], "labels": {"a": 1}}',
        b'{"instances": [{"prompt": "x"}], "config": {}}',
    ],
)  # fmt: skip
def test_a_broken_envelope_is_refused_at_once(http, body):
    assert status(http.request("POST", http.path("predictLongRunning"), content=body))[:2] == (400, "INVALID_ARGUMENT")


def test_polls_need_a_known_name_and_nothing_else(http):
    name = http.accepted()
    fetch = http.path("fetchPredictOperation")
    assert http.request("POST", fetch, json={"operationName": "bare-id"}).status_code == 400
    assert http.request("POST", fetch, json={"operationName": name, "x": 1}).status_code == 400
    assert http.request("POST", fetch, content=b"").status_code == 400
    assert status(http.request("POST", fetch, json={"operationName": name[:-1] + "?"}))[:2] == (404, "NOT_FOUND")


def test_unknown_inner_keys_are_accepted_and_recorded(http, record):
    name = http.accepted(instance={"mood": "calm"}, audioConfig={"music": True})
    assert sorted(record(name)["unknown_keys"]) == ["instances[0].mood", "parameters.audioConfig"]


def test_strict_refuses_what_is_not_known_to_be_accepted(storage):
    with simulator(storage.url, strict=True, video_scale=0.1) as service:
        strict = VertexHttp(service.url)
        assert strict.submit(audioConfig={}).status_code == 400
        assert strict.submit(labels={"Sku": "x"}).status_code == 400
        assert strict.submit(labels={"sku": "X 1"}).status_code == 400
        assert strict.error(personGeneration="everyone")[0] == 3
        assert strict.error(resolution="1080p", durationSeconds=4)[0] == 3
        name = strict.accepted(labels={"sku": "x-1"}, personGeneration="ALLOW_ADULT")
        other = strict.path("fetchPredictOperation", "veo-3.1-generate-001")
        assert strict.request("POST", other, json={"operationName": name}).status_code == 400


def test_the_preflight_tells_what_is_published(http):
    answer = http.request("GET", f"/v1beta1/publishers/google/models/{MODEL}?%24alt=json%3Benum-encoding%3Dint")
    assert answer.json()["name"] == f"publishers/google/models/{MODEL}"
    assert answer.json()["launchStage"] == "GA"
    missing = http.request("GET", "/v1/publishers/google/models/veo-3.0-generate-001")
    assert status(missing)[2] == "Publisher Model `publishers/google/models/veo-3.0-generate-001` is not found."


def test_the_model_garden_client_reads_the_preflight(veo):
    from google.cloud.aiplatform_v1.services.model_garden_service import ModelGardenServiceClient, transports
    from google.oauth2.credentials import Credentials

    address = veo.url.removeprefix("http://")
    transport = transports.ModelGardenServiceRestTransport(
        host=address, url_scheme="http", credentials=Credentials(token="t")
    )
    found = ModelGardenServiceClient(transport=transport).get_publisher_model(name=f"publishers/google/models/{MODEL}")
    assert found.launch_stage.name == "GA"


def test_a_model_can_be_listed_but_not_callable(storage):
    with simulator(storage.url, listed_only=MODEL, video_scale=0.1) as service:
        http = VertexHttp(service.url)
        assert http.request("GET", f"/v1/publishers/google/models/{MODEL}").status_code == 200
        assert http.submit().status_code == 404
        assert http.submit(model="veo-3.1-generate-001").status_code == 200


def test_pending_answers_may_say_done_false(storage):
    with simulator(storage.url, latency="60", pending_done=True, video_scale=0.1) as service:
        http = VertexHttp(service.url)
        name = http.accepted()
        assert http.poll(name).json() == {"name": name, "done": False}


def test_pending_answers_have_the_name_only(storage):
    with simulator(storage.url, latency="60", video_scale=0.1) as service:
        http = VertexHttp(service.url)
        name = http.accepted()
        assert http.poll(name).json() == {"name": name}


def test_the_connection_is_kept_and_survives_a_bad_request(veo):
    import httpx

    with httpx.Client(base_url=veo.url, trust_env=False) as client:
        ports = set()
        for _ in range(3):
            with client.stream("POST", "/", content=b"x") as answer:
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                answer.read()
        assert len(ports) == 1
