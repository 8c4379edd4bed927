"""Cost and yield of a run by category and platform, for the results artifact."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.cli.printing import money
from reelmill.errors import ReelmillError
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.tallying import Dimension, Group
from reelmill.report.summary import Breakdown, summarise
from tasks.wording import plain

__all__ = ["cost_and_yield"]

_SHOWN = (Dimension.CATEGORY, Dimension.PLATFORM)
_TOP = 10
_BAR = 12  # characters of the longest bar
_HEAD = "| {title} | Attempts | Delivered | Yield | Paid | Share of cost |\n|---|---:|---:|---:|---:|:---|"


def cost_and_yield(ledger: Ledger, run_id: str) -> list[str]:
    """A table with bars for each; nothing for a run that tried nothing, or while the ledger does not answer."""
    try:
        summary = summarise(ledger, run_id=run_id, by=_SHOWN, top=_TOP)
    except ReelmillError:  # the run has ended and is told of all the same
        return []
    if not summary.total.attempts:
        return []
    tables = [_table(dimension, breakdown, summary.total) for dimension, breakdown in summary.by.items()]
    return ["### Cost and yield", *tables]


def _table(dimension: Dimension, breakdown: Breakdown, total: Group) -> str:
    lines = [_HEAD.format(title=dimension.heading), *_rows(breakdown, total)]
    if breakdown.more:
        lines.append(f"| … and {breakdown.more} more | | | | | |")
    return "\n".join(lines)


def _rows(breakdown: Breakdown, total: Group) -> Iterator[str]:
    for name, group in breakdown.groups.items():
        share = group.spent_usd / total.spent_usd if total.spent_usd else 0
        bar = f"`{'█' * max(1, round(share * _BAR))}` {share:.0%}" if share else ""
        yield (
            f"| {plain(name) or '(none)'} | {group.attempts} | {group.delivered} | {group.share_delivered:.0%} "
            f"| {money(group.spent_usd)} | {bar} |"
        )
