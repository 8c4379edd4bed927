"""What a feed as a whole is odd in stands first among the warnings of its plan."""

from tests.support.catalog_feeds import google_csv


def test_a_plan_warns_of_ids_that_are_others_than_they_were(tmp_path, reelmill_json):
    feed = tmp_path / "feed.csv"
    feed.write_text(google_csv({"id": "1001.0"}, {"id": "1002.0"}))
    code, plan = reelmill_json("plan", feed, "--output", tmp_path / "out")
    assert code == 0
    assert plan["warnings"][0].startswith("Every product id ends in .0, like 1001.0:")
