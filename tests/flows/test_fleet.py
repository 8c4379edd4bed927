"""How a run over many machines ends in the ledger when something stops it."""

import pytest

from reelmill.errors import FixAccess, RaiseCap
from reelmill.jobs.accounting import close_run
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import DeliveryStatus, Run
from reelmill.planning.summary import PlanSummary
from reelmill.production.results import Tally
from reelmill.settings import load_settings
from tasks.fleet import Fleet
from tasks.progress import Progress

RUN = "run-1"


async def nothing(work):
    return None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FixAccess("No.", "Log in."), "run.failed"),
        (RaiseCap("Full.", "Raise it."), "run.capped"),
        (None, "run.stopped"),
    ],
)
async def test_a_run_that_is_stopped_is_told_once_with_what_stopped_it(tmp_path, error, told):
    settings = load_settings(ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    with Engine(settings, str(tmp_path / "reels")) as engine:
        engine.ledger.start_run(Run(run_id=RUN, output=engine.storage.root, webhooks=True))
        engine.stop.request(error)
        await Fleet(engine, RUN, nothing, Progress(0, engine.stop), []).make([])
        report = close_run(engine, RUN, PlanSummary("veo-3.1-fast-generate-001", 60), None, Tally())

        ends = [one.event for one in engine.ledger.deliveries(statuses=list(DeliveryStatus))]
    assert (ends, f"run.{report.status}") == ([told], told)
