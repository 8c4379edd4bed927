"""Each test is one bad night: several workers, one after another, meet a fault each, and then all has to be right."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.bank import Bank
from tests.chaos.database_faults import Databases, cut_at, databases
from tests.chaos.database_faults import quiet_after as quiet_on_postgres
from tests.chaos.database_proxy import Cut
from tests.chaos.disk_faults import failing_disk, locked, no_larger_than, quiet_after, read_only
from tests.chaos.ptrace import why_none_can_fail, why_not
from tests.chaos.tally import Tally

pytestmark = pytest.mark.timeout(600)  # many processes, and some machines are busy


@pytest.fixture(scope="module")
def postgres() -> Iterator[Databases]:
    with databases() as running:
        yield running


def test_postgresql_lost_around_commits(postgres: Databases, chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    with quiet_on_postgres(postgres, chaos_bank, tmp_path / "w", tally, "lost") as world:
        for at, cut in [(9, Cut.BEFORE), (12, Cut.AFTER), (17, Cut.RESTARTED)]:
            cut_at(postgres, world, tally, {at: cut})
            assert tally.faults[cut] == 1
            world.add(f"Bowl {at}")
    assert tally.broken == []
    assert tally.accepted >= 3  # of four: one may have been lost before it was sent


@pytest.mark.skipif(bool(why_not() or why_none_can_fail()), reason=why_not() or why_none_can_fail())
def test_a_ledger_whose_disk_is_full_and_then_fails_to_sync(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    with quiet_after(chaos_bank, tmp_path / "w", tally, "full, then unsynced") as world:
        assert failing_disk(world, tally, 12).failed
        world.add("Second bowl")
        assert failing_disk(world, tally, 4, error=errno.EIO, syncs=True, times=1).failed
    assert tally.broken == []
    assert tally.accepted


def test_a_ledger_that_may_not_grow_is_locked_and_read_only(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    with quiet_after(chaos_bank, tmp_path / "w", tally, "too large, locked, read-only") as world:
        assert no_larger_than(world, tally, 60_000) == 1
        assert locked(world, tally, hold_s=0.2, kill=3_500) > 1
        code, said = read_only(world, tally)
    assert code == 1
    assert "Make the file and its folder writable" in said
    assert tally.broken == []
    assert tally.accepted
