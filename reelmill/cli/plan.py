"""``reelmill plan``: what a run would make, keep, retire and block, and what it costs. Never spends."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from reelmill.cli.catalog_options import CatalogOptions
from reelmill.cli.drafts import finals_sentence
from reelmill.cli.filming import film_sentences
from reelmill.cli.filtering import remakes_sentence, retries_sentence
from reelmill.cli.judging import verdicts_sentence
from reelmill.cli.options import Feed, Json
from reelmill.cli.printing import count, money, out, print_json, print_rows, print_text, span
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary

__all__ = ["plan", "print_plan"]

_EVERYTHING = CatalogOptions()


def plan(feed: Feed, *, options: CatalogOptions = _EVERYTHING, json: Json = False) -> int:
    """Show what a run would make, keep, retire and block, its price and its time. Never spends."""
    with Engine(options.settings(), options.output) as engine:
        summary = plan_catalog(engine, options.request(feed))
    if json:
        print_json(summary.to_dict())
    else:
        print_plan(out(), summary, force=options.force)
    return ExitCode.ATTENTION if summary.unmet else ExitCode.OK


def print_plan(console: Console, summary: PlanSummary, *, force: bool = False) -> None:
    """The plan as a person reads it: what, how much, where, how long, and what to look at."""
    counts = summary.counts
    console.print(
        f"[bold]Plan[/]  {count(summary.clips, 'clip')} for {count(summary.products, 'product')}: "
        f"{counts[Action.MAKE]} make, {counts[Action.KEEP]} keep, {counts[Action.BLOCKED]} blocked; "
        f"{count(counts[Action.RETIRE], 'product')} retired, {count(summary.rejects, 'row')} rejected."
    )
    console.print(f"[bold]Price[/] {_price(summary)}")
    for sentence in _beside_the_price(summary):
        print_text(console, sentence)
    if force and counts[Action.MAKE]:
        console.print(
            "[yellow]forced[/] Delivered clips are paid again, from the first one on each time this is run: "
            "a forced run that stops early cannot be resumed."
        )
    console.print()
    for title, amounts in (("Category", summary.by_category), ("Platform", summary.by_platform)):
        print_rows(console, "", (title, "USD"), [(name, money(amount)) for name, amount in sorted(amounts.items())])
    for blocked in summary.blocked:
        print_text(console, f"blocked {blocked.sku} {blocked.aspect_ratio}: {blocked.reason}")
    for reject in summary.reject_samples:
        where = f"{reject.ref.file} row {reject.ref.row}"
        print_text(console, f"reject {where}, {reject.field}: {reject.reason} {reject.remedy}")
    for warning in summary.warnings:
        print_text(console, f"warning {warning}")


def _beside_the_price(summary: PlanSummary) -> Iterator[str]:
    """What the clips become, and what is paid or may be paid for them beside the videos."""
    for sentence in film_sentences(summary):
        yield f"Films: {sentence}"
    if sentence := verdicts_sentence(summary):
        yield f"Verdicts: {sentence}"
    if summary.finals is not None:
        yield finals_sentence(summary.finals)
    if sentence := retries_sentence(summary):
        yield f"Retries: {sentence}"
    if sentence := remakes_sentence(summary):
        yield f"Remakes: {sentence}"


def _price(summary: PlanSummary) -> str:
    if not summary.counts[Action.MAKE]:
        return "nothing to pay."
    time = f", about {span(summary.eta_seconds)} {summary.pace}" if summary.eta_seconds else ""
    return f"at most {money(summary.estimated_usd)} with {summary.model}{time}."
