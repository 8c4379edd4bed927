from collections.abc import Iterator

import pytest

from reelmill.ledger.ledger import Ledger
from tests.delivery.making import Stall
from tests.ledger.making import FixedClock
from tests.support.command_line import reelmill, reelmill_json  # noqa: F401 - fixtures


class Ticking(FixedClock):
    """A second passes at each look, so that the order of things is settled."""

    def __call__(self):
        self.advance(1)
        return self.now


@pytest.fixture
def stall(tmp_path) -> Iterator[Stall]:
    """A ledger at the place of the settings, and an output folder."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=Ticking()) as ledger:
        stall = Stall(ledger, str(tmp_path / "out"))
        stall.run()
        yield stall
