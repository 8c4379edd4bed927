"""``--only``: commas part SKUs as they part platforms, and those that hold one stand in quotes."""

import shlex

import pytest
from cyclopts import App

from reelmill.cli.options import OnlyThese
from reelmill.cli.skus import only_option, skus_of
from reelmill.errors import FixConfiguration

ODD = ("A,1", 'a"b', '"', '12" pan, black', "$(ls)", "it's", "{0}", "-x", "#1", "e\u0301")


@pytest.mark.parametrize(
    ("values", "skus"),
    [
        (("1,2",), ("1", "2")),
        (("1, 2,", "3"), ("1", "2", "3")),
        (("1", "1"), ("1",)),
        (('"A,1",B',), ("A,1", "B")),
        (('A, "B,2"',), ("A", "B,2")),
        (('12" pan',), ('12" pan',)),
        (("1\n2\n",), ("1", "2")),
        ((), ()),
    ],
)
def test_commas_part_skus(values, skus):
    assert skus_of(values) == skus


@pytest.mark.parametrize("values", [("",), (" , ", "\n")])
def test_an_option_that_names_nothing_does_not_mean_everything(values):
    with pytest.raises(FixConfiguration, match="names no SKU"):
        skus_of(values)


def test_commands_to_copy_name_the_same_skus():
    assert skus_of(only_given(ODD)) == ODD
    plain = tuple(sku for sku in ODD if not sku.startswith("-"))
    assert skus_of(only_given(plain)) == plain
    assert only_option(["A-1", "B 2"]) == "--only A-1 'B 2'"
    assert only_option(["B 2", "-A1"]) == "--only='B 2,-A1'"


def only_given(skus):
    """What the command line takes the printed option for."""
    app = App(result_action="return_value")

    @app.default
    def take(*, only: OnlyThese = ()):
        return only

    return app(shlex.split(only_option(skus)), exit_on_error=False)


def write(tmp_path, *rows: str) -> str:
    path = tmp_path / "feed.csv"
    path.write_text("id,title,price\n" + "".join(f"{row}\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(("only", "products"), [("1,2", 2), ('"A,1"', 1), ('"A,1",2', 2), ("A,1", 1)])
def test_plan_and_preview_take_what_is_named(reelmill_json, rehearsal, tmp_path, only, products):
    feed = write(tmp_path, "1,Cup,5", "2,Hat,5", '"A,1",Tee,5')

    code, plan = reelmill_json("plan", feed, "--platforms", "tiktok", "--output", rehearsal, "--only", only)
    _, shown = reelmill_json("preview", feed, "--platforms", "tiktok", "--only", only)

    assert plan["products"] == len(shown["prompts"]) == products
    missing = [warning for warning in plan["warnings"] if "Not in the feed" in warning]
    assert missing == (["Not in the feed: A. Check the SKUs that were asked for."] if only == "A,1" else [])
    assert (code, plan["not_in_feed"]) == ((3, ["A"]) if only == "A,1" else (0, []))


def test_a_row_that_was_rejected_is_not_missing(reelmill_json, rehearsal, tmp_path):
    feed = write(tmp_path, "1,Cup,5", "2,Hat,ask us", "3,Tee,5,more")

    code, plan = reelmill_json("plan", feed, "--platforms", "tiktok", "--output", rehearsal, "--only", "1,2,3,4")

    assert plan["rejects"] == 2
    (missing,) = [warning for warning in plan["warnings"] if "Not in the feed" in warning]
    assert "feed: 4." in missing
    assert (code, plan["not_in_feed"], plan["rejected_skus"]) == (3, ["4"], ["2", "3"])


def test_a_run_that_cannot_make_what_it_was_asked_for_says_so(reelmill, rehearsal, tmp_path, monkeypatch):
    monkeypatch.setenv("REELMILL_GALLERY", "false")
    feed = write(tmp_path, "1,Cup,5", "2,Hat,ask us")

    code, printed, _ = reelmill("run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes", "--only", "2,4")

    assert code == 3
    assert "attention Not in the feed: 4. Check the SKUs that were asked for." in printed
    assert "attention Rejected: 2. Correct their rows" in printed
