"""``reelmill prune`` over a folder: a plan first, deletion only when told, and the same again changes nothing."""

import pytest

from reelmill.errors import ExitCode
from tests.jobs.test_pruning import Shop
from tests.ledger.making import make_clip


@pytest.fixture
def shop(tmp_path, monkeypatch):
    shop = Shop(tmp_path)
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path}/ledger.db")
    shop.attempt(make_clip("twice"), "pass")
    shop.attempt(make_clip("twice"), "pass")
    shop.attempt(make_clip("mended"), "fail")
    shop.attempt(make_clip("mended"), "pass")
    shop.attempt(make_clip("once"), "fail")
    yield shop
    shop.ledger.close()


def test_for_ever_is_the_default(shop, reelmill):
    before = shop.names()
    code, printed, _ = reelmill("prune", "--yes")
    assert code == ExitCode.OK
    assert "orphan: kept for ever" in printed
    assert shop.names() == before


def test_a_plan_first_then_the_deed_then_nothing_more(shop, reelmill, reelmill_json):
    before = shop.names()
    ages = ("--keep-orphans-days", "0", "--keep-unfit-days", "0")
    code, plan = reelmill_json("prune", *ages)
    assert (code, plan["deleted"], plan["tables"]) == (ExitCode.OK, False, [])
    assert plan["kinds"] == {"orphan": 1, "unfit": 1, "rejected": 0, "draft": 0}
    assert {(one["sku"], one["attempt"], one["kind"]) for one in plan["leaving"]} == {
        ("twice", 1, "orphan"),
        ("mended", 1, "unfit"),
    }
    assert (plan["bytes"], plan["paid_usd"]) == (16, 6.4)
    assert shop.names() == before

    code, printed, _ = reelmill("prune", *ages)
    assert "Nothing was deleted; --yes would delete" in printed
    assert shop.names() == before

    _, done = reelmill_json("prune", *ages, "--yes")
    assert {one["intent_id"] for one in done["leaving"]} == {one["intent_id"] for one in plan["leaving"]}
    gone = {shop.storage.name(uri) for one in plan["leaving"] for uri in one["objects"]}
    assert before - shop.names() == gone
    assert len(done["tables"]) == 5
    _, again = reelmill_json("prune", *ages, "--yes")
    assert (again["attempts"], again["tables"]) == (0, [])
    _, status = reelmill_json("status")
    assert (status["orphans"], status["audit"]) == ([], [])
    _, report = reelmill_json("report")
    assert report["spent_usd"] == 16.0
