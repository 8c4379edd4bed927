"""The plan as a person reads it: in the plan artifact, and when a run asks before it spends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from reelmill.cli.drafts import finals_sentence
from reelmill.cli.filming import film_sentences
from reelmill.cli.filtering import remakes_sentence, retries_sentence
from reelmill.cli.judging import verdicts_sentence
from reelmill.cli.printing import money, span
from reelmill.jobs.catalog import CatalogRequest
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary, PromptSample
from tasks.wording import bullets, plain

__all__ = ["cost_rows", "plan_page", "plan_sentence"]


def plan_sentence(summary: PlanSummary) -> str:
    """The plan in one line."""
    counts = summary.counts
    price = f"at most {money(summary.estimated_usd)}"
    if summary.eta_seconds:
        price += f", about {span(summary.eta_seconds)} {summary.pace}"
    return (
        f"{summary.clips} clips for {summary.products} products: {counts[Action.MAKE]} make, "
        f"{counts[Action.KEEP]} keep, {counts[Action.BLOCKED]} blocked; {counts[Action.RETIRE]} products retire, "
        f"{summary.rejects} rows rejected; {price}. {_further(summary)}".rstrip()
    )


def _further(summary: PlanSummary) -> str:
    """What the price holds beside clips, and what may be paid beyond it: for drafts that are picked, or by policies."""
    finals = finals_sentence(summary.finals) if summary.finals is not None else ""
    said = (verdicts_sentence(summary), finals, retries_sentence(summary), remakes_sentence(summary))
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in said if sentence)


def cost_rows(summary: PlanSummary) -> list[dict[str, str]]:
    """Cost by category and by platform, each adding up to the total; then what finals of all drafts would cost."""
    rows = [
        {"By": title, "Name": plain(name), "USD": _usd(amount)}
        for title, amounts in _costs(summary)
        for name, amount in sorted(amounts.items())
    ]
    total = {"By": "Total", "Name": f"{summary.counts[Action.MAKE]} clips", "USD": _usd(summary.estimated_usd)}
    if (finals := summary.finals) is None:
        return [*rows, total]
    picked = {
        "By": "Finals, if all are picked",
        "Name": f"{finals.clips} clips, {finals.model}",
        "USD": _usd(finals.usd),
    }
    return [*rows, total, picked]


def plan_page(request: CatalogRequest, summary: PlanSummary) -> str:
    """The plan in Markdown: counts, cost, samples of prompts, warnings, and what cannot be made."""
    parts = [
        f"## Plan for {plain(request.feed)}",
        plan_sentence(summary),
        f"Model: `{summary.model}`",
        *bullets("Films", list(film_sentences(summary)), len(summary.films)),
        *_cost_table(summary),
        *_prompt_samples(summary.prompts),
    ]
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


def _costs(summary: PlanSummary) -> tuple[tuple[str, Mapping[str, Decimal]], ...]:
    return ("Category", summary.by_category), ("Platform", summary.by_platform)


def _cost_table(summary: PlanSummary) -> Iterator[str]:
    if summary.counts[Action.MAKE]:
        rows = "\n".join(f"| {row['By']} | {row['Name']} | {row['USD']} |" for row in cost_rows(summary))
        yield f"### Cost, in USD at most\n\n| By | Name | USD |\n|---|---|---:|\n{rows}"


def _prompt_samples(prompts: list[PromptSample]) -> Iterator[str]:
    if prompts:
        yield "### Prompts, one of each category"
    for sample in prompts:
        yield f"**{plain(sample.sku)}, {plain(sample.category)}, {sample.aspect_ratio}**\n\n> {plain(sample.prompt)}"


def _usd(amount: Decimal) -> str:
    return money(amount).removeprefix("$")
