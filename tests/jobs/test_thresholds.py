"""Each threshold of each cap is told once, whatever happens between two looks."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def book(engine, run_id, usd):
    """As if clips of this run had cost so much."""
    from reelmill.ledger.budgets import BudgetKeys, spend

    keys = BudgetKeys.at(run_id, engine.ledger.now())
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
