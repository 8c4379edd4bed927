"""``reelmill status``: in one screen, what is in flight, unclear, lost, filtered or failed, and what each costs."""

from __future__ import annotations

from itertools import islice
from typing import Any

from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import money, out, print_json, print_rows
from reelmill.clip import Clip
from reelmill.errors import ExitCode
from reelmill.jobs.engine import choose_output
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Intent, StateTotal
from reelmill.ledger.states import State
from reelmill.storage.open import open_storage

__all__ = ["status"]

_LISTED = 40
_CHUNK = 1000
_ATTENTION = [State.UNKNOWN, State.LOST, State.EXPIRED, State.PARTIAL, State.FILTERED, State.FAILED]


def status(*, output: Output = "", json: Json = False) -> int:
    """Say how the clips of an output stand, what they cost, and which need a person."""
    settings = settings_with()
    ledger = Ledger.open(settings.ledger_url)
    try:
        root = open_storage(choose_output(output, settings, ledger), settings).root
        totals = ledger.totals(output=root)
        waiting, listed = _attention(ledger, root)
        runs = ledger.runs(output=root, limit=5)
        differences = ledger.audit()
    finally:
        ledger.close()
    if json:
        print_json(
            {
                "output": root,
                "states": {state.value: _total(total) for state, total in sorted(totals.items())},
                "attention": [_listed(clip, intent) for clip, intent in listed],
                "runs": [
                    {"run_id": run.run_id, "status": run.status.value, "spent_usd": run.spent_usd} for run in runs
                ],
                "audit": differences,
            }
        )
    else:
        console = out()
        console.print(f"[bold]Output[/] {root}\n")
        rows = [
            (state.value, str(total.clips), money(total.charged_usd), money(total.reserved_usd))
            for state, total in sorted(totals.items())
        ]
        print_rows(
            console, "", ("State", "Attempts", "Paid", "Reserved"), rows or [("nothing yet", "0", "$0.00", "$0.00")]
        )
        for clip, intent in listed:
            console.print(
                f"[yellow]{intent.state}[/] {clip.sku} {clip.request.aspect_ratio.value} {clip.clip_id} "
                f"{intent.error_message}".rstrip()
            )
        if waiting > len(listed):
            console.print(f"… and {waiting - len(listed)} more; the results table lists them all.")
        recent = [(run.run_id, run.status.value, money(run.spent_usd), money(run.planned_usd)) for run in runs]
        print_rows(console, "Latest runs", ("Run", "Status", "Spent", "Planned"), recent)
        for difference in differences:
            console.print(f"[red]ledger[/] {difference}")
    return ExitCode.ATTENTION if waiting or differences else ExitCode.OK


def _attention(ledger: Ledger, root: str) -> tuple[int, list[tuple[Clip, Intent]]]:
    """How many clips need a look, and the first of them. An older attempt that was made good does not count."""
    waiting = 0
    listed: list[tuple[Clip, Intent]] = []
    attempts = ledger.intents(states=_ATTENTION, output=root)
    while chunk := list(islice(attempts, _CHUNK)):
        latest = ledger.standings([clip.clip_id for clip, _ in chunk])
        current = [(clip, intent) for clip, intent in chunk if latest[clip.clip_id].intent_id == intent.intent_id]
        waiting += len(current)
        listed += current[: _LISTED - len(listed)]
    return waiting, listed


def _total(total: StateTotal) -> dict[str, Any]:
    return {"clips": total.clips, "charged_usd": total.charged_usd, "reserved_usd": total.reserved_usd}


def _listed(clip: Clip, intent: Intent) -> dict[str, Any]:
    return {
        "clip_id": clip.clip_id,
        "intent_id": intent.intent_id,
        "run_id": intent.run_id,
        "sku": clip.sku,
        "aspect_ratio": clip.request.aspect_ratio.value,
        "state": intent.state.value,
        "attempt": intent.attempt,
        "charged_usd": intent.charged_usd,
        "reserved_usd": intent.reserved_usd,
        "error_code": intent.error_code,
        "error_message": intent.error_message,
        "output_prefix": intent.output_prefix,
    }
