"""Each threshold of each cap is told once, whatever happens between two looks."""

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import RaiseCap
from reelmill.jobs.engine import Engine
from reelmill.jobs.thresholds import PERCENTS, Thresholds
from reelmill.ledger.records import BudgetScope
from reelmill.settings import load_settings


@pytest.fixture
def engine(tmp_path):
    chosen = load_settings(
        ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}", cap_run_usd="10", cap_day_usd="20", cap_month_usd="1000"
    )
    with Engine(chosen, str(tmp_path / "out")) as engine:
        yield engine


def book(engine, run_id, usd, **elsewhen):
    """As if clips of this run had cost so much."""
    from reelmill.ledger.budgets import BudgetKeys, spend

    keys = replace(BudgetKeys.at(run_id, engine.ledger.now()), **elsewhen)
    with engine.ledger._db.writing() as connection:
        spend(connection, dict.fromkeys(keys.items(), Decimal(usd)))


def told(thresholds):
    return [(passed.scope, passed.percent) for passed in thresholds.passed()]


def test_nothing_is_told_before_half_of_a_cap(engine):
    thresholds = Thresholds(engine, "r1")
    book(engine, "r1", "4.99")

    assert not told(thresholds)


def test_a_jump_over_several_tells_each_of_them_once(engine):
    thresholds = Thresholds(engine, "r1")
    book(engine, "r1", "10")

    assert told(thresholds) == [*((BudgetScope.RUN, percent) for percent in PERCENTS), (BudgetScope.DAY, 50)]
    assert not told(thresholds)


def test_what_was_passed_before_the_run_began_is_not_told_again(engine):
    book(engine, "before", "10")
    thresholds = Thresholds(engine, "r1")
    book(engine, "r1", "6")

    assert told(thresholds) == [(BudgetScope.RUN, 50), (BudgetScope.DAY, 80)]


def test_the_cap_that_stopped_the_run_has_the_least_room_not_the_highest_share(engine):
    book(engine, "before", "930", day="another day")
    book(engine, "before", "16.50")  # room for 3.50 in the day, for 53.50 in the month, of which 94 % are gone
    thresholds = Thresholds(engine, "r1")
    engine.stop.close(RaiseCap("The day cap would be passed by 4 USD.", "Raise it."))

    assert told(thresholds) == [(BudgetScope.DAY, 100)]
    assert not told(thresholds)


def test_every_threshold_below_the_end_is_told_exactly_once(tmp_path):
    chosen = load_settings(ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}", cap_run_usd="10")
    runs = itertools.count()
    with Engine(chosen, str(tmp_path / "out")) as engine:

        @settings(max_examples=50, deadline=None)
        @given(st.lists(st.integers(1, 400), max_size=8))
        def check(cents):
            run_id, heard = f"r{next(runs)}", []
            thresholds = Thresholds(engine, run_id)
            for amount in cents:
                book(engine, run_id, Decimal(amount) / 100)
                heard += [percent for _, percent in told(thresholds)]

            share = Decimal(sum(cents)) / 10
            assert heard == [percent for percent in PERCENTS if share >= percent]

        check()
