from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.planning.seen import SeenSkus

SKUS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), max_size=60)


@settings(max_examples=40)
@given(SKUS, SKUS, st.integers(1, 7))
def test_missing_are_those_never_added_in_the_order_asked(added, asked, size):
    with SeenSkus() as seen:
        for start in range(0, len(added), size):
            seen.add(added[start : start + size])

        assert seen.missing(asked) == [sku for sku in asked if sku not in set(added)]
        assert seen.missing(added) == []


def test_nothing_stays_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with SeenSkus() as seen:
        seen.add(["a"])
        assert seen.missing(["a", "b"]) == ["b"]
        assert list(tmp_path.iterdir())

    assert not list(tmp_path.iterdir())
