"""``reelmill redrive``: make again what ended without a video, after showing the price."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.making import approve, make_with_progress, print_report
from reelmill.cli.options import CapUsd, Json, OnlyThese, Output, Yes, names_of, settings_with
from reelmill.cli.plan import print_plan
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.accounting import close_run, ended_if_broken_off, open_run
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.outputs import check_known
from reelmill.jobs.redriving import plan_redrive
from reelmill.ledger.records import Decision
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary

__all__ = ["redrive"]


def redrive(
    *,
    output: Output = "",
    only: OnlyThese = (),
    unfit: Annotated[
        bool,
        Parameter(help="Also what was delivered in part or found unfit by inspection. It is paid again.", negative=()),
    ] = False,
    remakes: Annotated[
        bool, Parameter(help="Also delivered clips that a reviewer wants remade. They are paid again.", negative=())
    ] = False,
    rejected: Annotated[
        bool, Parameter(help="Also delivered clips that a reviewer rejected. They are paid again.", negative=())
    ] = False,
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
        if output:
            check_known(engine.storage.root, engine.ledger)
        asked = {Decision.REMAKE: remakes, Decision.REJECT: rejected}
        summary, works = plan_redrive(
            engine,
            only=only,
            authorise_unclear=names_of(authorise_unclear),
            unfit=unfit,
            decided=[decision for decision, wanted in asked.items() if wanted],
        )
        console = out()
        if not works:
            return _nothing(console, engine.storage.root, summary, json=json)
        if not json:
            print_plan(console, summary)
        approve(summary, yes=yes)
        run_id = new_run_id()
        open_run(engine, run_id, summary, None, {"command": "redrive", "only": list(only)})
        with ended_if_broken_off(engine, run_id):
            tally, films = asyncio.run(make_with_progress(engine, run_id, works, len(works), quiet=json))
            report = close_run(engine, run_id, summary, None, tally, films=films)
    if json:
        print_json(report.to_dict() | {"plan": summary.to_dict()})
    else:
        print_report(console, report)
    return report.exit_code


def _nothing(console: Console, root: str, summary: PlanSummary, *, json: bool) -> int:
    """Nothing to make: no run begins, nothing is written."""
    blocked = summary.counts[Action.BLOCKED]
    code = ExitCode.ATTENTION if blocked else ExitCode.OK
    if json:
        print_json(
            {
                "run_id": None,
                "output": root,
                "made": 0,
                "blocked": blocked,
                "counts": {},
                "spent_usd": 0,
                "plan": summary.to_dict(),
                "exit_code": int(code),
            }
        )
        return code
    console.print(f"Nothing to make again in {root}; no run was begun.", soft_wrap=True)
    for clip in summary.blocked:
        print_text(console, f"{clip.sku} {clip.aspect_ratio}: {clip.reason}", indent=2)
    if blocked > len(summary.blocked):
        console.print(f"  … and {count(blocked - len(summary.blocked), 'more clip')}.")
    for warning in summary.warnings:
        print_text(console, warning)
    return code
