"""Fixtures for every room: the real services, one of each per worker, and a clean environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.services import FakeGcs, SimulatorProcess, fake_gcs, simulator

# How fast examples are made, and run, tells how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """No setting of the person who runs the tests may leak in, and nothing may leave this machine."""
    for name in os.environ:
        if name.startswith(("REELMILL_", "GOOGLE_")) or name == "STORAGE_EMULATOR_HOST":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture(scope="session")
def gcs() -> Iterator[FakeGcs]:
    """A Cloud Storage stand-in; take a bucket of your own from it."""
    with fake_gcs() as running:
        yield running


@pytest.fixture(scope="session")
def veo(gcs: FakeGcs) -> Iterator[SimulatorProcess]:
    """A simulator without faults of its own; prompts may ask for them with ``[[fault:KIND]]``."""
    with simulator(gcs.url, prompt_faults=True, slow_seconds=8, late_seconds=1) as running:
        yield running
