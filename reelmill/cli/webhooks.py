"""``reelmill webhooks``: what is still to be told, what was given up, and whether the receiver hears us."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.options import Json, settings_with
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.delivering import Sender
from reelmill.jobs.messages import render
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Delivery, DeliveryStatus
from reelmill.production.owner import current_owner
from reelmill.webhooks.posting import post, trust
from reelmill.webhooks.receiver import Receiver

__all__ = ["redrive", "send", "show", "try_out"]

_WAITING = (DeliveryStatus.DEAD, DeliveryStatus.PENDING)


def show(
    *,
    limit: Annotated[int, Parameter(help="Show at most so many.", validator=validators.Number(gte=1))] = 100,
    json: Json = False,
) -> int:
    """List dead letters and what waits, with the reason of the last try that failed."""
    with Ledger.open_existing(settings_with().ledger_url) as ledger:
        counts = ledger.count_deliveries()
        waiting = ledger.deliveries(statuses=_WAITING, limit=limit)
    if json:
        print_json({"counts": _counts(counts), "deliveries": [_as_dict(one) for one in waiting]})
    else:
        _print(out(), counts, waiting)
    return ExitCode.ATTENTION if counts.get(DeliveryStatus.DEAD) else ExitCode.OK


def send(*, json: Json = False) -> int:
    """Send what is due now. Ends when nothing is due, or when the receiver takes nothing."""
    settings = settings_with()
    with Ledger.open(settings.ledger_url) as ledger:
        sender = Sender.open(ledger, settings, current_owner())
        sent = sender.send_due()
        counts = ledger.count_deliveries()
    failed = sent[DeliveryStatus.PENDING] + sent[DeliveryStatus.DEAD]
    if json:
        print_json({"sent": _counts(sent), "counts": _counts(counts)})
    else:
        print_text(
            out(),
            f"{sent[DeliveryStatus.DELIVERED]} delivered to {sender.receiver.origin}, "
            f"{sent[DeliveryStatus.PENDING]} put off, {sent[DeliveryStatus.DEAD]} given up; "
            f"{counts.get(DeliveryStatus.PENDING, 0)} waiting, {counts.get(DeliveryStatus.DEAD, 0)} dead.",
        )
    return ExitCode.ATTENTION if failed else ExitCode.OK


def redrive(
    *ids: Annotated[str, Parameter(help="Ids of dead letters, as list shows them. None: all of them.")],
    json: Json = False,
) -> int:
    """Let dead letters be sent again, under their old ids and with all their tries. Sends nothing itself."""
    with Ledger.open(settings_with().ledger_url) as ledger:
        if ids:
            dead = {one.delivery_id for one in ledger.deliveries(statuses=[DeliveryStatus.DEAD])}
            unknown = [one for one in ids if one not in dead]
            if unknown:
                raise FixConfiguration(
                    f"No dead letter is called {', '.join(unknown)}.", "Copy the ids from reelmill webhooks list."
                )
        redriven = ledger.redrive_deliveries(ids or None)
    if json:
        print_json({"redriven": redriven})
    else:
        said = f"{count(redriven, 'dead letter')} due again."
        print_text(out(), f"{said} reelmill webhooks send, or the next run, sends them." if redriven else said)
    return ExitCode.OK


def try_out(*, json: Json = False) -> int:
    """Send one signed message of type ``test``, and say what came back. It is not repeated and not kept."""
    receiver = Receiver.from_settings(settings_with())
    now = datetime.now(UTC)
    message_id = f"msg_test_{secrets.token_hex(12)}"
    body = render("test", now, {"from": "reelmill", "said": "If you can read this and verify it, all is well."})
    answer = post(receiver, message_id, body, tls=trust(receiver))
    if json:
        told = {"id": message_id, "to": receiver.origin, "status": answer.status, "said": answer.said}
        print_json({**told, "delivered": answer.delivered})
    else:
        print_text(out(), f"{message_id} to {receiver.origin}: {answer.said}")
    return ExitCode.OK if answer.delivered else ExitCode.ERROR


def _counts(counts: dict[DeliveryStatus, int]) -> dict[str, int]:
    return {status.value: counts.get(status, 0) for status in DeliveryStatus}


def _as_dict(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.delivery_id,
        "type": one.event,
        "run_id": one.run_id,
        "status": one.status.value,
        "tries": one.tries,
        "created_at": one.created_at.isoformat(),
        "next_at": one.next_at.isoformat() if one.status is DeliveryStatus.PENDING else None,
        "error": one.error,
    }


def _print(console: Console, counts: dict[DeliveryStatus, int], waiting: list[Delivery]) -> None:
    for one in waiting:
        dead = one.status is DeliveryStatus.DEAD
        when = "given up" if dead else f"next try {one.next_at:%Y-%m-%d %H:%M:%S} UTC"
        why = f": {one.error}" if one.error else ""
        print_text(
            console, f"{one.delivery_id} {one.event} of {one.run_id}, {count(one.tries, 'try', 'tries')}, {when}{why}"
        )
    told = _counts(counts)
    print_text(console, f"{told['delivered']} delivered, {told['pending']} waiting, {told['dead']} dead.")
    if told["dead"]:
        print_text(console, "When the receiver is mended, run reelmill webhooks redrive.")
