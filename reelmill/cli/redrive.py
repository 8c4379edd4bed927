"""``reelmill redrive``: make again what ended without a video, after showing the price."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.making import approve, make_with_progress, print_report
from reelmill.cli.options import CapUsd, Json, Only, Output, settings_with
from reelmill.cli.plan import print_plan
from reelmill.cli.printing import out, print_json
from reelmill.cli.run import Yes
from reelmill.jobs.accounting import close_run, ended_if_broken_off, open_run
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.redriving import plan_redrive
from reelmill.planning.actions import Action

__all__ = ["redrive"]


def redrive(
    *,
    output: Output = "",
    only: Only = (),
    authorise_unclear: Annotated[
        tuple[str, ...],
        Parameter(
            help="Ids of lost or expired clips to pay again although they may have been paid.",
            consume_multiple=True,
            negative=(),
        ),
    ] = (),
    cap_usd: CapUsd = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Make failed and filtered clips again, after showing the price. Unclear ones only by name."""
    with Engine(settings_with(cap_run_usd=cap_usd), output) as engine:
        summary, works = plan_redrive(engine, only=only, authorise_unclear=authorise_unclear)
        console = out()
        if not json:
            print_plan(console, summary)
        approve(summary, yes=yes)
        run_id = new_run_id()
        open_run(engine, run_id, summary, None, {"command": "redrive", "only": list(only)})
        total = summary.counts[Action.MAKE]
        with ended_if_broken_off(engine, run_id):
            tally = asyncio.run(make_with_progress(engine, run_id, works, total, quiet=json))
            report = close_run(engine, run_id, summary, None, tally)
    if json:
        print_json(report.to_dict())
    else:
        print_report(console, report)
    return report.exit_code
