"""Reconciling: the ledger against Google's bill, run by run and SKU by SKU. Reads only, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum

from reelmill.clip import Clip
from reelmill.jobs.bill_spool import BillSpool, Group, Side
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from reelmill.ledger.types import show_usd
from reelmill.ledger.verdicts import PaidVerdict
from reelmill.money import MICRO_USD
from reelmill.report.billing import BillingLine
from reelmill.veo.labels import clean_labels

__all__ = ["Difference", "Kind", "Period", "Reconciled", "reconcile"]

_USD = "USD"
_DIGITS = 80
_STATES = [state for state in State if state.delivered or state.may_be_paid]
_LAG = timedelta(days=2)
_EDGE = timedelta(hours=1)
Sums = dict[tuple[str, ...], Decimal]


class Kind(StrEnum):
    """How the two sides differ."""

    NOT_IN_LEDGER = "not_in_ledger"
    NOT_BILLED = "not_billed"
    AMOUNT = "amount"
    CURRENCY = "currency"
    UNLABELLED = "unlabelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference. ``sku`` is the label on the bill, or None for a whole run; ``skus`` the ledger's names for it.

    ``billed`` is in ``currency``, ``charged_usd`` is the ledger's. ``note`` says what may lie behind it.
    """

    kind: Kind
    run: str
    sku: str | None
    skus: tuple[str, ...]
    billed: Decimal
    currency: str
    charged_usd: Decimal
    note: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole UTC days, both included; None is open. A charge belongs to the day on which its request was sent."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, moment: datetime) -> bool:
        day = moment.astimezone(UTC).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def ends_near(self, *moments: datetime | None) -> bool:
        """Whether one of the moments could as well have been counted to the day outside."""
        inside = [moment for moment in moments if moment is not None]
        return any(moment + step not in self for moment in inside for step in (_EDGE, -_EDGE))


@dataclass(slots=True)
class Reconciled:
    """Both sides and what differs. Amounts of the bill are before credits, in USD where the name says so.

    ``apart`` is what is on the bill but no price of usage: credits (negative), tax, adjustments, rounding, by kind
    and currency; ``unlabelled`` is Veo without a run label, by project, Google's SKU and currency. ``rehearsed``
    clips were never Google's to bill; ``whole_runs`` could be compared only as a whole.
    """

    billed_usd: Decimal = Decimal(0)
    charged_usd: Decimal = Decimal(0)
    lines: int = 0
    charges: int = 0
    apart: Sums = field(default_factory=dict)
    unlabelled: Sums = field(default_factory=dict)
    other_projects: int = 0
    rehearsed: int = 0
    whole_runs: int = 0
    billed_from: datetime | None = None
    billed_to: datetime | None = None
    differences: list[Difference] = field(default_factory=list)


def reconcile(
    ledger: Ledger,
    lines: Iterable[BillingLine],
    *,
    period: Period = Period(),
    project: str = "",
    rehearsal: bool = False,
) -> Reconciled:
    """Compare everything that the ledger charged with the Veo lines of the bill, each side within ``period``.

    ``project`` leaves out what carries no run label in other projects; rehearsed clips are left out unless
    ``rehearsal``.
    """
    found = Reconciled()
    with BillSpool() as spool, localcontext(prec=_DIGITS):
        for line in lines:
            if line.is_veo and line.start in period:
                _take_line(spool, line, project, found)
        for clip, intent in ledger.intents(states=_STATES):
            if _sent_at(intent) in period:
                _take_intent(spool, clip, intent, found, rehearsal=rehearsal)
        for clip, _, verdict in ledger.judged():
            if verdict.asked_at in period and (rehearsal or not clip.rehearsed):
                _take_fraction(spool, clip, verdict)
        for group in spool.groups():
            found.whole_runs += group.sku is None and group.lines > 0
            found.differences += _compare(group, period, found)
    found.differences += _unlabelled(found)
    return found


def _take_line(spool: BillSpool, line: BillingLine, project: str, found: Reconciled) -> None:
    run = line.labels.get("run", "")
    if project and line.project != project and not run:
        found.other_projects += 1
        return
    if line.credits:
        _add(found.apart, ("credits", line.currency), line.credits)
    if not line.is_usage:
        _add(found.apart, (line.cost_type, line.currency), line.cost)
        return
    found.lines += 1
    found.billed_usd += line.cost if line.currency == _USD else 0
    found.billed_from = line.start if found.billed_from is None else min(found.billed_from, line.start)
    found.billed_to = line.end if found.billed_to is None else max(found.billed_to, line.end)
    if not run:
        _add(found.unlabelled, (line.project, line.sku, line.currency), line.cost)
        return
    spool.add(
        Side.BILL,
        run=run,
        sku=line.labels.get("sku"),
        name="",
        amount=line.cost,
        currency=line.currency,
        moment=line.start,
    )


def _take_intent(spool: BillSpool, clip: Clip, intent: Intent, found: Reconciled, *, rehearsal: bool) -> None:
    if not rehearsal and clip.rehearsed:
        found.rehearsed += 1
        return
    paid = intent.state.delivered
    found.charges += paid
    found.charged_usd += intent.charged_usd
    labels = clean_labels({"run": intent.run_id, "sku": clip.sku})  # the very words that the request carried
    sides = [(Side.LEDGER, intent.charged_usd)] if paid or intent.charged_usd else []
    if not paid:
        sides.append((Side.OPEN, intent.reserved_usd))
    for side, amount in sides:
        spool.add(
            side,
            run=labels.get("run", ""),
            sku=labels.get("sku"),
            name=clip.sku,
            amount=amount,
            currency=_USD,
            moment=_sent_at(intent),
        )


def _take_fraction(spool: BillSpool, clip: Clip, verdict: PaidVerdict) -> None:
    """Verdicts are booked rounded up to the millionth: the bill is compared with what they cost exactly."""
    labels = clean_labels({"run": verdict.run_id, "sku": clip.sku})
    spool.add(
        Side.LEDGER,
        run=labels.get("run", ""),
        sku=labels.get("sku"),
        name=clip.sku,
        amount=verdict.exact_usd - verdict.charged_usd,
        currency=_USD,
        moment=verdict.asked_at,
    )


def _sent_at(intent: Intent) -> datetime:
    return intent.submitted_at or intent.sending_at or intent.created_at


def _compare(group: Group, period: Period, found: Reconciled) -> Iterator[Difference]:
    foreign = {currency: amount for currency, amount in group.billed.items() if currency != _USD}
    for currency, amount in sorted(foreign.items()):
        note = "Amounts in another currency than the ledger's are not compared."
        yield _difference(Kind.CURRENCY, group, amount, note, currency)
    billed = group.billed.get(_USD, Decimal(0))
    if foreign or billed.quantize(MICRO_USD) == group.charged.quantize(MICRO_USD):
        return
    kind = Kind.AMOUNT
    if not group.charges or not group.lines:
        kind = Kind.NOT_BILLED if group.charges else Kind.NOT_IN_LEDGER
    notes = [_unsettled(group)] if billed > group.charged else []
    if kind is Kind.NOT_BILLED:
        notes.append(_lag(group, found))
    if period.ends_near(group.first, group.last):
        notes.append("It lies at the edge of the period: widen it.")
    yield _difference(kind, group, billed, " ".join(filter(None, notes)))


def _difference(kind: Kind, group: Group, billed: Decimal, note: str, currency: str = _USD) -> Difference:
    return Difference(
        kind=kind,
        run=group.run,
        sku=group.sku,
        skus=tuple(group.skus),
        billed=billed,
        currency=currency,
        charged_usd=group.charged,
        note=note,
    )


def _unsettled(group: Group) -> str:
    if not group.open:
        return ""
    return f"{group.open} clips of it are unsettled and hold {show_usd(group.reserved)} USD: run reelmill settle."


def _lag(group: Group, found: Reconciled) -> str:
    if found.billed_to is None or (group.last is not None and group.last > found.billed_to - _LAG):
        return "Exports lag by a day or more: it may still come."
    if group.first is not None and found.billed_from is not None and group.first < found.billed_from:
        return "It is older than the first line of the export: limit the period with --from."
    return ""


def _unlabelled(found: Reconciled) -> Iterator[Difference]:
    """Veo on the bill that names no run: another caller's, or Google dropped the label."""
    for (project, sku, currency), amount in sorted(found.unlabelled.items()):
        if amount:
            yield Difference(
                kind=Kind.UNLABELLED,
                run="",
                sku=None,
                skus=(),
                billed=amount,
                currency=currency,
                charged_usd=Decimal(0),
                note=f"{sku} in project {project or 'without a name'} carries no run label.",
            )


def _add(sums: Sums, key: tuple[str, ...], amount: Decimal) -> None:
    sums[key] = sums.get(key, Decimal(0)) + amount
