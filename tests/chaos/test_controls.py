from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.bank import Bank
from tests.chaos.controls import Control
from tests.chaos.trials import TRIALS, try_control


@pytest.mark.parametrize("control", Control)
def test_the_proof_fails_where_the_protocol_is_broken_and_only_there(
    chaos_bank: Bank, tmp_path: Path, control: Control
) -> None:
    broken = try_control(chaos_bank, tmp_path, control, broken=True).broken
    assert any(TRIALS[control].red in sentence for sentence in broken), broken
    assert try_control(chaos_bank, tmp_path, control, broken=False).broken == []
