"""Cost and yield of a run, for the results artifact: one table of every dimension that tells its groups apart."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.cli.printing import money
from reelmill.errors import ReelmillError
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.tallying import Dimension, Group
from reelmill.report.summary import Breakdown, summarise
from tasks.wording import plain

__all__ = ["cost_and_yield"]

_SHOWN = {
    Dimension.CATEGORY: 5,
    Dimension.PLATFORM: 5,
    Dimension.TEMPLATE: 5,
    Dimension.MODEL: 5,
    Dimension.CAMPAIGN: 5,
    Dimension.SKU: 10,
}
"""The dearest so many values of each: all of it fits one screen."""

_NAME = 60  # characters of a name
_BAR = 12  # characters of the longest bar
_COLUMNS = ("Attempts", "Delivered", "Filtered", "Unfit", "Rejected", "Yield", "Paid")
_HEAD = f"| By | | {' | '.join(_COLUMNS)} | Share of cost |\n|:---|:---|{'---:|' * len(_COLUMNS)}:---|"


def cost_and_yield(ledger: Ledger, run_id: str) -> list[str]:
    """A table with bars; nothing for a run that tried nothing, or while the ledger does not answer.

    A dimension of which the run has one value only would repeat the total, and is left out.
    """
    try:
        summary = summarise(ledger, run_id=run_id, by=_SHOWN, top=max(_SHOWN.values()))
    except ReelmillError:  # the run has ended and is told of all the same
        return []
    if not summary.total.attempts:
        return []
    lines = [_HEAD, _row("**All**", "", summary.total, summary.total)]
    for dimension, breakdown in summary.by.items():
        if len(breakdown.groups) > 1:
            lines += _rows(dimension, breakdown, summary.total)
    return ["### Cost and yield", "\n".join(lines)]


def _rows(dimension: Dimension, breakdown: Breakdown, total: Group) -> Iterator[str]:
    shown = list(breakdown.groups.items())[: _SHOWN[dimension]]
    for index, (name, group) in enumerate(shown):
        yield _row(f"**{dimension.heading}**" if index == 0 else "", _short(name), group, total)
    if more := breakdown.more + len(breakdown.groups) - len(shown):
        yield f"| | … and {more:,} more |{' |' * (len(_COLUMNS) + 1)}"


def _short(name: str) -> str:
    """Of a long name the end: there a category says what it is, and a template its version."""
    return plain(name if len(name) <= _NAME else f"…{name[1 - _NAME :]}") or "(none)"


def _row(by: str, name: str, group: Group, total: Group) -> str:
    share = group.spent_usd / total.spent_usd if total.spent_usd else 0
    bar = f"`{'█' * max(1, round(share * _BAR))}` {share:.0%}" if share else ""
    counts = (group.attempts, group.delivered, group.filtered, group.unfit, group.rejected)
    figures = [*(f"{number:,}" for number in counts), f"{group.share_delivered:.0%}", money(group.spent_usd)]
    return f"| {by} | {name} | {' | '.join(figures)} | {bar} |"
