"""A ledger with a few runs in it, made through its own interface, and somewhere to write tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from tests.report.making import Shop
from tests.support.services import FakeGcs, fake_gcs


@pytest.fixture(scope="session")
def gcs() -> Iterator[FakeGcs]:
    with fake_gcs() as service:
        yield service


@pytest.fixture
def local(tmp_path):
    return open_storage(str(tmp_path / "out"), Settings())


@pytest.fixture
def cloud(gcs):
    return open_storage(f"gs://{gcs.bucket()}/shop", Settings(storage_emulator_host=gcs.url, project="local"))


@pytest.fixture(params=["local", "cloud"])
def storage(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=(clock := Shop.Clock())) as ledger:
        yield Shop(ledger, clock)
