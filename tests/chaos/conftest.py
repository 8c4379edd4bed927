"""One bank for the proof's tests of each process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.bank import Bank, open_bank


@pytest.fixture(scope="session")
def chaos_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Simulator and Cloud Storage stand-in; every world has a bucket of its own."""
    with open_bank(tmp_path_factory.mktemp("bank")) as bank:
        yield bank
