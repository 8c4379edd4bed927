"""``reelmill reconcile``: the ledger against Google's bill."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.options import Json, settings_with
from reelmill.cli.printing import money, out, print_json, shown
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.reconciling import Difference, Kind, Period, Reconciled
from reelmill.jobs.reconciling import reconcile as compare
from reelmill.ledger.ledger import Ledger
from reelmill.report.billing_files import read_billing

__all__ = ["reconcile"]

_SHOWN = 60
_WORDS = {
    Kind.NOT_IN_LEDGER: "billed, not in the ledger",
    Kind.NOT_BILLED: "in the ledger, not billed",
    Kind.AMOUNT: "another amount",
    Kind.CURRENCY: "another currency",
    Kind.UNLABELLED: "billed without labels",
}


def reconcile(
    *,
    billing_export: Annotated[
        Path,
        Parameter(help="Cloud Billing usage cost table exported from BigQuery: Parquet, JSON lines, CSV, or a folder."),
    ],
    from_: Annotated[str, Parameter(name="--from", help="First UTC day, like 2026-11-01.")] = "",
    to: Annotated[str, Parameter(help="Last UTC day, included.")] = "",
    project: Annotated[
        str | None,
        Parameter(help="Leave out unlabelled Veo of other projects. Default: settings; empty for all."),
    ] = None,
    json: Json = False,
) -> int:
    """Compare the ledger with the bill per run and SKU, by the labels of the requests. Reads only."""
    settings = settings_with()
    period = Period(_day("--from", from_), _day("--to", to))
    if period.first and period.last and period.first > period.last:
        raise FixConfiguration(f"--from {period.first} is after --to {period.last}.", "Give the first day first.")
    with Ledger.open_existing(settings.ledger_url) as ledger:
        found = compare(
            ledger,
            read_billing(billing_export),
            period=period,
            project=settings.project if project is None else project,
            rehearsal=settings.rehearsal,
        )
    if json:
        print_json(_as_dict(found))
    else:
        _print(out(), found)
    return ExitCode.ATTENTION if found.differences or _is_empty(found) else ExitCode.OK


def _is_empty(found: Reconciled) -> bool:
    """Whether there was nothing that could be equal."""
    return not (found.lines or found.charges)


def _day(option: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FixConfiguration(f"{option} {text!r} is no day.", "Write it like 2026-11-22.") from None


def _as_dict(found: Reconciled) -> dict[str, object]:
    return {
        "billed_usd": found.billed_usd,
        "charged_usd": found.charged_usd,
        "lines": found.lines,
        "charges": found.charges,
        "apart": [{"what": what, "currency": currency, "amount": sum_} for (what, currency), sum_ in _apart(found)],
        "other_projects": found.other_projects,
        "rehearsed": found.rehearsed,
        "whole_runs": found.whole_runs,
        "billed_from": found.billed_from,
        "billed_to": found.billed_to,
        "differences": [
            {
                "kind": each.kind.value,
                "run": each.run,
                "sku": each.sku,
                "skus": list(each.skus),
                "billed": each.billed,
                "currency": each.currency,
                "charged_usd": each.charged_usd,
                "note": each.note,
            }
            for each in found.differences
        ],
    }


def _apart(found: Reconciled) -> list[tuple[tuple[str, ...], Decimal]]:
    return sorted(found.apart.items(), key=lambda item: item[0])


def _print(console: Console, found: Reconciled) -> None:
    covered = f", {found.billed_from:%Y-%m-%d} to {found.billed_to:%Y-%m-%d}" if found.billed_to else ""
    console.print(f"[bold]Bill[/]   {money(found.billed_usd)} for Veo, {found.lines} lines{covered}")
    console.print(f"[bold]Ledger[/] {money(found.charged_usd)}, {found.charges} charges")
    for (what, currency), amount in _apart(found):
        console.print(f"Apart: {what} {amount.normalize():f} {currency}")
    if found.other_projects:
        console.print(f"Left out: {found.other_projects} lines without labels in other projects.")
    if found.rehearsed:
        console.print(f"Left out: {found.rehearsed} rehearsed clips, which nobody bills.")
    if found.whole_runs:
        console.print(f"{found.whole_runs} runs are billed without SKU labels and were compared as a whole.")
    if not found.differences:
        console.print("Nothing to compare in this period." if _is_empty(found) else "Equal, per run and SKU.")
    for each in found.differences[:_SHOWN]:
        console.print(f"[yellow]{_WORDS[each.kind]}[/] {shown(_described(each))}")
    if len(found.differences) > _SHOWN:
        console.print(f"… and {len(found.differences) - _SHOWN} more; --json lists them all.")


def _described(each: Difference) -> str:
    names = ", ".join(each.skus) or each.sku or "all SKUs"
    where = f"{each.run} {names}: " if each.run else ""
    billed = f"{each.billed.normalize():f} {each.currency}"
    amounts = f"billed {billed}, ledger {each.charged_usd.normalize():f} USD."
    return f"{where}{amounts} {each.note}".rstrip()
