"""``reelmill run``: plan, show the price, make, settle, and write the tables."""

from __future__ import annotations

import asyncio
import sys

from reelmill.cli.catalog_options import CatalogOptions
from reelmill.cli.making import approve, make_with_progress, print_report
from reelmill.cli.options import CapUsd, Feed, Json, Yes
from reelmill.cli.plan import print_plan
from reelmill.cli.printing import out, print_json
from reelmill.jobs.accounting import close_run, ended_if_broken_off, open_run
from reelmill.jobs.catalog import drafts_asked, plan_catalog
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.making import planned_work
from reelmill.jobs.resuming import adopt_abandoned
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool

__all__ = ["run"]

_EVERYTHING = CatalogOptions()


def run(
    feed: Feed,
    *,
    cap_usd: CapUsd = None,
    yes: Yes = False,
    options: CatalogOptions = _EVERYTHING,
    json: Json = False,
) -> int:
    """Make what is new or changed, up to the caps, and write the tables. The same command again resumes."""
    request = options.request(feed)
    with Engine(options.settings(cap_run_usd=cap_usd), options.output) as engine, Spool() as spool:
        resumed = adopt_abandoned(engine)
        summary = plan_catalog(engine, request, spool)
        console = out()
        if not json:
            print_plan(console, summary, force=request.force)
        approve(engine, summary, yes=yes)
        run_id = new_run_id()
        asked = {"command": "run", "feed": feed, "platforms": list(request.platforms), **drafts_asked(summary)}
        open_run(engine, run_id, summary, spool, asked)
        total = summary.counts[Action.MAKE] + len(resumed)
        with ended_if_broken_off(engine, run_id):
            tally, films = asyncio.run(
                make_with_progress(engine, run_id, planned_work(resumed, spool), total, links=spool, quiet=json)
            )
            report = close_run(engine, run_id, summary, spool, tally, films=films)
    if json:
        print_json(report.to_dict() | {"plan": summary.to_dict()})
    else:
        print_report(console, report, force=request.force)
    sys.stdout.flush()
    return report.exit_code
