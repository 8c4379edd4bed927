"""A wrong clock may cost time; it neither pays twice, nor loses a video, nor passes a cap."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import reelmill
from tests.chaos.clock import seconds_until_next_day, seconds_until_next_month
from tests.chaos.clocks import DAY, HOUR, Skewed, across_midnight, skewed
from tests.chaos.worker import Interference
from tests.chaos.world import World


def test_a_workers_clock_is_really_wrong(chaos_bank, tmp_path):
    world = World(tmp_path / "world", chaos_bank, titles=[f"Bowl {tmp_path.name}"])
    worker = world.start(interference=Interference(clock_s=3 * DAY, steps={1: DAY}))
    assert worker.wait() == 0, worker.said
    then = datetime.now(UTC) + timedelta(days=4)
    with world.ledger() as ledger:
        [(_, intent)] = ledger.intents()
        [run] = ledger.runs()
    world.close()

    assert abs(intent.finished_at - then) < timedelta(minutes=5)
    assert abs(run.started_at - then + timedelta(days=1)) < timedelta(minutes=5)


def test_the_engine_asks_for_the_time_only_in_ways_that_can_be_made_wrong():
    other = re.compile(r"date\.today\(|\b(gmtime|localtime|ctime|clock_gettime)\(|CURRENT_TIMESTAMP|from time import")
    sources = Path(reelmill.__file__).parent.rglob("*.py")

    assert not [path.name for path in sources if "simulator" not in path.parts and other.search(path.read_text())]


@pytest.mark.parametrize(
    "how",
    [Skewed(clock_s=DAY, company=True), Skewed(clock_s=-HOUR, at=2500)],
    ids=str,
)
def test_a_wrong_clock_changes_nothing_about_the_money(chaos_bank, tmp_path, how):
    verdict = skewed(chaos_bank, tmp_path / "world", how)

    assert not verdict.broken
    assert verdict.accepted == 3  # the fourth was dropped before


def test_a_month_may_end_in_the_middle_of_a_run(chaos_bank, tmp_path):
    verdict = across_midnight(chaos_bank, tmp_path / "world", seconds_until_next_month())

    assert not verdict.broken
    assert verdict.accepted == 8  # a single day would have allowed six


def test_the_next_day_and_month_begin_at_midnight():
    now = datetime.now(UTC)
    for seconds in (seconds_until_next_day(), seconds_until_next_month()):
        after = now + timedelta(seconds=seconds + 5)
        assert after - after.replace(hour=0, minute=0, second=0, microsecond=0) < timedelta(seconds=10)
    assert (now + timedelta(seconds=seconds_until_next_month() + 5)).day == 1
