"""Clips that a person asks for one by one, without a feed: shown with their price, approved, made, accounted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console

from reelmill.cli.making import approve, make_with_progress, print_report
from reelmill.cli.plan import print_plan
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.film import Film
from reelmill.jobs.accounting import RunReport, close_run, ended_if_broken_off, open_run
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.ledger.records import RunStatus
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work

__all__ = ["make_asked"]

_LISTED = 40


def make_asked(
    engine: Engine,
    summary: PlanSummary,
    works: Sequence[Work],
    parameters: Mapping[str, Any],
    *,
    films: Sequence[Film] = (),
    nothing: str,
    yes: bool,
    json: bool,
) -> int:
    """Make the works as a run of their own after showing the price; returns the exit code.

    ``parameters`` are what the run remembers of having been asked; ``nothing`` says what there is none of. ``films``
    are those that the clips make, if they are not planned yet.
    """
    console = out()
    if not works:
        return _nothing(console, engine.storage.root, summary, nothing, json=json)
    clips = _listed(engine, works)
    if not json:
        print_plan(console, summary)
        _print_listed(console, clips, len(works))
    approve(engine, summary, yes=yes)
    run_id = new_run_id()
    open_run(engine, run_id, summary, None, parameters, films=films)
    with ended_if_broken_off(engine, run_id):
        tally, stitched = asyncio.run(make_with_progress(engine, run_id, works, len(works), quiet=json))
        report = close_run(engine, run_id, summary, None, tally, films=stitched)
    if json:
        print_json(report.to_dict() | {"plan": summary.to_dict() | {"clips_to_make": clips}})
    else:
        print_report(console, report)
    return report.exit_code


def _listed(engine: Engine, works: Sequence[Work]) -> list[dict[str, str]]:
    """The first clips to make, with how each stands now: none was made yet of a final that is new."""
    clips = [work.clip for work in works[:_LISTED]]
    standings = engine.ledger.standings([clip.clip_id for clip in clips])
    return [
        {
            "clip_id": clip.clip_id,
            "sku": clip.sku,
            "aspect_ratio": clip.request.aspect_ratio.value,
            "state": standings[clip.clip_id].state.value if clip.clip_id in standings else "new",
        }
        for clip in clips
    ]


def _print_listed(console: Console, clips: Sequence[Mapping[str, str]], number: int) -> None:
    for clip in clips:
        print_text(console, f"make {clip['sku']} {clip['aspect_ratio']}, {clip['state']}: {clip['clip_id']}")
    if number > len(clips):
        console.print(f"… and {count(number - len(clips), 'more clip')}.")


def _nothing(console: Console, root: str, summary: PlanSummary, what: str, *, json: bool) -> int:
    """Nothing to make: no run begins, nothing is written."""
    blocked = summary.counts[Action.BLOCKED]
    code = ExitCode.ATTENTION if blocked else ExitCode.OK
    if json:
        report = _empty_report(root, summary)
        print_json(report.to_dict() | {"run_id": None, "plan": summary.to_dict() | {"clips_to_make": []}})
        return code
    print_text(console, f"{what} in {root}; no run was begun.")
    for clip in summary.blocked:
        print_text(console, f"{clip.sku} {clip.aspect_ratio}: {clip.reason}", indent=2)
    if blocked > len(summary.blocked):
        console.print(f"  … and {count(blocked - len(summary.blocked), 'more clip')}.")
    for warning in summary.warnings:
        print_text(console, warning)
    return code


def _empty_report(root: str, summary: PlanSummary) -> RunReport:
    """What machines read, with every field that a run's report has."""
    return RunReport(
        run_id="",
        output=root,
        status=RunStatus.COMPLETED,
        counts={},
        made=0,
        kept=summary.counts[Action.KEEP],
        blocked=summary.counts[Action.BLOCKED],
        rejects=summary.rejects,
        attention=0,
        by_others=0,
        softened=0,
        filtered={},
        planned_usd=summary.most_usd,
        spent_usd=Decimal(0),
        reserved_usd=Decimal(0),
        tables=(),
    )
