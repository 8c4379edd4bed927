from __future__ import annotations

from benchmarks.places import Places


def test_places_are_full_when_so_many_are_first_between_submit_and_settle():
    places = Places(submitted=[0, 1, 2, 3, 4], settled=[2, 5, 6, 7, 8])
    assert places.full_with(1) == 1
    assert places.full_with(2) == 2  # one is settled as the third is sent
    assert places.full_with(3) == 4
    assert places.full_with(4) == 5
    assert places.full_with(5) is None
