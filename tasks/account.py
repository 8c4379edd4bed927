"""Steps: open the books before money, close them with tables and a results artifact."""

from __future__ import annotations

import asyncio

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from reelmill.cli.filming import stitching_sentences
from reelmill.cli.making import nothing
from reelmill.cli.printing import money
from reelmill.jobs.accounting import RunReport, close_run, open_run
from reelmill.jobs.approval import Approval
from reelmill.jobs.catalog import CatalogRequest, drafts_asked
from reelmill.jobs.engine import Engine, new_run_id
from reelmill.jobs.films import FilmWork
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.results import ClipResult, Tally
from reelmill.settings import Settings
from reelmill.storage.browse import browse_address
from tasks.breakdown import cost_and_yield
from tasks.clip_rows import Kept
from tasks.events import run_ended, run_started
from tasks.posters import posters
from tasks.publish import publish
from tasks.step import step
from tasks.wording import bullets, plain

__all__ = ["close_books", "open_books", "report_sentence"]


@step("open the books")
async def open_books(
    engine: Engine, command: str, request: CatalogRequest, summary: PlanSummary, spool: Spool, *, approval: Approval
) -> str:
    """Write the run, its plan and its rejects into the ledger; returns the run's id."""
    run_id = new_run_id()
    asked = {
        "command": command,
        "feed": request.feed,
        "platforms": list(request.platforms),
        "prefect_flow_run": str(flow_run.id),
        "approval": approval.to_dict(),
        **drafts_asked(summary),
    }
    await asyncio.to_thread(open_run, engine, run_id, summary, spool, asked)
    run_started(run_id, engine.storage.root, str(summary.most_usd))
    get_run_logger().info("Run %s writes to %s", run_id, engine.storage.root)
    return run_id


@step("account")
async def close_books(
    engine: Engine, run_id: str, summary: PlanSummary, spool: Spool, *, tally: Tally, films: FilmWork, kept: Kept
) -> RunReport:
    """End the run in the ledger, write the tables, and publish the results artifacts."""
    report = await asyncio.to_thread(close_run, engine, run_id, summary, spool, tally, films=films)
    run_ended(report)
    get_run_logger().info(report_sentence(report))
    costs = await asyncio.to_thread(cost_and_yield, engine.ledger, run_id)
    page = _page(report, kept, costs, engine.settings)
    await publish(acreate_markdown_artifact(page, key="reelmill-results", description="Results and spend"))
    if rows := list(kept.rows()):
        await publish(acreate_table_artifact(rows, key="reelmill-clips", description=f"Clips of {run_id}"))
    return report


def report_sentence(report: RunReport) -> str:
    """The end of a run in one line."""
    states = ", ".join(f"{count} {state}" for state, count in report.counts.items()) or nothing(report)
    left = f", {report.not_begun} not begun" if report.not_begun else ""
    reserved = f", {money(report.reserved_usd)} still reserved" if report.reserved_usd else ""
    return (
        f"{states}{left}; {report.kept} kept, {report.blocked} blocked, {report.rejects} rows rejected; "
        f"spent {money(report.spent_usd)} of {money(report.planned_usd)} planned{reserved}."
    )


def _page(report: RunReport, kept: Kept, costs: list[str], settings: Settings) -> str:
    parts = [
        f"## Run {report.run_id}: {report.status.value}",
        report_sentence(report),
        f"Output: `{report.output}` (videos in `clips/`, tables in `tables/`)",
    ]
    if report.gallery is not None:
        parts.append(_gallery(report, settings))
    if report.stopped_by is not None:
        parts.append(f"**Stopped:** {plain(str(report.stopped_by))}")
    told = list(stitching_sentences(report.films))
    parts += bullets("Films", told, len(told))
    parts += bullets("Clips to look at", [_line(result) for result in kept.attention], report.attention)
    parts += posters([*kept.attention, *kept.fine], settings)
    parts += costs
    if report.tables:
        parts += [f"### Tables ({len(report.tables)})", "\n".join(f"- `{name}`" for name in report.tables)]
    return "\n\n".join(parts)


def _gallery(report: RunReport, settings: Settings) -> str:
    """A link for a browser that reaches the output; the place for one that does not."""
    assert report.gallery is not None
    address = browse_address(report.gallery, settings)
    where = f"[Open the gallery]({address})" if address else f"`{report.gallery}`"
    return f"**Gallery:** {where} · to decide: `reelmill review {report.run_id}`"


def _line(result: ClipResult) -> str:
    found = f"inspection: {result.inspection}" if result.inspection == "fail" else ""
    return f"{result.sku} {result.aspect_ratio}: {result.state.value} {result.detail or found}".rstrip()
