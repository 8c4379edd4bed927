from pathlib import Path

import pytest

from reelmill.ledger.ledger import Ledger
from tests.support.making import CONTENT, planner_for


@pytest.fixture
def ledger(tmp_path: Path):
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close()


@pytest.fixture
def plan(ledger):
    """Plan rows against a real, empty ledger with the shipped content."""

    def run(rows, *, sink=None, **options):
        return planner_for(ledger, **options).plan(rows, sink)

    assert (CONTENT / "platforms.toml").is_file()
    return run
