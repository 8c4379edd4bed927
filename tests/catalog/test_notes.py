"""What a feed as a whole is odd in, though no row of it is wrong."""

from __future__ import annotations

import pytest

from reelmill.catalog.feed import FeedOptions, open_feed
from tests.support.catalog_feeds import google_csv


def warnings_of(folder, *rows: dict[str, str], **options) -> list[str]:
    path = folder / "feed.csv"
    path.write_text(google_csv(*rows))
    feed = open_feed(path, FeedOptions(**options))
    for _ in range(2):  # a second reading counts anew
        list(feed)
    return feed.notes.warnings()


@pytest.mark.parametrize("split", [False, True])
def test_ids_that_pandas_wrote_as_floats_are_told(tmp_path, split):
    rows = [{"id": "1001.0", "item_group_id": "7"}, {"id": "", "title": "new"}, {"id": "1002.0"}]
    (warning,) = warnings_of(tmp_path, *rows, batch_rows=1, split_variants=split)
    assert "Every product id ends in .0, like 1001.0" in warning
    assert "for 1001 is made and paid for again" in warning
    assert "dtype=str" in warning


@pytest.mark.parametrize("other", ["1001", "1001.5", "A.0", "1.0.0", ".0"])
def test_ids_of_which_one_is_another_are_the_feeds_own(tmp_path, other):
    assert not warnings_of(tmp_path, {"id": "1001.0"}, {"id": other}, batch_rows=1)
    assert not warnings_of(tmp_path, {"id": other}, {"id": "1001.0"})


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
def test_rows_of_a_group_that_come_late_are_counted(tmp_path, batch_rows):
    rows = [{"id": f"{n}", "item_group_id": group} for n, group in enumerate("AABAAxAB")]
    (warning,) = warnings_of(tmp_path, *rows, batch_rows=batch_rows)
    assert warning.startswith("4 rows come after the other rows of the same item group")
    assert f"the first is row 4 of {tmp_path / 'feed.csv'}, of group A." in warning
    assert warning.endswith("Sort the feed by item group, then by id.")
    assert not warnings_of(tmp_path, *rows, split_variants=True)
    assert not warnings_of(tmp_path, *sorted(rows, key=lambda row: row["item_group_id"]))


def test_one_row_that_comes_late(tmp_path):
    rows = [{"id": f"{n}", "item_group_id": group} for n, group in enumerate("ABA")]
    (warning,) = warnings_of(tmp_path, *rows)
    assert warning.startswith("1 row comes after the other rows of the same item group, with products between, and is")
