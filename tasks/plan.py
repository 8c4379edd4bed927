"""Step: plan and price the catalog, and show both before anything is paid."""

from __future__ import annotations

import asyncio

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger

from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from tasks.plan_page import cost_rows, plan_page, plan_sentence
from tasks.publish import publish
from tasks.step import step

__all__ = ["plan"]


@step("plan")
async def plan(engine: Engine, request: CatalogRequest, spool: Spool | None) -> PlanSummary:
    """Read the whole feed, decide and price. Never spends. Publishes the plan-and-cost artifacts."""
    summary = await asyncio.to_thread(plan_catalog, engine, request, spool)
    log = get_run_logger()
    log.info(plan_sentence(summary))
    for warning in summary.warnings:
        log.warning(warning)
    await publish(
        acreate_markdown_artifact(plan_page(request, summary), key="reelmill-plan", description="Plan and cost")
    )
    await publish(acreate_table_artifact(cost_rows(summary), key="reelmill-cost", description="Cost, in USD at most"))
    return summary
