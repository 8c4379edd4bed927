"""``reelmill prune``: paid videos of no use leave after their set age, by plan; without --yes only the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import count, money, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.outputs import known_output
from reelmill.jobs.pruning import Pruned, finish_begun, keep_of
from reelmill.jobs.pruning import prune as prune_output
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import RemovalKind
from reelmill.storage.open import open_storage

__all__ = ["prune"]

_LISTED = 40
_LISTED_FOR_MACHINES = 10_000
_Days = validators.Number(gte=0, lte=36_500)


def prune(
    *,
    output: Output = "",
    keep_orphans_days: Annotated[
        int | None, Parameter(help="Days to keep a video after a later fit one took its place.", validator=_Days)
    ] = None,
    keep_unfit_days: Annotated[
        int | None, Parameter(help="Days to keep an unfit video after a later one was delivered.", validator=_Days)
    ] = None,
    keep_rejected_days: Annotated[
        int | None, Parameter(help="Days to keep a video after a person rejected it.", validator=_Days)
    ] = None,
    keep_drafts_days: Annotated[
        int | None, Parameter(help="Days to keep a draft that nobody picked.", validator=_Days)
    ] = None,
    yes: Annotated[
        bool, Parameter(name=("--yes", "-y"), help="Delete what is shown. Without it nothing is deleted.", negative=())
    ] = False,
    json: Json = False,
) -> int:
    """Show which paid videos are of no use and old enough to leave; with --yes, delete them. Charges stay."""
    settings = settings_with(
        keep_orphans_days=keep_orphans_days,
        keep_unfit_days=keep_unfit_days,
        keep_rejected_days=keep_rejected_days,
        keep_drafts_days=keep_drafts_days,
    )
    with Ledger.open_existing(settings.ledger_url) as ledger:
        storage = open_storage(known_output(output, settings, ledger), settings)
        totals = _Totals(_LISTED_FOR_MACHINES if json else _LISTED)
        totals.begun = sum(1 for _ in ledger.unended_removals(output=storage.root))
        for one in prune_output(ledger, storage, keep_of(settings), begin=yes):
            totals.add(one)
        tables = finish_begun(ledger, storage, gallery=settings.gallery) if yes else []
        now = ledger.now()
    keep = keep_of(settings)
    if json:
        print_json(
            {"output": storage.root, "deleted": yes, "keep_days": _days(keep), **totals.to_dict(now), "tables": tables}
        )
    else:
        _print(out(), totals, storage.root, keep, now, deleted=yes)
    return ExitCode.ATTENTION if totals.kept else ExitCode.OK


@dataclass(slots=True)
class _Totals:
    """What leaves, added up, and the first of it."""

    listed: int
    counts: Counter[RemovalKind] = field(default_factory=Counter)
    begun: int = 0  # by an earlier prune that was broken off
    bytes: int = 0
    paid_usd: Decimal = Decimal(0)
    first: list[Pruned] = field(default_factory=list)
    kept: list[Pruned] = field(default_factory=list)

    def add(self, one: Pruned) -> None:
        if one.kept:
            self.kept.append(one)
            return
        self.counts[one.leaving.kind] += 1
        self.bytes += one.bytes
        self.paid_usd += one.leaving.intent.charged_usd
        if len(self.first) < self.listed:
            self.first.append(one)

    def to_dict(self, now: datetime) -> dict[str, Any]:
        return {
            "attempts": self.counts.total(),
            "kinds": {kind.value: self.counts[kind] for kind in RemovalKind},
            "begun_before": self.begun,
            "bytes": self.bytes,
            "paid_usd": self.paid_usd,
            "leaving": [_listed(one, now) for one in self.first],
            "kept": [_listed(one, now) | {"why": one.kept} for one in self.kept],
        }


def _days(keep: Mapping[RemovalKind, int | None]) -> dict[str, int | None]:
    return {kind.value: days for kind, days in keep.items()}


def _listed(one: Pruned, now: datetime) -> dict[str, Any]:
    clip, intent = one.leaving.clip, one.leaving.intent
    return {
        "kind": one.leaving.kind.value,
        "clip_id": clip.clip_id,
        "intent_id": intent.intent_id,
        "run_id": intent.run_id,
        "sku": clip.sku,
        "aspect_ratio": clip.request.aspect_ratio.value,
        "attempt": intent.attempt,
        "since": one.leaving.since,
        "age_days": _age(one, now),
        "paid_usd": intent.charged_usd,
        "bytes": one.bytes,
        "objects": [stored.uri for stored in one.objects],
    }


def _age(one: Pruned, now: datetime) -> int:
    return max(0, (now - one.leaving.since).days)


def _print(
    console: Console,
    totals: _Totals,
    root: str,
    keep: Mapping[RemovalKind, int | None],
    now: datetime,
    *,
    deleted: bool,
) -> None:
    print_text(console, f"Output {root}")
    for kind, days in keep.items():
        kept = "for ever" if days is None else count(days, "day")
        print_text(console, f"{kind.value}: kept {kept}, {totals.counts[kind]} {'left' if deleted else 'would leave'}")
    for one in totals.first:
        clip, intent = one.leaving.clip, one.leaving.intent
        head = f"{one.leaving.kind.value}  {clip.sku}  {clip.request.aspect_ratio.value}  attempt {intent.attempt}"
        what = f"{count(_age(one, now), 'day')} of no use, {money(intent.charged_usd)} paid, {_size(one.bytes)}"
        print_text(console, f"{head}: {what} {' '.join(stored.uri for stored in one.objects)}".rstrip(), indent=2)
    if more := totals.counts.total() - len(totals.first):
        console.print(f"  … and {more:,} more; --json lists them.")
    for one in totals.kept:
        print_text(console, f"stays: {one.leaving.intent.output_prefix}: {one.kept}.", indent=2)
    if totals.begun:
        done = "was finished" if deleted else "is finished by --yes"
        print_text(console, f"What an earlier prune had begun ({count(totals.begun, 'attempt')}) {done}.")
    attempts = count(totals.counts.total(), "attempt")
    done = "Deleted" if deleted else "Nothing was deleted; --yes would delete"
    print_text(
        console, f"{done} {_size(totals.bytes)} of {attempts} ({money(totals.paid_usd)} paid; the charges stay)."
    )


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
