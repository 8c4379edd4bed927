"""The steps that every flow takes, from the plan to the tables."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State

from flows.approval import get_approval
from flows.deadline import too_late
from flows.endings import failed, finished, planned
from flows.parameters import Spending, Video, chosen_settings, settings_for
from reelmill.errors import ReelmillError
from reelmill.jobs.accounting import ended_if_broken_off
from reelmill.jobs.approval import Approval
from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork, has_films
from reelmill.jobs.making import planned_work
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from tasks.account import close_books, open_books
from tasks.budget_watch import watching_budgets
from tasks.make import make, make_what_continues
from tasks.make_shards import make_in_shards
from tasks.plan import plan
from tasks.resume import resume
from tasks.settle import settle
from tasks.shards import require_shards, wants_shards
from tasks.step import whole
from tasks.stitch import stitch
from tasks.tell import tell_settings
from tasks.workshop import workshop

__all__ = ["plan_and_make"]


async def plan_and_make(
    command: str, request: CatalogRequest, video: Video, spending: Spending, output: str
) -> State[Any]:
    """Plan; then, unless it is a dry run, get approval, make and account. Returns the state the flow ends in."""
    try:
        tell_settings(chosen_settings(video, spending))
        with workshop(settings_for(video, spending), output) as engine, Spool() as spool:
            if spending.dry_run:
                return planned(await plan(whole(engine), whole(request), None))
            await require_shards(engine)
            resumed = await resume(whole(engine))
            summary = await plan(whole(engine), whole(request), whole(spool))
            if late := await _too_late(engine, summary, spending, resumed):
                return late
            approval = await get_approval(engine, request, summary, spending, resumed)
            if not isinstance(approval, Approval):
                return approval
            if late := await _too_late(engine, summary, spending, resumed):  # a person may have thought for a day
                return late
            approval.bind(engine)
            run_id = await open_books(
                whole(engine), command, whole(request), whole(summary), whole(spool), approval=whole(approval)
            )
            return await _make_and_account(engine, run_id, summary, spool, resumed, first=approval.first_clips)
    except ReelmillError as error:
        return failed(error)


async def _too_late(engine: Engine, summary: PlanSummary, spending: Spending, resumed: list[Work]) -> State[Any] | None:
    """The state to end in if the deadline can no longer be met; what the run had taken over is settled first."""
    late = too_late(summary, spending.deadline)
    if late is not None:
        await settle(whole(engine), whole(resumed))
    return late


async def _make_and_account(
    engine: Engine, run_id: str, summary: PlanSummary, spool: Spool, resumed: list[Work], *, first: int | None
) -> State[Any]:
    at_once = summary.counts[Action.MAKE] - spool.link_counts.total()
    total = len(resumed) + min(at_once, first or at_once)
    with ended_if_broken_off(engine, run_id):
        async with watching_budgets(engine, run_id):
            if first is None and wants_shards(engine, summary):  # a canary stays at home
                tally, kept = await make_in_shards(engine, run_id, resumed, spool, total)
            else:
                tally, kept = await make(engine, run_id, planned_work(resumed, spool, first=first), total)
            if first is None:
                await make_what_continues(engine, run_id, spool, tally, kept)
            else:
                tally.not_begun += summary.counts[Action.MAKE] - min(at_once, first)
        films = await stitch(whole(engine)) if has_films(engine) else FilmWork()
        report = await close_books(
            whole(engine),
            run_id,
            whole(summary),
            whole(spool),
            tally=whole(tally),
            films=whole(films),
            kept=whole(kept),
        )
    return finished(report)
