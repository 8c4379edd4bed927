"""``reelmill status``: in one screen, how everything stands, what it costs, and what a person does next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.attention import as_dict, print_attention
from reelmill.cli.filming import stitching_sentences
from reelmill.cli.options import Json, OnlyThese, Output, settings_with
from reelmill.cli.printing import count, money, out, print_json, print_rows, print_text, shown
from reelmill.cli.skus import skus_of
from reelmill.errors import ExitCode
from reelmill.jobs.attention import Attention, find_attention
from reelmill.jobs.films import waiting_films
from reelmill.jobs.outputs import known_output
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import DeliveryStatus, Run, StateTotal
from reelmill.ledger.states import State

__all__ = ["status"]

_LISTED = 5  # clips of each kind on the screen
_LISTED_WHEN_ASKED = 40
_LISTED_FOR_MACHINES = 10_000
_RUNS = 5

_ROWS: tuple[tuple[str, tuple[State, ...]], ...] = (
    ("in flight", (State.AUTHORISED, State.SENDING, State.SUBMITTED)),
    ("unclear", (State.UNKNOWN,)),
    ("lost", (State.LOST,)),
    ("expired", (State.EXPIRED,)),
    ("filtered", (State.FILTERED,)),
    ("failed", (State.FAILED,)),
    ("partial", (State.PARTIAL,)),
    ("succeeded", (State.SUCCEEDED,)),
    ("never sent", (State.RELEASED,)),
)


def status(
    *,
    output: Output = "",
    only: OnlyThese = (),
    state: Annotated[
        tuple[State, ...], Parameter(help="List only clips that stand so.", consume_multiple=True, negative=())
    ] = (),
    json: Json = False,
) -> int:
    """Say how the clips of an output stand, what they cost, and what to do about those that need a person."""
    settings = settings_with()
    keeps = _LISTED_FOR_MACHINES if json else _LISTED_WHEN_ASKED if only or state else _LISTED
    ledger = Ledger.open_existing(settings.ledger_url)
    try:
        root = known_output(output, settings, ledger)
        totals = ledger.totals(output=root)
        attention = find_attention(
            ledger,
            root,
            catalog=settings.catalog or root,
            rehearsal=settings.rehearsal,
            keeps=keeps,
            only=skus_of(only),
            states=state,
        )
        runs = ledger.runs(output=root, limit=_RUNS)
        others = [other for other in ledger.outputs() if other != root]
        clips, drafts = ledger.count_clips(output=root), ledger.draft_total(output=root)
        films = waiting_films(ledger, root, settings)
        differences = ledger.audit()
        dead = ledger.count_deliveries().get(DeliveryStatus.DEAD, 0)
    finally:
        ledger.close()
    if json:
        print_json(
            {
                "output": root,
                "clips": clips,
                "states": {state.value: _total(total) for state, total in sorted(totals.items())},
                "drafts": _total(drafts),
                **as_dict(attention),
                "films": films.to_dict(),
                "runs": [_run(run) for run in runs],
                "audit": differences,
                "dead_letters": dead,
            }
        )
    else:
        console = out()
        _print_totals(console, root, clips, totals, attention, drafts=drafts)
        if not runs and others:
            print_text(console, f"No run was for this output yet. This ledger knows: {', '.join(others[:_RUNS])}.")
        print_attention(console, attention, f" --output {shlex.quote(root)}" if output else "")
        recent = [(run.run_id, run.status.value, money(run.spent_usd), money(run.planned_usd)) for run in runs]
        print_rows(console, "Latest runs", ("Run", "Status", "Spent", "Planned"), recent)
        for sentence in stitching_sentences(films):
            print_text(console, f"film {sentence}")
        for difference in differences:
            print_text(console, f"ledger: {difference}")
        if dead:
            print_text(
                console,
                f"{count(dead, 'dead letter')}: ends that the receiver was not told of, and will not be by itself. "
                "reelmill webhooks list says why, reelmill webhooks redrive has them sent again.",
            )
    return ExitCode.ATTENTION if attention.waiting or differences or dead else ExitCode.OK


def _print_totals(
    console: Console,
    root: str,
    clips: int,
    totals: Mapping[State, StateTotal],
    attention: Attention,
    *,
    drafts: StateTotal,
) -> None:
    attempts = sum(total.clips for total in totals.values())
    paid = sum((total.charged_usd for total in totals.values()), Decimal(0))
    reserved = sum((total.reserved_usd for total in totals.values()), Decimal(0))
    console.print(f"[bold]Output[/] {shown(root)}")
    console.print(
        f"[bold]Clips[/]  {count(clips, 'clip')} in {count(attempts, 'attempt')}: "
        f"{money(paid)} paid, {money(reserved)} reserved\n"
    )
    if not attempts:
        console.print("nothing yet\n")
        return
    rows = []
    for name, states in _ROWS:
        among = [totals[state] for state in states if state in totals]
        present, all_ = sum(total.present for total in among), sum(total.clips for total in among)
        charged = sum((total.charged_usd for total in among), Decimal(0))
        held = sum((total.reserved_usd for total in among), Decimal(0))
        rows.append((name, str(present), str(all_ - present), money(charged), money(held)))
    rows += [
        ("  of these unfit", str(attention.unfit.count), "", money(attention.unfit.charged_usd), ""),
        ("  of these orphans", "", str(attention.orphans.count), money(attention.orphans.charged_usd), ""),
    ]
    if drafts.clips:
        former, paid_for = str(drafts.clips - drafts.present), money(drafts.charged_usd)
        rows.append(("  of these drafts", str(drafts.present), former, paid_for, money(drafts.reserved_usd)))
    print_rows(console, "", ("State", "Clips", "Older attempts", "Paid", "Reserved"), rows)
    doubtful = [totals[state] for state in (State.LOST, State.EXPIRED) if state in totals]
    if older := sum(total.clips - total.present for total in doubtful):
        print_text(
            console,
            f"{count(older, 'older attempt')} may have been paid and still {'reserve' if older > 1 else 'reserves'} "
            "money; reelmill settle looks for the video again each time.",
        )
        console.print()


def _total(total: StateTotal) -> dict[str, Any]:
    return {
        "clips": total.present,
        "attempts": total.clips,
        "charged_usd": total.charged_usd,
        "reserved_usd": total.reserved_usd,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "status": run.status.value,
        "spent_usd": run.spent_usd,
        "reserved_usd": run.reserved_usd,
        "planned_usd": run.planned_usd,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }
