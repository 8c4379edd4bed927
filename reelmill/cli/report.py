"""``reelmill report``: cost and yield of an output, SQL over its tables, and the tables rebuilt from the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.options import Json, Output, not_blank, settings_with
from reelmill.cli.printing import count, money, out, print_json, print_long_json, print_rows, print_text, shown
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.attention import Group as Unfit
from reelmill.jobs.attention import unfit_clips
from reelmill.jobs.outputs import output_of
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.tallying import Dimension, Group
from reelmill.report.queries import Dialect, queries, script, setup_of
from reelmill.report.summary import USUAL, Breakdown, Summary, summarise
from reelmill.report.tables import rebuild_tables
from reelmill.storage.open import open_storage

__all__ = ["report"]

_UNFIT_LISTED = 10
_TOP = 20
_NONE = "(none)"
_CENT = Decimal("0.01")
_COLUMNS = (
    *("Attempts", "Delivered", "Filtered", "Failed", "Unfit", "Rejected"),
    *("Yield", "Paid", "Reserved", "Per video"),
)


def report(
    *,
    output: Output = "",
    run: Annotated[
        str | None, Parameter(help="Only this run, whatever its output.", converter=not_blank("--run"))
    ] = None,
    by: Annotated[
        tuple[Dimension, ...],
        Parameter(
            help="Break down by these. Default: category, platform, template and model.",
            consume_multiple=True,
            negative=(),
        ),
    ] = (),
    top: Annotated[
        int | None,
        Parameter(
            help="Rows of each table, the dearest; --json has all. Default: 20.", validator=validators.Number(gte=1)
        ),
    ] = None,
    sql: Annotated[
        tuple[Dialect, ...] | None,
        Parameter(
            help="Print ready SQL over the output's tables instead: duckdb, bigquery, or both without a word.",
            consume_multiple=True,
            negative=(),
        ),
    ] = None,
    rebuild: Annotated[
        bool, Parameter(help="Write every table of the output afresh from the ledger.", negative=())
    ] = False,
    json: Json = False,
) -> int:
    """Show what an output's clips cost and yielded, by state and by what is asked for."""
    if sql is not None and (rebuild or run or by or top):
        raise FixConfiguration(
            "--sql prints queries over the whole output: --rebuild, --run, --by and --top change nothing in them.",
            "Give --sql alone.",
        )
    settings = settings_with()
    with Ledger.open_existing(settings.ledger_url) as ledger:
        root = output_of(run, output, settings, ledger, writes=rebuild)
        if sql is not None:
            return _print_sql(root, sql, json=json)
        tables = rebuild_tables(ledger, open_storage(root, settings), root) if rebuild else []
        among: _Among = {"run_id": run, "output": None if run else root}
        unfit = unfit_clips(ledger, root, run_id=run, keeps=_UNFIT_LISTED)
        wanted = tuple(dict.fromkeys(by)) or USUAL
        if json:
            head = summarise(ledger, **among, by=()).to_dict()
            streams = {f"by_{dimension}": _plain(ledger.tally(dimension, **among)) for dimension in wanted}
            print_long_json(head | {"output": root, "tables": tables, "unfit_clips": unfit.count}, streams)
            return ExitCode.OK
        summary = summarise(ledger, **among, by=wanted, top=top or _TOP)
    _print(out(), summary, root)
    _print_unfit(out(), unfit)
    if rebuild:
        out().print(f"{count(len(tables), 'table file')} rebuilt in {shown(root)}/tables", soft_wrap=True)
    return ExitCode.OK


class _Among(TypedDict):
    run_id: str | None
    output: str | None


def _plain(groups: Iterable[tuple[str, Group]]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((key, group.to_dict()) for key, group in groups)


def _print_sql(root: str, dialects: tuple[Dialect, ...], *, json: bool) -> int:
    """The queries as one script, or each by its name."""
    chosen = dialects or tuple(dialect for dialect in Dialect if dialect.can_read(root))
    if json:
        print_json(
            {
                dialect.value: {
                    "setup": setup_of(dialect, root),
                    **{query.name: query.sql for query in queries(dialect, root)},
                }
                for dialect in chosen
            }
        )
    else:
        sys.stdout.write("\n".join(script(dialect, root) for dialect in chosen))
    return ExitCode.OK


def _print(console: Console, summary: Summary, root: str) -> None:
    total = summary.total
    console.print(f"[bold]Output[/] {shown(root)}")
    console.print(
        f"[bold]Total[/]  {count(summary.clips, 'clip')} in {count(total.attempts, 'attempt')}, "
        f"{total.delivered} delivered, {money(total.spent_usd)} paid, {money(total.reserved_usd)} reserved\n"
    )
    _print_groups(console, "State", Breakdown(summary.by_state))
    for dimension, breakdown in summary.by.items():
        _print_groups(console, dimension.heading, breakdown)
    verdicts = [(status, str(number)) for status, number in sorted(summary.inspections.items())]
    print_rows(console, "", ("Inspection", "Attempts"), verdicts)
    decided = [(decision, str(number)) for decision, number in sorted(summary.decisions.items())]
    print_rows(console, "", ("Decision", "Delivered"), decided)


def _print_groups(console: Console, title: str, breakdown: Breakdown) -> None:
    """A table of the groups; a column in which nobody has anything is left out."""
    rows = [(name or _NONE, *_figures(group)) for name, group in breakdown.groups.items()]
    if breakdown.more:
        rows.append((f"… and {breakdown.more:,} more", *[""] * len(_COLUMNS)))
    kept = [index for index, column in enumerate(zip(*rows, strict=True)) if index == 0 or any(column)]
    names = (title, *_COLUMNS)
    print_rows(console, "", tuple(names[at] for at in kept), [tuple(row[at] for at in kept) for row in rows])


def _figures(group: Group) -> tuple[str, ...]:
    counts = (group.attempts, group.delivered, group.filtered, group.failed, group.unfit, group.rejected)
    share, each = group.share_delivered, group.usd_per_video
    return (
        *(str(number) if number else "" for number in counts),
        "" if share is None else f"{share:.0%}",
        money(group.spent_usd),
        money(group.reserved_usd) if group.reserved_usd else "",
        "" if each is None else money(each.quantize(_CENT)),
    )


def _print_unfit(console: Console, unfit: Unfit) -> None:
    if not unfit.count:
        return
    console.print(f"[yellow]{count(unfit.count, 'clip')}[/] delivered, but found unfit by inspection:")
    for clip, intent in unfit.clips:
        findings = " ".join(
            str(finding.get("message", "")) for finding in (intent.inspection or {}).get("findings", ())
        )
        where = " ".join(intent.video_uris)
        print_text(console, f"{clip.sku}  {clip.request.aspect_ratio.value}: {findings} {where}", indent=2)
    console.print("  reelmill status says what to do about them.")
