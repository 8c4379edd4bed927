"""``reelmill preview``: it never shows nothing without a word."""

import pytest

from reelmill.errors import ExitCode


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("id,title,price\n1,Cup,5\n2,Hat,ask us\n3,Tee,7\n4,Mug,8\n5,Pan,9\n")
    return str(path)


def shown(told):
    return [prompt["sku"] for prompt in told["prompts"]]


def test_skus_that_are_not_there_or_were_refused_are_told(reelmill, reelmill_json, feed):
    asked = ["preview", feed, "--platforms", "tiktok", "--only", "1,2,9"]
    code, told = reelmill_json(*asked)
    assert (code, told["exit_code"], shown(told)) == (ExitCode.ATTENTION, ExitCode.ATTENTION, ["1"])
    assert [(reject["sku"], reject["field"]) for reject in told["rejects"]] == [("2", "price")]
    assert told["not_in_feed"] == ["9"]
    _, printed, _ = reelmill(*asked)
    assert "row 2, price: " in " ".join(printed.split())
    assert "Not in the feed: 9. Check the SKUs that were asked for." in printed


def test_a_feed_of_which_every_row_is_refused_is_told(reelmill, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("id,title,price\n2,Hat,ask us\n")
    code, printed, _ = reelmill("preview", path, "--platforms", "tiktok")
    assert code == ExitCode.ATTENTION
    assert "bad.csv row 1, price: " in " ".join(printed.split())
    assert "0 prompts shown" in printed


def test_the_lower_of_limit_and_names_holds(reelmill_json, feed):
    base = ["preview", feed, "--platforms", "tiktok"]
    for more, skus in (
        ([], ["1", "3", "4"]),
        (["--limit", "1"], ["1"]),
        (["--only", "1,3,4,5"], ["1", "3", "4", "5"]),
        (["--only", "1,3,4,5", "--limit", "2"], ["1", "3"]),
        (["--only", "1,3", "--limit", "4"], ["1", "3"]),
    ):
        code, told = reelmill_json(*base, *more)
        assert (code, shown(told), told["not_in_feed"]) == (ExitCode.OK, skus, [])
