"""Step: plan and price the catalog, and show both before anything is paid."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger

from reelmill.cli.filtering import retries_sentence
from reelmill.cli.printing import money, span
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from tasks.publish import publish
from tasks.step import step
from tasks.wording import bullets, plain

__all__ = ["plan", "plan_sentence"]


@step("plan")
async def plan(engine: Engine, request: CatalogRequest, spool: Spool | None) -> PlanSummary:
    """Read the whole feed, decide and price. Never spends. Publishes the plan-and-cost artifacts."""
    summary = await asyncio.to_thread(plan_catalog, engine, request, spool)
    log = get_run_logger()
    log.info(plan_sentence(summary))
    for warning in summary.warnings:
        log.warning(warning)
    await publish(acreate_markdown_artifact(_page(request, summary), key="reelmill-plan", description="Plan and cost"))
    await publish(acreate_table_artifact(_rows(summary), key="reelmill-cost", description="Cost, in USD at most"))
    return summary


def plan_sentence(summary: PlanSummary) -> str:
    """The plan in one line."""
    counts = summary.counts
    price = f"at most {money(summary.estimated_usd)}"
    if summary.eta_seconds:
        price += f", about {span(summary.eta_seconds)} at {summary.quota_per_minute:g} a minute"
    return (
        f"{summary.clips} clips for {summary.products} products: {counts[Action.MAKE]} make, "
        f"{counts[Action.KEEP]} keep, {counts[Action.BLOCKED]} blocked; {counts[Action.RETIRE]} products retire, "
        f"{summary.rejects} rows rejected; {price}. {retries_sentence(summary)}".rstrip()
    )


def _rows(summary: PlanSummary) -> list[dict[str, str]]:
    """Cost by category and by platform, each adding up to the total."""
    parts = (("Category", summary.by_category), ("Platform", summary.by_platform))
    rows = [
        {"By": title, "Name": plain(name), "USD": _usd(amount)}
        for title, amounts in parts
        for name, amount in sorted(amounts.items())
    ]
    return [*rows, {"By": "Total", "Name": f"{summary.counts[Action.MAKE]} clips", "USD": _usd(summary.estimated_usd)}]


def _page(request: CatalogRequest, summary: PlanSummary) -> str:
    parts = [f"## Plan for {plain(request.feed)}", plan_sentence(summary), f"Model: `{summary.model}`"]
    blocked = [f"{b.sku} {b.aspect_ratio}: {b.reason}" for b in summary.blocked]
    rejects = [f"{r.ref.file} row {r.ref.row}, {r.field}: {r.reason} {r.remedy}" for r in summary.reject_samples]
    for title, items, total in (
        ("Warnings", summary.warnings, len(summary.warnings)),
        ("Blocked clips", blocked, summary.counts[Action.BLOCKED]),
        ("Rejected rows", rejects, summary.rejects),
        ("Products that vanished from the feed", summary.retired, summary.counts[Action.RETIRE]),
    ):
        parts += bullets(title, items, total)
    return "\n\n".join(parts)


def _usd(amount: Decimal) -> str:
    return money(amount).removeprefix("$")
