import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from reelmill.errors import FixConfiguration, LookFirst
from reelmill.ledger import runs
from reelmill.ledger.engine import parse_url
from reelmill.ledger.records import Caps, Run, RunStatus
from reelmill.ledger.states import State
from reelmill.product import Reject, RowRef
from tests.ledger.making import NOON, OUTPUT, bring_to, make_clip

PLANNED = Run(
    run_id="run-7",
    output=OUTPUT,
    parameters={"feed": "shop.csv", "platforms": ["tiktok"], "limit": None},
    caps=Caps(run_usd=Decimal("12.50"), day_usd=Decimal(500)),
)


def test_a_run_from_start_to_end(ledger, clock):
    ledger.start_run(PLANNED)
    started = ledger.run("run-7")
    assert started == dataclasses.replace(PLANNED, started_at=NOON)
    ledger.plan_run("run-7", counts={"make": 3, "keep": 1}, planned_usd=Decimal("9.60"))
    bring_to(ledger, State.SUCCEEDED, make_clip("a"), run_id="run-7")
    bring_to(ledger, State.UNKNOWN, make_clip("b"), run_id="run-7")
    clock.advance(90)
    ledger.finish_run("run-7", RunStatus.CAPPED)
    assert ledger.run("run-7") == dataclasses.replace(
        started,
        status=RunStatus.CAPPED,
        counts={"make": 3, "keep": 1},
        planned_usd=Decimal("9.60"),
        spent_usd=Decimal("3.20"),
        reserved_usd=Decimal("3.20"),
        ended_at=NOON + timedelta(seconds=90),
    )


def test_starting_a_run_again_resumes_it(ledger, clock):
    ledger.start_run(PLANNED)
    ledger.plan_run("run-7", counts={"make": 3}, planned_usd=Decimal(3))
    ledger.finish_run("run-7", RunStatus.STOPPED)
    clock.advance(60)
    ledger.start_run(dataclasses.replace(PLANNED, caps=Caps(run_usd=Decimal(99))))
    resumed = ledger.run("run-7")
    assert (resumed.status, resumed.started_at, resumed.ended_at) == (RunStatus.RUNNING, NOON, None)
    assert (resumed.counts, resumed.caps) == ({"make": 3}, Caps(run_usd=Decimal(99)))


def test_the_table_tells_the_status_in_the_words_that_the_manual_gives(ledger, ledger_url):
    words = []
    engine = create_engine(parse_url(ledger_url))
    for status in RunStatus:
        ledger.start_run(PLANNED)
        ledger.finish_run("run-7", status)
        with engine.connect() as connection:
            words.append(connection.execute(text("SELECT status FROM runs WHERE run_id = 'run-7'")).scalar_one())
    engine.dispose()
    assert sorted(words) == ["capped", "completed", "failed", "running", "stopped"]


def test_a_run_never_changes_its_output(ledger):
    ledger.start_run(PLANNED)
    with pytest.raises(FixConfiguration, match="elsewhere"):
        ledger.start_run(dataclasses.replace(PLANNED, output="elsewhere"))
    assert ledger.run("run-7").output == OUTPUT


def test_an_unknown_run_is_named(ledger):
    assert ledger.run("nobody") is None
    with pytest.raises(FixConfiguration, match="nobody"):
        ledger.finish_run("nobody", RunStatus.COMPLETED)
    with pytest.raises(FixConfiguration, match="nobody"):
        ledger.plan_run("nobody", counts={}, planned_usd=Decimal(0))
    with pytest.raises(LookFirst):
        ledger.add_rejects("nobody", [reject(1)])


def test_runs_are_listed_newest_first(ledger, clock):
    for number in range(4):
        clock.advance(1)
        ledger.start_run(Run(run_id=f"r{number}", output=OUTPUT if number % 2 else "elsewhere"))
    assert [run.run_id for run in ledger.runs(limit=3)] == ["r3", "r2", "r1"]
    assert [run.run_id for run in ledger.runs(output="elsewhere")] == ["r2", "r0"]


def reject(row, **changes):
    facts = {"sku": "s", "field": "price", "reason": "no number", "remedy": "write 9.99", "raw_value": "nine\0"}
    return Reject(ref=RowRef(changes.pop("file", "a.csv"), row), **(facts | changes))


def test_rejects_come_back_by_file_and_row_each_once(ledger, monkeypatch):
    monkeypatch.setattr(runs, "_CHUNK", 3)
    ledger.start_run(PLANNED)
    found = [reject(row, file=file) for file in ("b.csv", "a.csv") for row in (10, 9, 1, 2)]
    found.append(reject(9, field="title"))
    for _ in range(2):  # planning the same run again
        ledger.add_rejects("run-7", iter(found))
    kept = list(ledger.rejects("run-7"))
    assert [(each.ref.file, each.ref.row) for each in kept] == [
        *(("a.csv", row) for row in (1, 2, 9, 9, 10)),
        *(("b.csv", row) for row in (1, 2, 9, 10)),
    ]
    assert {each.raw_value for each in kept} == {"nine\ufffd"}
    assert {each.field for each in kept if each.ref.row == 9} == {"price", "title"}
    assert list(ledger.rejects("other")) == []
