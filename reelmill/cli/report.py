"""``reelmill report``: spend and results of an output, and its tables rebuilt from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import count, money, out, print_json, print_rows, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.attention import Group as Unfit
from reelmill.jobs.attention import unfit_clips
from reelmill.jobs.outputs import known_output, known_run
from reelmill.ledger.ledger import Ledger
from reelmill.report.summary import Group, Summary, summarise
from reelmill.report.tables import rebuild_tables
from reelmill.storage.open import open_storage

__all__ = ["report"]

_UNFIT_LISTED = 10


def report(
    *,
    output: Output = "",
    run: Annotated[str | None, Parameter(help="Only this run, whatever its output.")] = None,
    rebuild: Annotated[
        bool, Parameter(help="Write every table of the output afresh from the ledger.", negative=())
    ] = False,
    json: Json = False,
) -> int:
    """Show what an output's clips came to, by state, category, platform and model."""
    settings = settings_with()
    ledger = Ledger.open(settings.ledger_url)
    try:
        root = known_run(run, ledger).output if run else known_output(output, settings, ledger)
        tables = rebuild_tables(ledger, open_storage(root, settings), root) if rebuild else []
        summary = summarise(ledger, run_id=run, output=None if run else root)
        unfit = unfit_clips(ledger, root, run_id=run, keeps=_UNFIT_LISTED)
    finally:
        ledger.close()
    if json:
        print_json(summary.to_dict() | {"output": root, "tables": tables, "unfit": unfit.count})
    else:
        _print(out(), summary, root)
        _print_unfit(out(), unfit)
        if rebuild:
            out().print(f"{count(len(tables), 'table file')} rebuilt in {root}/tables", soft_wrap=True)
    return ExitCode.OK


def _print(console: Console, summary: Summary, root: str) -> None:
    total = summary.total
    console.print(f"[bold]Output[/] {root}")
    console.print(
        f"[bold]Total[/]  {count(summary.clips, 'clip')} in {count(total.attempts, 'attempt')}, "
        f"{total.delivered} delivered, {money(total.spent_usd)} paid, {money(total.reserved_usd)} reserved\n"
    )
    breakdowns: dict[str, Mapping[str, Group]] = {
        "State": summary.by_state,
        "Category": summary.by_category,
        "Platform": summary.by_platform,
        "Model": summary.by_model,
    }
    for title, groups in breakdowns.items():
        rows = [(name, str(g.attempts), str(g.delivered), money(g.spent_usd)) for name, g in sorted(groups.items())]
        print_rows(console, "", (title, "Attempts", "Delivered", "Paid"), rows)
    verdicts = [(status, str(number)) for status, number in sorted(summary.inspections.items())]
    print_rows(console, "", ("Inspection", "Attempts"), verdicts)
    decided = [(decision, str(number)) for decision, number in sorted(summary.decisions.items())]
    print_rows(console, "", ("Decision", "Delivered"), decided)


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
