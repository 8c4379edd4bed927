"""``reelmill status``: in one screen, how everything stands, what it costs, and what a person does next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from reelmill.jobs.films import FilmWork, waiting_films
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
    keeps = _LISTED_FOR_MACHINES if json else _LISTED_WHEN_ASKED if only or state else _LISTED
    found = _find(output, keeps=keeps, only=skus_of(only), states=state)
    if json:
        print_json(found.to_dict())
    else:
        _print(out(), found, output)
    return ExitCode.ATTENTION if found.attention.waiting or found.differences or found.dead_letters else ExitCode.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """How an output stands. ``others`` are the outputs that the ledger knows besides ``root``."""

    root: str
    others: Sequence[str]
    clips: int
    totals: Mapping[State, StateTotal]
    drafts: StateTotal
    attention: Attention
    films: FilmWork
    runs: Sequence[Run]
    differences: Sequence[str]
    dead_letters: int

    def to_dict(self) -> dict[str, Any]:
        """All of it but the other outputs, as plain values."""
        return {
            "output": self.root,
            "clips": self.clips,
            "states": {state.value: _total(total) for state, total in sorted(self.totals.items())},
            "drafts": _total(self.drafts),
            **as_dict(self.attention),
            "films": self.films.to_dict(),
            "runs": [_run(run) for run in self.runs],
            "audit": self.differences,
            "dead_letters": self.dead_letters,
        }


def _find(output: str, *, keeps: int, only: tuple[str, ...], states: tuple[State, ...]) -> _Standing:
    settings = settings_with()
    with Ledger.open_existing(settings.ledger_url) as ledger:
        root = known_output(output, settings, ledger)
        catalog = settings.catalog or root
        return _Standing(
            root=root,
            others=[other for other in ledger.outputs() if other != root],
            clips=ledger.count_clips(output=root),
            totals=ledger.totals(output=root),
            drafts=ledger.draft_total(output=root),
            attention=find_attention(
                ledger, root, catalog=catalog, rehearsal=settings.rehearsal, keeps=keeps, only=only, states=states
            ),
            films=waiting_films(ledger, root, settings),
            runs=ledger.runs(output=root, limit=_RUNS),
            differences=ledger.audit(),
            dead_letters=ledger.count_deliveries().get(DeliveryStatus.DEAD, 0),
        )


def _print(console: Console, found: _Standing, output: str) -> None:
    _print_totals(console, found)
    if not found.runs and found.others:
        print_text(console, f"No run was for this output yet. This ledger knows: {', '.join(found.others[:_RUNS])}.")
    print_attention(console, found.attention, f" --output {shlex.quote(found.root)}" if output else "")
    recent = [(run.run_id, run.status.value, money(run.spent_usd), money(run.planned_usd)) for run in found.runs]
    print_rows(console, "Latest runs", ("Run", "Status", "Spent", "Planned"), recent)
    for sentence in stitching_sentences(found.films):
        print_text(console, f"film {sentence}")
    for difference in found.differences:
        print_text(console, f"ledger: {difference}")
    if found.dead_letters:
        print_text(
            console,
            f"{count(found.dead_letters, 'dead letter')}: ends that the receiver was not told of, and will not be by "
            "itself. reelmill webhooks list says why, reelmill webhooks redrive has them sent again.",
        )


def _print_totals(console: Console, found: _Standing) -> None:
    totals, attention, drafts = found.totals, found.attention, found.drafts
    attempts = sum(total.clips for total in totals.values())
    paid = sum((total.charged_usd for total in totals.values()), Decimal(0))
    reserved = sum((total.reserved_usd for total in totals.values()), Decimal(0))
    console.print(f"[bold]Output[/] {shown(found.root)}")
    console.print(
        f"[bold]Clips[/]  {count(found.clips, 'clip')} in {count(attempts, 'attempt')}: "
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
