from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.bank import Bank
from tests.chaos.database_faults import Databases, cut_at, databases
from tests.chaos.database_proxy import Cut
from tests.chaos.disk_faults import failing_disk, locked, no_larger_than, read_only
from tests.chaos.ptrace import why_none_can_fail, why_not
from tests.chaos.tally import Tally


@pytest.fixture(scope="module")
def postgres() -> Iterator[Databases]:
    with databases() as running:
        yield running


@pytest.mark.parametrize(("at", "cut"), [(9, Cut.BEFORE), (12, Cut.AFTER), (17, Cut.RESTARTED)])
def test_postgresql_lost_around_a_commit(
    postgres: Databases, chaos_bank: Bank, tmp_path: Path, at: int, cut: Cut
) -> None:
    tally = Tally()
    cut_at(postgres, chaos_bank, tmp_path / "w", tally, {at: cut})
    assert tally.broken == []
    assert tally.faults == {cut: 1}
    assert tally.accepted == 1


@pytest.mark.skipif(bool(why_not() or why_none_can_fail()), reason=why_not() or why_none_can_fail())
@pytest.mark.parametrize(("nth", "error", "syncs"), [(12, errno.ENOSPC, False), (4, errno.EIO, True)])
def test_a_ledger_whose_disk_fails(chaos_bank: Bank, tmp_path: Path, nth: int, error: int, syncs: bool) -> None:
    tally = Tally()
    disk = failing_disk(chaos_bank, tmp_path / "w", tally, nth, error=error, syncs=syncs)
    assert tally.broken == []
    assert disk.failed


def test_a_ledger_that_may_not_grow(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    assert no_larger_than(chaos_bank, tmp_path / "w", tally, 100_000) == 1
    assert tally.broken == []


def test_a_ledger_that_another_process_locks_again_and_again(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    assert locked(chaos_bank, tmp_path / "w", tally, hold_s=0.2) > 1
    assert tally.broken == []


def test_a_ledger_that_is_read_only_in_the_middle(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    code, said = read_only(chaos_bank, tmp_path / "w", tally)
    assert code == 1
    assert "Make the file and its folder writable" in said
    assert tally.broken == []
