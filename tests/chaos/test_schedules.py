"""Random schedules: drawn from a seed, written down, played, shrunk."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from reelmill.simulator.faults import Fault
from tests.chaos.bank import Bank, open_bank
from tests.chaos.controls import Control
from tests.chaos.database_proxy import Cut
from tests.chaos.ledgers import PostgresLedgers
from tests.chaos.playing import play
from tests.chaos.schedule import Do, Schedule, Step, draw
from tests.chaos.schedules import failure
from tests.chaos.shrinking import shrink
from tests.support.postgres import postgres_server


@pytest.fixture(scope="module")
def postgres_bank(tmp_path_factory) -> Iterator[Bank]:
    with ExitStack() as opened:
        ledgers = PostgresLedgers(opened.enter_context(postgres_server()))
        yield opened.enter_context(open_bank(tmp_path_factory.mktemp("bank"), ledgers=ledgers))


def small(schedule):
    """Two products, and no more than five steps: what a test has time for."""
    products = schedule.products[:2]
    return replace(schedule, products=products, cap=min(schedule.cap, len(products)), steps=schedule.steps[:5])


@pytest.mark.parametrize("seed", [3, 11])
def test_a_random_schedule_breaks_no_promise(chaos_bank, tmp_path, seed):
    assert play(small(draw(seed, "sqlite")), chaos_bank, tmp_path / "world").verdict.broken == []


@pytest.mark.parametrize("seed", [2, 5])
def test_nor_does_one_on_postgresql(postgres_bank, tmp_path, seed):
    assert play(small(draw(seed, "postgresql")), postgres_bank, tmp_path / "world").verdict.broken == []


def test_what_a_schedule_says_is_done(chaos_bank, tmp_path):
    schedule = Schedule(
        seed=0,
        products=("error_13", ""),
        steps=(
            Step(do=Do.START, worker=1, verb="run", signal="stop", event=1),
            Step(do=Do.WAIT, worker=1),
            Step(do=Do.STORAGE, verb="write", what="storage 503 before", times=1),
            Step(do=Do.LAPSE),
            Step(do=Do.START, worker=2, verb="run", clock_s=3600.0),
            Step(do=Do.WAIT, worker=2),
            Step(do=Do.REDRIVE, what="failed"),
            Step(do=Do.KILL, worker=1),
        ),
    )
    played = play(schedule, chaos_bank, tmp_path / "world")

    assert played.verdict.broken == []
    assert played.verdict.accepted >= 2  # three, if the failed one failed in time for a person to redrive it
    counted = ("stop", "kill", "restart", "clock shift")
    assert all(played.done[what] for what in counted), played.done


def test_a_worker_that_cannot_resolve_a_name_pays_nothing_and_the_next_goes_on(chaos_bank, tmp_path):
    steps = (Step(do=Do.START, worker=1, verb="run", unresolved=True), Step(do=Do.WAIT, worker=1))
    played = play(Schedule(seed=0, products=("",), steps=steps), chaos_bank, tmp_path / "world")

    assert played.verdict.broken == []
    assert played.verdict.accepted == 1
    assert played.done["name does not resolve"] == 1


def test_postgresql_restarted_under_a_killed_worker(postgres_bank, tmp_path):
    schedule = Schedule(
        seed=0,
        products=("", "drop_after_accept"),
        steps=(
            Step(do=Do.DATABASE, what=Cut.RESTARTED, times=3),
            Step(do=Do.START, worker=1, verb="run", signal="kill", event=900),
            Step(do=Do.WAIT, worker=1),
            Step(do=Do.LAPSE),
            Step(do=Do.START, worker=2, verb="run"),
        ),
    )
    played = play(schedule, postgres_bank, tmp_path / "world")

    assert played.verdict.broken == []
    assert played.done[Cut.RESTARTED] == 1


def test_an_engine_that_is_broken_makes_a_schedule_fail(chaos_bank, tmp_path):
    schedule = Schedule(seed=0, products=("503_after",), steps=(Step(do=Do.START, worker=1, verb="run"),))

    assert "was accepted" in failure(schedule, chaos_bank, tmp_path, control=Control.SDK_RETRIES)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_seed_always_draws_the_same_and_it_can_be_written_down(database):
    drawn = [draw(seed, database) for seed in range(300)]

    assert drawn == [draw(seed, database) for seed in range(300)]
    assert drawn == [Schedule.parse(str(schedule)) for schedule in drawn]
    assert len(set(drawn)) == 300


def test_everything_is_drawn_sooner_or_later():
    drawn = [draw(seed, "postgresql") for seed in range(1000)]
    faults = {product.partition(":")[0] for schedule in drawn for product in schedule.products}

    assert {step.do for schedule in drawn for step in schedule.steps} == set(Do)
    assert {fault.value for fault in Fault} - faults == {"missing_object", "drip", "poll_slow"}
    assert {step.unresolved for schedule in drawn for step in schedule.steps} == {True, False}
    assert {step.what for schedule in drawn for step in schedule.steps if step.do is Do.DATABASE} == set(Cut)
    assert {step.signal for schedule in drawn for step in schedule.steps} == {"", "kill", "stop"}
    assert {len(schedule.products) for schedule in drawn} == {1, 2, 3, 4, 5, 20}
    assert not [step for seed in range(300) for step in draw(seed, "sqlite").steps if step.do is Do.DATABASE]


def test_what_is_no_schedule_is_refused():
    for text in ("", "{}", '{"seed": 1, "products": []}\n{"do": "dance"}', '{"seed": 1, "products": [], "more": 1}'):
        with pytest.raises((ValueError, TypeError, KeyError)):
            Schedule.parse(text)


def test_shrinking_leaves_only_what_the_failure_needs():
    def fails(schedule):
        """It takes a kill at 900 or later and a product that is dropped."""
        kills = [step for step in schedule.steps if step.signal == "kill" and step.event >= 900]
        return bool(kills) and "drop_after_accept" in schedule.products

    failing = [schedule for schedule in (draw(seed, "postgresql") for seed in range(3000)) if fails(schedule)]
    assert len(failing) > 3
    for schedule in failing:
        short = shrink(schedule, fails, budget=500)
        assert (short.products, short.cap) == (("drop_after_accept",), 0)
        [step] = short.steps
        assert (step.signal, step.clock_s) == ("kill", 0)


def test_shrinking_ends_with_its_budget():
    schedule = next(schedule for seed in range(100) if len((schedule := draw(seed, "sqlite")).steps) == 10)
    asked = []

    assert shrink(schedule, lambda candidate: bool(asked.append(candidate)), budget=7) == schedule
    assert len(asked) == 7
