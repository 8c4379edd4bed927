"""What is too late: the plan's own time counts, and a plan with nothing to make is never late."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from flows.deadline import too_late
from flows.parameters import Spending
from reelmill.planning.summary import PlanSummary
from tests.ledger.making import make_clip


def plan(clips: int) -> PlanSummary:
    summary = PlanSummary("veo-3.1-fast-generate-001", 60)
    for number in range(clips):
        summary.add_make(make_clip(f"shoe-{number}"))
    return summary


def test_it_is_late_when_the_plan_takes_longer_than_is_left():
    summary = plan(120)
    now, takes = datetime.now(UTC), timedelta(seconds=summary.eta_seconds)

    assert too_late(summary, None) is None
    assert too_late(summary, now + takes + timedelta(minutes=10)) is None
    late = too_late(summary, (now + takes - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9))))
    assert (late.name, late.type.value) == ("TooLate", "FAILED")
    assert "nothing was spent" in late.message
    assert "120 make" in late.message


def test_nothing_to_make_is_never_late():
    assert too_late(plan(0), datetime.now(UTC) - timedelta(days=1)) is None


def test_a_deadline_has_a_time_zone():
    with pytest.raises(ValidationError, match="timezone"):
        Spending(deadline="2026-11-27T06:00:00")
    assert Spending(deadline="2026-11-27T06:00:00+01:00").deadline == datetime(2026, 11, 27, 5, tzinfo=UTC)
