"""Threads that take turns at the same key, and at no other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reelmill.production.turns import Turns


def test_one_at_a_time_is_at_a_key():
    turns, inside, most = Turns(), [], []
    together = threading.Barrier(8)

    def take(number):
        together.wait()
        for _ in range(50):
            with turns.of("a"):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(take, range(8)))
    assert set(most) == {1}
    assert turns._turns == {}, "nothing is kept of keys that nobody wants"


def test_nobody_waits_for_another_key_and_a_failure_lets_the_next_one_in():
    turns = Turns()
    with turns.of("a"), turns.of("b"):
        assert set(turns._turns) == {"a", "b"}
    with pytest.raises(ValueError, match="broken"), turns.of("a"):
        raise ValueError("broken")
    with turns.of("a"):
        pass
    assert turns._turns == {}
