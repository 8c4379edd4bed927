"""One suite, two storages: a local folder, and Cloud Storage through a real fake-gcs-server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from tests.support.services import FakeGcs, fake_gcs


@pytest.fixture(scope="session")
def gcs() -> Iterator[FakeGcs]:
    with fake_gcs() as service:
        yield service


@pytest.fixture
def gcs_url(gcs) -> str:
    return gcs.url


@pytest.fixture
def gcs_settings(gcs_url) -> Settings:
    return Settings(storage_emulator_host=gcs_url, project="local")


@pytest.fixture
def bucket(gcs) -> str:
    return gcs.bucket()


@pytest.fixture(params=["local", "gcs"])
def storage(request, tmp_path):
    if request.param == "local":
        return open_storage(str(tmp_path / "out"), Settings())
    bucket = request.getfixturevalue("bucket")
    return open_storage(f"gs://{bucket}/some/prefix", request.getfixturevalue("gcs_settings"))
