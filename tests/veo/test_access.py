"""Project, address and credentials: what is wrong is said with its remedy, and no secret travels or shows."""

from __future__ import annotations

import json

import pytest

from reelmill.errors import FixAccess, FixConfiguration
from reelmill.settings import Settings
from reelmill.veo.credentials import load_credentials
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.vertex import VertexBackend


def settings(**fields):
    return Settings(**{"project": "p", **fields})


@pytest.fixture(autouse=True)
def no_google_environment(monkeypatch, tmp_path):
    for name in ("GOOGLE_CLOUD_PROJECT", "REELMILL_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("us-central1", "https://us-central1-aiplatform.googleapis.com/"),
        ("global", "https://aiplatform.googleapis.com/"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com/"),
    ],
)
def test_googles_own_addresses(location, url):
    endpoint = Endpoint.from_settings(settings(location=location))
    assert endpoint.base_url == url
    assert not endpoint.loopback


@pytest.mark.parametrize("host", ["127.0.0.1:4500", "localhost:4500", "[::1]:4500", "127.9.9.9"])
def test_loopback_needs_no_credentials_and_gets_no_real_ones(host, tmp_path):
    key = tmp_path / "key.json"
    chosen = settings(vertex_base_url=f"http://{host}", credentials_file=key)
    endpoint = Endpoint.from_settings(chosen)
    assert (endpoint.loopback, endpoint.host, endpoint.base_url) == (True, host, f"http://{host}/")
    assert load_credentials(chosen, endpoint).token == "rehearsal"


def test_a_static_token_goes_anywhere():
    chosen = settings(vertex_base_url="http://simulator:4500/prefix/", vertex_token="mine")
    endpoint = Endpoint.from_settings(chosen)
    assert endpoint.base_url == "http://simulator:4500/prefix/"
    assert load_credentials(chosen, endpoint).token == "mine"


def test_real_credentials_never_travel_unencrypted():
    chosen = settings(vertex_base_url="http://simulator:4500")
    with pytest.raises(FixConfiguration, match="https://"):
        load_credentials(chosen, Endpoint.from_settings(chosen))


def test_a_missing_project_names_its_setting():
    with pytest.raises(FixConfiguration, match="GOOGLE_CLOUD_PROJECT"):
        VertexBackend.from_settings(Settings())


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:4500", "https://", "https://u:secret@x", "https://x?key=secret"])
def test_a_wrong_address_is_told_without_its_secrets(url):
    with pytest.raises(FixConfiguration, match="vertex_base_url") as caught:
        Endpoint.from_settings(settings(vertex_base_url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [None, "", "{}", json.dumps({"type": "service_account", "private_key": "TOPSECRET", "client_email": "a@b"})],
)
def test_a_key_file_that_is_none_is_told_without_its_content(tmp_path, content):
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FixAccess, match="credentials_file") as caught:
        VertexBackend.from_settings(settings(credentials_file=path))
    assert str(path) in str(caught.value)
    assert "TOPSECRET" not in str(caught.value)


def test_no_credentials_at_all_say_how_to_get_some():
    with pytest.raises(FixAccess, match="gcloud auth application-default login"):
        VertexBackend.from_settings(settings())
