import pytest

from benchmarks.feed import write_feed
from benchmarks.planning_steps import Step
from benchmarks.remembered import remember_as_made
from reelmill.catalog.feed import open_feed
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State

ROWS = 60


@pytest.fixture
def step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    feed = write_feed(tmp_path / "feed.csv", ROWS)
    return Step(str(feed), f"sqlite:///{tmp_path / 'ledger.db'}", ("youtube",))


def test_the_feed_is_the_same_every_time_and_all_of_it_can_be_made(tmp_path, step):
    again = write_feed(tmp_path / "again.csv", ROWS)

    assert again.read_text() == (tmp_path / "feed.csv").read_text()
    assert len({product.sku for product in open_feed(again)}) == ROWS
    assert len(open_feed(again).columns) == 12


def test_every_way_of_reading_sees_every_row(step):
    assert step.dict_reader()["rows"] == step.arrow()["rows"] == ROWS


def test_a_ledger_recorded_as_made_is_a_clean_one_that_keeps_everything(step):
    assert step.plan()["make"] == ROWS

    assert remember_as_made(step.feed, step.ledger_url, step.platforms) == ROWS

    with Ledger.open(step.ledger_url) as ledger:
        assert ledger.audit() == []
        assert ledger.totals()[State.SUCCEEDED].clips == ROWS
        assert all(intent.clip_id == clip.clip_id for clip, intent in ledger.intents())
    again = step.plan()
    assert (again["make"], again["keep"], again["retire"]) == (0, ROWS, 0)
    assert again["peak_mib"] > 1
