"""``reelmill plan``: what a run would make, keep, retire and block, and what it costs. Never spends."""

from __future__ import annotations

from rich.console import Console

from reelmill.cli.options import (
    Campaign,
    Columns,
    DialectName,
    Feed,
    Force,
    Json,
    Limit,
    Media,
    ModelName,
    Only,
    Output,
    Platforms,
    Quality,
    Variants,
    columns_of,
    names_of,
    settings_with,
)
from reelmill.cli.printing import money, out, print_json, print_rows, span
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary

__all__ = ["plan", "print_plan"]


def plan(
    feed: Feed,
    *,
    platforms: Platforms = (),
    output: Output = "",
    model: ModelName = None,
    resolution: Quality = None,
    media_use: Media = None,
    variants: Variants = None,
    campaign: Campaign = None,
    only: Only = (),
    limit: Limit = None,
    force: Force = False,
    dialect: DialectName = None,
    column: Columns = (),
    json: Json = False,
) -> int:
    """Show what a run would make, keep, retire and block, its price and its time. Never spends."""
    settings = settings_with(
        model=model, resolution=resolution, media_use=media_use, variants=variants, campaign=campaign
    )
    request = CatalogRequest(
        feed=feed,
        platforms=names_of(platforms),
        only=only,
        limit=limit,
        force=force,
        dialect=dialect,
        columns=columns_of(column),
    )
    with Engine(settings, output) as engine:
        summary = plan_catalog(engine, request)
    if json:
        print_json(summary.to_dict())
    else:
        print_plan(out(), summary)
    return ExitCode.OK


def print_plan(console: Console, summary: PlanSummary) -> None:
    """The plan as a person reads it: what, how much, where, how long, and what to look at."""
    counts = summary.counts
    console.print(
        f"[bold]Plan[/]  {summary.clips} clips for {summary.products} products: "
        f"{counts[Action.MAKE]} make, {counts[Action.KEEP]} keep, {counts[Action.BLOCKED]} blocked; "
        f"{counts[Action.RETIRE]} products retire, {summary.rejects} rows rejected."
    )
    console.print(
        f"[bold]Price[/] at most {money(summary.estimated_usd)} with {summary.model}"
        + (
            f", about {span(summary.eta_seconds)} at {summary.quota_per_minute:g} a minute."
            if summary.eta_seconds
            else "."
        )
    )
    console.print()
    for title, amounts in (("Category", summary.by_category), ("Platform", summary.by_platform)):
        print_rows(console, "", (title, "USD"), [(name, money(amount)) for name, amount in sorted(amounts.items())])
    for blocked in summary.blocked:
        console.print(f"[yellow]blocked[/] {blocked.sku} {blocked.aspect_ratio}: {blocked.reason}", markup=True)
    for reject in summary.reject_samples:
        where = f"{reject.ref.file} row {reject.ref.row}"
        console.print(f"[yellow]reject[/]  {where}, {reject.field}: {reject.reason} {reject.remedy}")
    for warning in summary.warnings:
        console.print(f"[yellow]warning[/] {warning}")
