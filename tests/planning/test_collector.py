import contextlib
import gc

import pytest

from reelmill.planning.collector import rare_collections


@pytest.fixture(autouse=True)
def _as_it_was():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_collections_are_rare_inside_and_as_before_after_it():
    gc.set_threshold(700, 10, 10)

    with contextlib.suppress(KeyError), rare_collections():
        assert gc.get_threshold() == (50_000, 10, 10)
        raise KeyError

    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("first", [0, 200_000])
def test_a_collector_that_is_off_or_rarer_stays_so(first):
    gc.set_threshold(first, 10, 10)

    with rare_collections():
        assert gc.get_threshold() == (first, 10, 10)
