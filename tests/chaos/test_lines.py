from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.bank import Bank
from tests.chaos.lines import MONEY, WAYS, kill_at, run, run_twice
from tests.chaos.tally import Tally


@pytest.mark.timeout(600)  # it shares its machine with other tests
def test_a_clip_killed_at_lines_spread_over_its_way_is_paid_once_and_never_lost(
    chaos_bank: Bank, tmp_path: Path
) -> None:
    tally, said = Tally(), list[str]()
    ways = [way for way in WAYS if way.name in {"plain", "unclear", "remade"}]
    for way in ways:
        run(chaos_bank, tmp_path, tally, way, say=said.append, sample=7)
    run_twice(chaos_bank, tmp_path, tally, ways, say=said.append, pairs=6)
    assert tally.broken == []
    assert tally.worlds == 3 * 7 + 6
    assert tally.kill_points >= 3 * 7 + 6  # now and then one ends before its event
    assert tally.faults["drop_after_accept"] > 0
    assert tally.accepted > tally.worlds  # what is unfit is made anew
    assert tally.billed_usd > 0
    assert "line events" in said[0]
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_the_ways_lead_through_every_room_where_money_is(chaos_bank: Bank, tmp_path: Path) -> None:
    tried = kill_at(chaos_bank, tmp_path, WAYS[0], (1,))
    assert tried.verdict.broken == []
    assert len(tried.died) == 1
    assert tried.died[0].startswith(MONEY)
    assert str(tried).startswith("lines --at plain:1 (production/sending.py:")
