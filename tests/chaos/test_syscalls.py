from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chaos.bank import Bank
from tests.chaos.ptrace import system_calls, why_not
from tests.chaos.syscalls import Call, Point, points_of, sample, spread
from tests.chaos.tally import Tally

pytestmark = pytest.mark.timeout(600)  # many processes, and some machines are busy

_SCRIPT = "import os, sys; sys.stdin.read(1); os.rename('a', 'b'); os.rename('b', 'c')"


@pytest.fixture(autouse=True, scope="module")
def _permitted() -> None:
    """Where nothing may be traced nothing is proven, and the test says so."""
    if reason := why_not():
        pytest.skip(reason)


def test_a_worker_killed_at_system_calls_never_pays_twice_and_loses_nothing(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    sample(chaos_bank, tmp_path, tally, nights=1, kills=10, seed=20)
    assert tally.broken == []
    assert tally.system_calls.total() >= 8  # now and then a run takes another way and leaves a point out
    assert tally.accepted
    assert tally.billed_usd


@pytest.mark.parametrize(("after", "left"), [(False, "b"), (True, "c")])
def test_before_a_call_means_that_it_is_not_done_and_after_that_it_is(tmp_path: Path, after: bool, left: str) -> None:
    (tmp_path / "a").touch()

    def kill_at_the_second_rename() -> None:
        stops = system_calls(script.pid)
        next(stops)
        go.close()
        seen = 0
        for stop in stops:
            seen += stop.name == "rename" and stop.entering is not after
            if seen == 2:
                script.send_signal(signal.SIGKILL)
                seen += 1

    with subprocess.Popen([sys.executable, "-c", _SCRIPT], cwd=tmp_path, stdin=subprocess.PIPE) as script:
        go = script.stdin
        assert go is not None
        with ThreadPoolExecutor(1) as thread:
            thread.submit(kill_at_the_second_rename).result()
    assert [path.name for path in tmp_path.iterdir()] == [left]


def test_a_spread_begins_with_one_point_of_each_kind() -> None:
    send, sync = Call("sendto", "veo"), Call("fdatasync", "ledger.db-wal")
    points = [*points_of({send: 1, sync: 5})]
    assert len(points) == 12
    mixed = list(spread(points, seed=3))
    assert sorted(map(str, mixed)) == sorted(map(str, points))
    assert {(point.call, point.after) for point in mixed[:4]} == {
        (call, after) for call in (send, sync) for after in (False, True)
    }
    assert str(Point(send, 2, after=True)) == "after sendto veo no. 2"
