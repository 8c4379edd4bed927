"""How a flow run ends: one state name per situation, so that people and automations can tell them apart.

=============== ========= ==============================================================================
name            type      meaning
=============== ========= ==============================================================================
Completed       COMPLETED what was approved is made; planned clips that were not begun are counted
Unchanged       COMPLETED there was nothing to make
Planned         COMPLETED a dry run: planned and priced, nothing spent
NeedsAttention  COMPLETED made what could be made; some clips were filtered, failed, blocked or unfit, a film
                          could not be stitched, clips were not looked at, the tables were not written, or
                          the feed has no usable row of a SKU that was asked for
StoppedAtCap    COMPLETED a cap did its job; what was made is accounted, the next run goes on
NotApproved     FAILED    over approve_up_to_usd, or nobody decided in time; nothing was spent
Rejected        CANCELLED a person said no; nothing was spent
TooLate         FAILED    the plan would end after the deadline; nothing was spent
Failed          FAILED    an error that a person must cure; its message ends with the remedy
Cancelled       CANCELLED stopped by a person; what was in flight is left for the next run
=============== ========= ==============================================================================

A filtered clip or a reached cap is no failure of the run, and pages nobody at night; an automation that
wants them listens to the event ``prefect.flow-run.NeedsAttention`` or ``prefect.flow-run.StoppedAtCap``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from reelmill.cli.printing import count, money
from reelmill.errors import GetApproval, RaiseCap, ReelmillError
from reelmill.jobs.accounting import RunReport
from reelmill.jobs.films import FilmWork
from reelmill.jobs.inspecting import LookedAt
from reelmill.jobs.publishing import Published
from reelmill.jobs.settling import Settled
from reelmill.ledger.records import RunStatus
from reelmill.planning.summary import PlanSummary
from tasks.account import report_sentence
from tasks.decision import Decision
from tasks.plan_page import plan_sentence
from tasks.upload import upload_sentence

__all__ = ["failed", "finished", "inspected", "not_approved", "planned", "published", "rejected", "settled"]


def planned(summary: PlanSummary) -> State[Any]:
    """The end of a dry run."""
    told = " ".join(["Nothing was spent.", *summary.unmet.sentences(), plan_sentence(summary)])
    return Completed(name="Planned", message=told, data=summary)


def not_approved(error: RaiseCap | GetApproval, summary: PlanSummary) -> State[Any]:
    """The end of a run whose plan costs more than it was allowed to, or that nobody allowed in time."""
    return Failed(name="NotApproved", message=f"{error} Plan: {plan_sentence(summary)}", data=error)


def rejected(decision: Decision | None) -> State[Any]:
    """The end of a run to which a person said no, or that was cancelled while it asked."""
    if decision is None:
        return Cancelled(message="Cancelled while it waited for approval; nothing was spent.")
    by = f" by {decision.by}" if decision.by else ""
    why = f": {decision.reason}" if decision.reason else ""
    return Cancelled(name="Rejected", message=f"Rejected{by}{why}. Nothing was spent.")


def settled(found: Settled) -> State[Any]:
    """The end of a settle run; what other running workers hold is theirs to settle."""
    states = ", ".join(f"{number} {state.value}" for state, number in sorted(found.tally.counts.items()))
    charged = money(found.tally.spent_usd)
    told = f"Looked at {count(found.looked_at, 'clip')}; {charged} charged for what came back. {states}"
    if found.known:  # whoever settles by a schedule would call people about them every time
        told = f"Still waiting for a person (see reelmill status): {count(found.known, 'clip')}. {told}"
    needs = [_of_left(found.left, "settle"), _of_clips(found.tally.attention - found.known), _of_films(found.films)]
    return _looked(needs, told, found.looked_at - found.known, found.films, found)


def inspected(found: LookedAt) -> State[Any]:
    """The end of a run that looked at clips which were settled unseen, and stitched the films that were whole then."""
    looked_at = sum(found.tally.counts.values())
    needs = [_of_left(found.left, "inspect"), _of_clips(found.tally.attention), _of_films(found.films)]
    return _looked(needs, f"Looked at {count(looked_at, 'clip')}.", looked_at, found.films, found.tally)


def _looked(needs: Sequence[str], told: str, news: int, films: FilmWork, data: object) -> State[Any]:
    """The end of a run that only looks: ``needs`` says what is left for a person, ``told`` what was done.

    ``news`` are the clips that were looked at and were not known to be as they are.
    """
    if any(needs):
        return Completed(name="NeedsAttention", message=" ".join(filter(None, [*needs, told])).rstrip(), data=data)
    return Completed(name=None if news or films.stitched else "Unchanged", message=told.rstrip(), data=data)


def _of_left(number: int, flow: str) -> str:
    return f"{count(number, 'clip')} not looked at: the next {flow} does." if number else ""


def _of_clips(number: int) -> str:
    need = "needs" if number == 1 else "need"
    return f"{count(number, 'clip')} {need} a person: see reelmill status." if number else ""


def _of_films(films: FilmWork) -> str:
    told = f"{count(films.failed, 'film')} could not be stitched: see the log, and reelmill status."
    return told if films.failed else ""


def published(done: Published) -> State[Any]:
    """The end of a publish run. A target that does not answer fails it; the next one goes on where it is."""
    told = upload_sentence(done)
    if done.trouble is not None:
        return Failed(message=f"{done.stopped} {told}", data=done.trouble)
    if done.dry_run:
        return Completed(name="Planned", message=told, data=done)
    if done.failed:
        message = f"{done.failed} files were not taken: see the artifact. {told}"
        return Completed(name="NeedsAttention", message=message, data=done)
    return Completed(name=None if done.sent or done.had else "Unchanged", message=told, data=done)


def failed(error: ReelmillError) -> State[Any]:
    """The end of a run that could not start."""
    return Failed(message=str(error), data=error)


def finished(report: RunReport) -> State[Any]:
    """The end of a run that made what it could: Completed or Unchanged only if the command line would return 0."""
    told, stopped_by = report_sentence(report), str(report.stopped_by or "")
    match report.status:
        case RunStatus.STOPPED:
            told = f"Stopped. {stopped_by} {told} The next run or reelmill settle goes on."
            return Cancelled(message=" ".join(told.split()), data=report)
        case RunStatus.CAPPED:
            return Completed(name="StoppedAtCap", message=f"{stopped_by} {told}", data=report)
        case RunStatus.FAILED:
            return Failed(message=f"{stopped_by} {told}", data=report.stopped_by)
    clips = f"{report.attention} clips need a look, {report.blocked} are blocked: see the results."
    # An error of a run that made everything is that of its tables or gallery.
    looks = [clips if report.attention or report.blocked else "", _of_films(report.films)]
    needs = [*looks, *report.unmet.sentences(), stopped_by]
    if report.not_begun:
        left = f"{count(report.not_begun, 'planned clip')} not begun"
        told = f"{left}: the next run goes on; approve it whole for scenes that continue others. {told}"
    if any(needs):
        return Completed(name="NeedsAttention", message=" ".join(filter(None, [*needs, told])), data=report)
    if not report.counts and not report.films.stitched and not report.not_begun:
        return Completed(name="Unchanged", message=told, data=report)
    return Completed(message=told, data=report)
