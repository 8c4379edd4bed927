"""``reelmill report``: spend and results of an output, and its tables rebuilt from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import money, out, print_json, print_rows
from reelmill.errors import ExitCode
from reelmill.jobs.engine import choose_output
from reelmill.ledger.ledger import Ledger
from reelmill.report.summary import Group, Summary, summarise
from reelmill.report.tables import rebuild_tables
from reelmill.storage.open import open_storage

__all__ = ["report"]


def report(
    *,
    output: Output = "",
    run: Annotated[str | None, Parameter(help="Only this run.")] = None,
    rebuild: Annotated[
        bool, Parameter(help="Write every table of the output afresh from the ledger.", negative=())
    ] = False,
    json: Json = False,
) -> int:
    """Show what an output's clips came to, by state, category, platform and model."""
    settings = settings_with()
    ledger = Ledger.open(settings.ledger_url)
    try:
        storage = open_storage(choose_output(output, settings, ledger), settings)
        tables = rebuild_tables(ledger, storage, storage.root) if rebuild else []
        summary = summarise(ledger, run_id=run, output=None if run else storage.root)
    finally:
        ledger.close()
    if json:
        print_json(summary.to_dict() | {"output": storage.root, "tables": tables})
    else:
        _print(out(), summary, storage.root)
        if rebuild:
            out().print(f"{len(tables)} table files rebuilt in {storage.root}/tables")
    return ExitCode.OK


def _print(console: Console, summary: Summary, root: str) -> None:
    total = summary.total
    console.print(f"[bold]Output[/] {root}")
    console.print(
        f"[bold]Total[/]  {total.clips} clips, {total.delivered} delivered, {money(total.spent_usd)} paid, "
        f"{money(total.reserved_usd)} reserved\n"
    )
    breakdowns: dict[str, Mapping[str, Group]] = {
        "State": summary.by_state,
        "Category": summary.by_category,
        "Platform": summary.by_platform,
        "Model": summary.by_model,
    }
    for title, groups in breakdowns.items():
        rows = [(name, str(g.clips), str(g.delivered), money(g.spent_usd)) for name, g in sorted(groups.items())]
        print_rows(console, "", (title, "Clips", "Delivered", "Paid"), rows)
