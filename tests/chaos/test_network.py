from __future__ import annotations

from pathlib import Path

import pytest

from reelmill.ledger.states import State
from reelmill.simulator.faults import Fault, Stage
from tests.chaos.bank import Bank
from tests.chaos.network import EXPECTED, faulty, without_service
from tests.chaos.tally import Tally

pytestmark = pytest.mark.timeout(600)  # many processes, and some machines are busy

_FAULTS = {fault for fault in Fault if fault.stage is not Stage.VERDICT}  # no judge is asked in these worlds
_NEVER_ACCEPTED = {"400", "400_filter", "500_before", "503_before", "504_before", "drop_before", "redirect"}


def test_every_fault_of_the_service_ends_as_it_has_to(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    expected = {kind: state for kind, state in EXPECTED.items() if kind != "partial"}
    assert faulty(chaos_bank, tmp_path / "w", tally, expected) == expected
    assert tally.broken == []
    assert {kind.partition(":")[0] for kind in EXPECTED} == _FAULTS
    assert set(tally.faults) == _FAULTS - {Fault.PARTIAL}
    assert tally.accepted == len(expected) - len(_NEVER_ACCEPTED)


def test_a_service_that_is_not_there_costs_nothing(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    assert without_service(chaos_bank, tmp_path, tally) == {
        "name does not resolve": State.SUCCEEDED,
        "nothing listens": State.SUCCEEDED,
        "accepted and never answered": State.LOST,  # it might have been a service that took the money
    }
    assert tally.broken == []
    assert tally.accepted == 2
