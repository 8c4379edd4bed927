from __future__ import annotations

import pytest

from tests.support.services import fake_gcs, simulator
from tests.support.vertex_http import VertexHttp


@pytest.fixture(scope="session")
def storage():
    with fake_gcs() as service:
        yield service


@pytest.fixture(scope="session")
def veo(storage):
    """One simulator for every test that needs no options of its own; prompts force faults."""
    with simulator(storage.url, prompt_faults=True, slow_seconds=0.4, late_seconds=0.6, video_scale=0.2) as service:
        yield service


@pytest.fixture
def http(veo):
    return VertexHttp(veo.url)


@pytest.fixture
def record(veo):
    """The journal's record of one operation."""

    def find(name):
        return next(record for record in veo.journal() if record["operation"] == name)

    return find
